#include <csignal>

#include "base/error/exit_code.h"
#include "pg/cutover/inventory.h"

namespace crossfade::test {
namespace {

class CompleteTest : public GymWrites {
 protected:
  void cut_over() {
    expect_done(flip("cutover"));
    expect_v1_follows(move);
  }
  std::string left_of_crossfade() {
    return move.sql().value("select concat_ws(' ', (select count(*) from pg_replication_slots where database = current_database()), "
                            "(select count(*) from pg_publication), (select count(*) from pg_trigger where tgname = 'crossfade_fence'), "
                            "(select count(*) from pg_namespace where nspname like 'gym%'))");
  }
};

TEST_F(CompleteTest, EndsTheWayBackAndKeepsTheOldTables) {
  cut_over();
  move.stop_daemon();
  expect_done({"complete", "--confirm", "gym"});
  EXPECT_EQ(left_of_crossfade(), "0 0 0 0");
  EXPECT_EQ(move.sql().value("select count(*) from plans_v1"), "100");
  EXPECT_EQ(move.sql().value("select crossfade.route('gym', 1)"), "v2") << "applications go on asking";
  expect_done({"complete", "--confirm", "gym"});
  expect_done({"doctor"});
}

TEST_F(CompleteTest, NothingElseIsTakenAfterwards) {
  cut_over();
  expect_done({"complete", "--confirm", "gym"});
  for (const std::vector<std::string>& command : {std::vector<std::string>{"cutover", "reads"}, {"rollback", "reads"}, {"cutover", "writes", "--confirm", "gym"},
                                                  {"rollback", "writes", "--confirm", "gym"}, {"rollback", "writes", "--dry-run"}, {"amend", "--dry-run"}, {"cancel", "--confirm", "gym"}}) {
    const auto [exit, text] = move.call(command);
    EXPECT_EQ(exit, static_cast<int>(ExitCode::kPrecondition)) << command[0] << " " << command[1] << ": " << text;
    EXPECT_NE(text.find("migration gym is completed"), std::string::npos) << command[0] << " " << command[1] << ": " << text;
    EXPECT_EQ(text.find("rollback writes`"), std::string::npos) << "there is no way back: " << text;
  }
  EXPECT_EQ(move.sql().value("select count(*) > 0 from plans"), "t");
}

TEST_F(CompleteTest, ADaemonThatWorksIsToldAndEndsByItself) {
  cut_over();
  const auto [exit, text] = move.call({"complete", "--drop-v1", "--confirm", "gym"});
  EXPECT_EQ(exit, 0) << text;
  EXPECT_NE(text.find("was told, and ends by itself"), std::string::npos) << text;
  EXPECT_EQ(move.daemon().exit_within(kLimit), 0) << move.daemon_log();
  EXPECT_NE(move.daemon_log().find("the migration is complete"), std::string::npos) << move.daemon_log();
  EXPECT_EQ(left_of_crossfade(), "0 0 0 0") << "what an engine makes anew when it finds it gone is not made again";
  expect_done({"doctor"});
  move.sql().exec("insert into plans values (600, 'still')");
}

TEST_F(CompleteTest, ADaemonThatStandsStillDuringItCanWriteNothingAfterwards) {
  cut_over();
  move.daemon().signal(SIGSTOP);
  expect_done({"complete", "--confirm", "gym"});
  move.sql().exec("update plans set owner = 'after'; update plans_v1 set owner = 'before'");
  move.daemon().signal(SIGCONT);
  EXPECT_EQ(move.daemon().exit_within(kLimit), 0) << move.daemon_log();
  EXPECT_EQ(move.sql().value("select string_agg(distinct owner, ' ') from plans_v1"), "before");
  EXPECT_EQ(left_of_crossfade(), "0 0 0 0");
}

TEST_F(CompleteTest, TheReplicaIdentityThatV2AskedForStays) {
  const auto identities = [&](const std::string& schema) {
    return move.sql().value("select string_agg(relname || ' ' || relreplident::text, ', ' order by relname) from pg_class where relnamespace = '" + schema +
                            "'::regnamespace and relname in ('plans', 'weeks', 'exercises')");
  };
  move.sql().exec("alter table gym_v2.weeks replica identity full; alter table gym_v2.exercises replica identity full; alter table gym_v2.plans replica identity using index plans_pkey;"
                  "create schema gym_app; create view gym_app.plans as select * from gym_v2.plans; update crossfade.migration set stable_schema = 'gym_app'");
  const auto asked_for = identities("gym_v2");
  cut_over();
  move.sql().exec("create publication elsewhere for table exercises");
  const auto [exit, text] = move.call({"complete", "--confirm", "gym"});
  EXPECT_EQ(exit, 0) << text;
  EXPECT_EQ(identities("public"), asked_for) << "an archive may read it later";
  EXPECT_NE(text.find("if they were for the way back alone: alter table public.weeks replica identity default"), std::string::npos) << text;
  EXPECT_EQ(text.find("alter table public.exercises replica identity default"), std::string::npos) << "somebody reads whole rows of it: " << text;
  EXPECT_NE(text.find("schema gym_app stays, with its views over v2: plans"), std::string::npos) << text;
}

TEST_F(CompleteTest, DropsTheOldTablesWhereThatIsSaid) {
  cut_over();
  move.stop_daemon();
  expect_done({"complete", "--drop-v1", "--confirm", "gym"});
  EXPECT_EQ(left_of_crossfade(), "0 0 0 0");
  EXPECT_EQ(move.sql().value("select to_regclass('plans_v1') is null and to_regclass('exercises_v1') is null"), "t");
  EXPECT_EQ(move.sql().value("select detail ->> 'dropped' from crossfade.audit where action = 'complete'"), R"(["public.exercises_v1", "public.plans_v1"])");
  const auto [exit, text] = move.call({"complete", "--drop-v1", "--confirm", "gym"});
  EXPECT_EQ(exit, 0) << text;
  EXPECT_NE(text.find("it was completed already\n"), std::string::npos) << text;
}

TEST_F(CompleteTest, OldTablesThatStayedAreDroppedOnceThatIsSaid) {
  cut_over();
  move.stop_daemon();
  expect_done({"complete", "--confirm", "gym"});
  move.sql().exec("drop table exercises_v1");
  expect_done({"complete", "--drop-v1", "--confirm", "gym"});
  EXPECT_EQ(move.sql().value("select to_regclass('plans_v1') is null"), "t");
}

TEST_F(CompleteTest, ATableThatSomethingDependsOnKeepsEverythingAsItIs) {
  cut_over();
  move.stop_daemon();
  move.sql().exec("create view reports as select * from plans_v1");
  const auto [exit, text] = move.call({"complete", "--drop-v1", "--confirm", "gym"});
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kPrecondition));
  EXPECT_NE(text.find("view public.reports depends on table public.plans_v1"), std::string::npos) << text;
  EXPECT_EQ(text.find("lock_timeout"), std::string::npos) << "the statement is crossfade's own: " << text;
  EXPECT_NE(text.find("complete without --drop-v1"), std::string::npos) << text;
  EXPECT_EQ(move.sql().value("select phase from crossfade.migration"), "following");
  EXPECT_EQ(left_of_crossfade(), "1 2 2 3");
}

