#include <fmt/format.h>

#include <fstream>

#include "amend_fixture.h"
#include "support/flip.h"

namespace crossfade::test {
namespace {

/// An amend and a move at the same time: one waits for the other or is refused by name, and what stands afterwards is of one of them.
class AmendBesideFlipTest : public AmendTest {
 protected:
  AmendBesideFlipTest() { edit("migration.yaml", "reverse: gym_unmap}", "reverse: gym_unmap, stable: gym_read}"); }
  void prove() {
    follow();
    for (const auto* command : {"verify", "account"}) EXPECT_EQ(move->call({command}).first, 0);
  }
  /// One that has begun, and does not get its lock while `holder` has it.
  std::unique_ptr<Program> amend_that_waits(Sql& holder) {
    holder.exec("begin; lock table exercises in access share mode");
    auto program = move->start({"amend", "--ddl", ddl("alter table exercises add column note text").string(), "--lock-timeout", "400ms"});
    EXPECT_TRUE(waits("crossfade amend"));
    return program;
  }
  bool waits(const std::string& session) {
    return eventually([&] { return value(fmt::format("select count(*) from pg_stat_activity where application_name = '{}' and wait_event_type = 'Lock'", session)) == "1"; }, kLimit);
  }
  std::string shown() { return value("select string_agg(distinct d.refobjid::regclass::text, ' ') from pg_rewrite r join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid "
                                     "and d.refclassid = 'pg_class'::regclass where r.ev_class = 'gym_read.plans'::regclass and d.refobjid <> r.ev_class"); }
};

TEST_F(AmendBesideFlipTest, ReadsThatMoveMeanwhileStayWhereTheyWent) {
  prove();
  Sql holder(move->conninfo());
  for (const auto& [words, shows] : {std::pair{std::vector<std::string>{"cutover", "reads", "--percent", "100"}, "gym_v2.plans"}, {{"rollback", "reads"}, "gym_map.plans"}}) {
    const auto waiting = amend_that_waits(holder);
    const auto [exit, text] = move->call(words);
    EXPECT_EQ(exit, 0) << text;
    holder.exec("rollback");
    EXPECT_EQ(waiting->exit_within(kLimit), 0) << waiting->output();
    EXPECT_EQ(shown(), shows) << waiting->output();
    move->sql().exec("alter table exercises drop column note");
    expect_made_good();
    EXPECT_EQ(move->call({"verify"}).first, 0);
  }
}

TEST_F(AmendBesideFlipTest, AMoveByWhatWasAmendedMeanwhileIsRefused) {
  prove();
  Sql holder(move->conninfo());
  holder.exec("begin; select from crossfade.reads for update");
  const auto flip = move->start({"cutover", "reads", "--percent", "100"});
  EXPECT_TRUE(waits("crossfade reads"));
  move->sql().exec("select crossfade.enter_edition('gym', 'amended', 'somebody', '{}', null)");
  holder.exec("rollback");
  EXPECT_EQ(flip->exit_within(kLimit), static_cast<int>(ExitCode::kNotReady)) << flip->output();
  EXPECT_TRUE(names(flip->output(), "the reads were not flipped, nothing has changed: migration gym was amended meanwhile") && names(flip->output(), "repeat the command")) << flip->output();
  EXPECT_EQ(shown(), "gym_map.plans");
}

TEST_F(AmendBesideFlipTest, WritesAreNotMovedWhileAnAmendGoesOn) {
  prove();
  Sql holder(move->conninfo());
  const auto waiting = amend_that_waits(holder);
  const auto [exit, text] = move->call({"cutover", "writes", "--confirm", "gym"});
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kNotReady)) << text;
  EXPECT_TRUE(names(text, "another flip or an amend of migration gym is going on: crossfade amend, pid ")) << text;
  const auto second = amend({"--ddl", ddl("alter table plans add column note text").string()}, ExitCode::kNotLeader);
  EXPECT_TRUE(names(second, "migration gym is being prepared, amended or cancelled in this database: pid ")) << second;
  holder.exec("rollback");
  EXPECT_EQ(waiting->exit_within(kLimit), 0) << waiting->output();
  EXPECT_EQ(value("select direction from crossfade.migration"), "forward");
  expect_made_good();
}

TEST_F(AmendBesideFlipTest, NothingIsAmendedWhileTheWritesMove) {
  prove();
  const auto gate = move->server().directory() / "amend_gate";
  for (const auto& words : {std::vector<std::string>{"cutover", "writes"}, {"rollback", "writes"}}) {
    std::ofstream(gate).put('1');
    auto flip_words = words;
    flip_words.insert(flip_words.end(), {"--confirm", "gym", "--hold-limit", "60s", "--evidence", (move->server().directory() / "evidence").string()});
    const auto flip = move->start(flip_words, {{"CROSSFADE_FAILPOINT", "hold:" + gate.string()}});
    EXPECT_TRUE(eventually([&] { return names(flip->output(), "failpoint"); }, kLimit)) << flip->output();
    const auto told = amend({"--ddl", ddl("alter table exercises add column note text").string()}, ExitCode::kPrecondition);
    EXPECT_TRUE(names(told, "a flip or an amend of migration gym is going on: crossfade gym " + words[0] + " writes look, pid ")) << told;
    fs::remove(gate);
    EXPECT_EQ(flip->exit_within(kLimit), 0) << flip->output();
    EXPECT_EQ(move->call({"wait", "--lag", "10s", "--timeout", "60s"}).first, 0);
  }
}