TEST_F(CompleteTest, WhatALiveTableUsesIsNotDroppedWithTheSchemaItStandsIn) {
  move.sql().exec("create function gym_map.untitled() returns text language sql as $$ select 'untitled' $$;"
                  "create type gym_v2.mood as enum ('good', 'bad'); create type gym_map.hint as (text text);"
                  "alter table gym_v2.exercises alter title set default gym_map.untitled(); alter table gym_v2.plans add mood gym_v2.mood");
  cut_over();
  move.stop_daemon();
  const auto [exit, text] = move.call({"complete", "--confirm", "gym"});
  EXPECT_EQ(exit, 0) << text;
  EXPECT_NE(text.find("schema gym_map stays: default value for column title of table public.exercises uses what is in it"), std::string::npos) << text;
  move.sql().exec("insert into plans values (600, 'still', 'good'); insert into exercises (id, plan_id, owner) values (6000, 600, 'still')");
  EXPECT_EQ(move.sql().value("select title from exercises where id = 6000"), "untitled");
  EXPECT_EQ(move.sql().value("select atttypid::regtype from pg_attribute where attrelid = 'plans'::regclass and attname = 'mood'"), "mood");
}

TEST_F(CompleteTest, IsRefusedWhileV1OwnsTheData) {
  EXPECT_EQ(move.call({"complete", "--confirm", "gym"}).first, static_cast<int>(ExitCode::kNotReady));
  EXPECT_EQ(move.call({"complete", "--no-input"}).first, static_cast<int>(ExitCode::kUsage)) << "wants to be confirmed";
}

TEST_F(CompleteTest, CancelIsRefusedOnceV2OwnsTheData) {
  cut_over();
  const auto [exit, text] = move.call({"cancel", "--confirm", "gym"});
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kPrecondition));
  EXPECT_NE(text.find("crossfade rollback writes"), std::string::npos) << "stopping the daemon leads nowhere: " << text;
  move.stop_daemon();
  EXPECT_EQ(move.call({"cancel", "--confirm", "gym"}).first, static_cast<int>(ExitCode::kPrecondition));
  EXPECT_EQ(direction(), "reverse");
}

TEST_F(InventoryTest, WhatKeepsToTheOldTablesIsNamed) {
  say("view: keep, foreign key: keep, trigger: keep, publication: keep");
  auto& sql = move.sql();
  sql.exec("create view reports as select duration from plans; create table notes (plan_id int constraint notes_plan references plans); create function nothing() returns trigger language plpgsql as 'begin return null; end';"
           "create constraint trigger of_plans after insert on notes from plans for each row execute function nothing(); create publication elsewhere for table plans");
  const auto plan = move.call({"plan"}).second;
  EXPECT_NE(plan.find("trigger of_plans on public.notes: refers to it: public.plans"), std::string::npos) << plan;
  expect_done(flip("cutover"));
  move.stop_daemon();
  sql.exec("alter table notes drop constraint notes_plan; drop view reports");
  const auto [exit, text] = move.call({"complete", "--drop-v1", "--confirm", "gym"});
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kPrecondition)) << text;
  EXPECT_NE(text.find("trigger of_plans on public.notes (refers to it: public.plans_v1) would go with it"), std::string::npos) << text;
  EXPECT_NE(text.find("drop trigger of_plans on public.notes"), std::string::npos) << text;
  sql.exec("create view reports as select duration from plans_v1; alter table notes add constraint notes_plan foreign key (plan_id) references plans_v1");
  const auto [done, said] = move.call({"complete", "--confirm", "gym"});
  EXPECT_EQ(done, 0) << said;
  for (const auto* each : {"view public.reports (reads it: public.plans_v1) keeps to the old table, which nothing changes any more", "foreign key notes_plan of public.notes (refers to public.plans_v1 (id)) keeps to the old table",
                           "trigger of_plans on public.notes (refers to it: public.plans_v1) keeps to the old table", "publication elsewhere (publishes it: public.plans_v1) keeps to the old table"}) {
    EXPECT_NE(said.find(each), std::string::npos) << each << " in " << said;
  }
  EXPECT_EQ(said.find("view gym_unmap"), std::string::npos) << said;
}

}  // namespace
}  // namespace crossfade::test