/// By v2's rules v1 does not go once v2 is written; they are looked at when they count again.
TEST_F(AmendBesideFlipTest, RulesOfTheWayForwardAreNotAmendedWhileV2IsWritten) {
  follow();
  flip_writes(*move);
  expect_v1_follows(*move);
  edit("migration.yaml", "weeks:     {follow: {plans: {plan_id: id}}}", "weeks:     {follow: {plans: {plan_id: nothing}}}");
  EXPECT_TRUE(names(move->call({"status"}).second, "migration.yaml is not what the migration was prepared with"));
  for (const auto& more : {std::vector<std::string>{"--dry-run"}, {}}) {
    const auto told = amend(more, ExitCode::kPrecondition);
    EXPECT_TRUE(names(told, "v2 owns the data: targets.weeks is what v2 is made by, and cannot be amended now") && names(told, "crossfade rollback writes")) << told;
  }
  // Those of the way back are: they are what counts now.
  amend({"--to-folder"});
  edit("migration.yaml", "reverse:\n  plans:     {follow: {plans: {id: id}, weeks: {id: plan_id}}}", "reverse:\n  plans:     {follow: {weeks: {id: plan_id}, plans: {id: id}}}");
  edit("migration.yaml", "  exercises: {follow: {exercises: {id: id}}}\n", "  exercises: {}\n");
  amend();
  EXPECT_EQ(value("select max(number) from crossfade.edition"), "2");
}

/// What was dropped along with something else, and who makes it again.
class GoneViewsTest : public AmendBesideFlipTest {
 protected:
  void expect_advice(const std::string& view, const std::string& file) {
    const auto told = move->call({"plan"}).second;
    EXPECT_TRUE(names(told, "has no view " + view) && names(told, "`crossfade amend`: it makes the view again that " + file + " says")) << told;
  }
};

TEST_F(GoneViewsTest, OfTheMappingItIsAmendThatMakesThemAgain) {
  follow();
  move->sql().exec("drop view gym_map.exercises cascade");
  expect_advice("exercises", "mapping.sql");
  EXPECT_TRUE(eventually([&] { return names(move->call({"status"}).second, "`crossfade amend`: it makes the view again"); }, kLimit)) << move->call({"status"}).second;
  const auto done = amend();
  EXPECT_TRUE(names(done, "view gym_map.exercises was gone and is made again") && names(done, "view gym_read.exercises was gone and is made again")) << done;
  expect_made_good();
  EXPECT_EQ(value("select count(*) from gym_read.exercises"), value("select count(*) from exercises"));
}

TEST_F(GoneViewsTest, WhoAsksWhatHasChangedIsToldOfAmendToo) {
  follow();
  move->stop_daemon();
  const auto fixes = [&] { return value("select string_agg(distinct fix, '; ') from crossfade.shape_changes('gym') where object like 'view %' and how = 'gone'"); };
  move->sql().exec("drop view gym_map.exercises cascade");
  EXPECT_EQ(fixes(), "crossfade amend: it makes the view again");
  move->sql().exec("create view gym_map.exercises as select e.id, e.plan_id, p.owner, e.title from exercises e join plans p on p.id = e.plan_id");
  EXPECT_EQ(fixes(), "crossfade run: a daemon compares them anew by itself") << "somebody has";
}

TEST_F(GoneViewsTest, OfTheWayBackToo) {
  follow();
  move->sql().exec("drop view gym_unmap.plans cascade");
  expect_advice("plans", "reverse.sql");
  EXPECT_TRUE(names(amend(), "view gym_unmap.plans was gone and is made again"));
  expect_made_good();
  flip_writes(*move);
  expect_v1_follows(*move);
  move->sql().exec("drop view gym_unmap.plans cascade");
  expect_advice("plans", "reverse.sql");
  EXPECT_TRUE(names(amend(), "view gym_unmap.plans was gone and is made again"));
  move->sql().exec("update plans set owner = 'by v2' where id = 7");
  EXPECT_TRUE(eventually([&] { return value("select owner from plans_v1 where id = 7") == "by v2"; }, kLimit));
}

TEST_F(GoneViewsTest, ThoseThatApplicationsReadToo) {
  follow();
  move->sql().exec("drop view gym_read.plans, gym_read_canary.weeks");
  const auto done = amend();
  EXPECT_TRUE(names(done, "view gym_read.plans was gone and is made again") && names(done, "view gym_read_canary.weeks was gone and is made again") && names(done, "as they are: ")) << done;
  EXPECT_EQ(value("select count(*) from gym_read.plans"), value("select count(*) from plans"));
  EXPECT_EQ(value("select count(*) from gym_read_canary.weeks"), value("select count(*) from gym_v2.weeks"));
  expect_made_good();
}

TEST_F(GoneViewsTest, ThoseThatApplicationsReadAreNamedWhileV2IsWritten) {
  follow();
  flip_writes(*move);
  expect_v1_follows(*move);
  move->sql().exec("drop view gym_read.plans, gym_read_canary.weeks");
  const auto told = move->call({"amend", "--dry-run"}).second;
  for (const auto* each : {"stable view gym_read.plans: it is gone, and v2 is written: no amend makes it again", "create view \"gym_read_canary\".\"weeks\" as select * from \"public\".\"weeks\""}) {
    EXPECT_TRUE(names(told, each)) << each << " in " << told;
  }
}

}  // namespace
}  // namespace crossfade::test
