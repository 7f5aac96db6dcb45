#include <fmt/format.h>

#include <fstream>

#include "amend_fixture.h"
#include "support/flip.h"

namespace crossfade::test {
namespace {

TEST_F(AmendTest, WhereTheFolderIsAsItWasThereIsNothingToDo) {
  follow();
  EXPECT_TRUE(names(amend(), "there is nothing to amend"));
  EXPECT_TRUE(names(move->call({"history"}).second, "1. prepared 20"));
}

TEST_F(AmendTest, ARunningDaemonGoesOnByTheNewMappingAndComparesWhatItTouches) {
  follow();
  EXPECT_EQ(move->call({"verify"}).first, 0);
  edit("mapping.sql", "e.plan_id, p.owner, e.title", "e.plan_id, upper(p.owner) as owner, e.title");
  const auto status = move->call({"status"}).second;
  EXPECT_TRUE(names(status, "mapping.sql is not as the database has it")) << status;
  EXPECT_TRUE(names(move->call({"cutover", "reads", "--dry-run"}).second, "mapping.sql is not as the database has it"));
  const auto told = amend({"--dry-run"});
  EXPECT_TRUE(names(told, "exercises is compared with its view: about") && names(told, "as they are: plans, weeks") && names(told, "Nothing has changed.")) << told;
  EXPECT_EQ(value("select owner from gym_v2.exercises where id = 7"), "owner 1");
  const auto before = value("select clock_timestamp()");
  const auto done = amend();
  EXPECT_TRUE(names(done, "edition 2 is in force")) << done;
  EXPECT_TRUE(eventually([&] { return value("select owner from gym_v2.exercises where id = 7") == "OWNER 1"; }, kLimit));
  expect_made_good();
  EXPECT_EQ(filled_since(before), "exercises") << "the others go on as they are";
  move->sql().exec("update plans set owner = 'somebody' where id = 8");
  expect_made_good();
  EXPECT_EQ(value("select distinct owner from gym_v2.exercises where plan_id = 8"), "SOMEBODY");
  const auto list = move->call({"cutover", "reads", "--dry-run"}).second;
  EXPECT_TRUE(names(list, "v2 was never compared with v1 as a whole")) << "what was proved before is void: " << list;
  EXPECT_TRUE(names(list, "the database has what its files say")) << list;
  const auto history = move->call({"history"}).second;
  EXPECT_TRUE(names(history, "2. amended 20") && names(history, "+ select e.id, e.plan_id, upper(p.owner) as owner") && names(history, "- select e.id, e.plan_id, p.owner")) << history;
}

TEST_F(AmendTest, AHotfixOfV1RunsWhileTheViewsAreAway) {
  follow();
  EXPECT_TRUE(eventually([&] { return value("select count(*) from crossfade.quarantine") == "0"; }, kLimit));
  EXPECT_ANY_THROW(move->sql().exec("alter table exercises alter column title type varchar(80)"));
  const auto before = value("select clock_timestamp()");
  edit("reverse.sql", "e.title::text as title", "e.title as title");
  const auto fix = ddl("alter table plans add column note text default 'none'; alter table exercises alter column title type varchar(80);");
  const auto told = amend({"--ddl", fix.string(), "--dry-run"});
  EXPECT_TRUE(names(told, "hotfix.sql is run") && names(told, "It was tried and taken back")) << told;
  EXPECT_EQ(value("select count(*) from information_schema.columns where table_name = 'plans' and column_name = 'note'"), "0");
  amend({"--ddl", fix.string()});
  EXPECT_EQ(value("select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'exercises'::regclass and attname = 'title'"), "character varying(80)");
  move->sql().exec("update exercises set title = 'after' where id = 7");
  expect_made_good();
  EXPECT_EQ(value("select title from gym_v2.exercises where id = 7"), "after");
  EXPECT_FALSE(names(filled_since(before), "plans") || names(filled_since(before), "weeks")) << filled_since(before);
}

TEST_F(AmendTest, V2GetsOneMoreColumn) {
  follow();
  edit("v2.sql", "title varchar(40) not null", "title varchar(40) not null,\n  day int not null check (day >= 0)");
  edit("v2.sql", "create index on gym_v2.exercises (plan_id);", "create index on gym_v2.exercises (plan_id);\ncreate index on gym_v2.exercises (day);");
  edit("mapping.sql", "p.owner, e.title", "p.owner, e.title, e.day");
  const auto done = amend();
  EXPECT_TRUE(names(done, "column exercises.day integer is added") && names(done, "exercises is compared with its view")) << done;
  expect_made_good();
  EXPECT_EQ(value("select count(*) from gym_v2.exercises where day <> id % 7"), "0");
  EXPECT_TRUE(eventually([&] { return value("select attnotnull from pg_attribute where attrelid = 'gym_v2.exercises'::regclass and attname = 'day'") == "t"; }, kLimit));
  EXPECT_EQ(value("select count(*) from pg_indexes where schemaname = 'gym_v2' and indexdef like '%(day)%'"), "1");
  EXPECT_EQ(value("select count(*) from pg_constraint where conrelid = 'gym_v2.exercises'::regclass and contype = 'c' and convalidated"), "1");
  EXPECT_EQ(value("select count(*) from crossfade.deferred where not built"), "0");
}

TEST_F(AmendTest, ATargetComesAndOneGoes) {
  follow();
  edit("v2.sql", "create table gym_v2.weeks (\n  plan_id int not null references gym_v2.plans,\n  number int not null check (number > 0),\n  primary key (plan_id, number)\n);\n",
       "create table gym_v2.owners (\n  owner text primary key,\n  plans bigint not null\n);\n");
  edit("mapping.sql", "create view gym_map.weeks as\nselect p.id as plan_id, w.number from public.plans p cross join lateral generate_series(1, p.duration) as w(number);",
       "create view gym_map.owners as\nselect owner, count(*) as plans from public.plans group by owner;");
  edit("migration.yaml", "  weeks:     {follow: {plans: {plan_id: id}}}", "  owners:    {follow: {plans: {owner: owner}}}");
  edit("migration.yaml", "plans: {id: id}, weeks: {id: plan_id}", "plans: {id: id}");
  edit("reverse.sql", "(select count(*)::int from gym_v2.weeks w where w.plan_id = p.id)", "2");
  move->sql().exec("alter table plans replica identity full");
  const auto done = amend();
  EXPECT_TRUE(names(done, "table owners is added") && names(done, "table weeks is dropped, with its rows") && names(done, "owners is filled")) << done;
  EXPECT_TRUE(eventually([&] { return value("select count(*) from gym_v2.owners") == "7"; }, kLimit));
  move->sql().exec("insert into plans values (900, 'a new owner')");
  expect_made_good();
  EXPECT_EQ(value("select plans from gym_v2.owners where owner = 'a new owner'"), "1");
  EXPECT_EQ(value("select to_regclass('gym_v2.weeks')"), "");
  EXPECT_ANY_THROW(move->sql().exec("insert into gym_v2.owners values ('x', 1)")) << "a new table is fenced";
}

/// What waits and what is set aside was written down by a locator that is called otherwise now.
TEST_F(AmendTest, KeysThatWaitAreNotForgottenWithTheirLocator) {
  follow();
  move->sql().exec("update exercises set title = repeat('long ', 20) where id = 5");
  EXPECT_TRUE(eventually([&] { return value("select key::text from crossfade.quarantine") == "{5}"; }, kLimit));
  move->stop_daemon();
  move->sql().exec("begin; set local crossfade.writer = 'gym'; delete from gym_v2.exercises where id = 7;"
                   "insert into crossfade.dirty (migration, target, locator, key) values ('gym', 'exercises', 'id', '{7}'); commit");
  edit("migration.yaml", "exercises: {id: id}, plans: {plan_id: id}", "exercises: {id: \"select x from unnest($id) x\"}, plans: {plan_id: id}");
  amend();
  move->start_daemon();
  EXPECT_TRUE(eventually([&] { return value("select count(*) from gym_v2.exercises where id = 7") == "1"; }, kLimit));
  EXPECT_TRUE(eventually([&] { return value("select string_agg(locator, ' ') from crossfade.quarantine") == "plan_id"; }, kLimit)) << value("select string_agg(locator, ' ') from crossfade.quarantine");
  move->sql().exec("update exercises set title = 'short' where id = 5");
  EXPECT_TRUE(eventually([&] { return value("select count(*) from crossfade.quarantine") == "0"; }, kLimit));
  expect_made_good();
}

TEST_F(AmendTest, AMisfitIsRefusedWholeBeforeAnythingChanges) {
  follow();
  const auto before = value("select pg_get_viewdef('gym_map.exercises'::regclass)");
  edit("mapping.sql", "select e.id, e.plan_id, p.owner, e.title", "select e.id::text as id, e.plan_id, p.owner, e.title");
  const auto told = amend({}, ExitCode::kPrecondition);
  EXPECT_TRUE(names(told, "FAIL") && names(told, "Nothing was amended, nothing has changed.")) << told;
  EXPECT_EQ(value("select pg_get_viewdef('gym_map.exercises'::regclass)"), before);
  EXPECT_EQ(value("select max(number) from crossfade.edition"), "1");
  std::ofstream(folder / "mapping.sql") << "create view gym_map.plans as select 1 as";
  EXPECT_TRUE(names(amend({}, ExitCode::kUsage), "mapping.sql does not run"));
  fs::copy_file(test_migration("gym") / "mapping.sql", folder / "mapping.sql", fs::copy_options::overwrite_existing);
  amend({"--ddl", ddl("alter table plans drop column owner cascade").string()}, ExitCode::kUsage);
  EXPECT_EQ(value("select count(*) from information_schema.columns where table_name = 'plans' and column_name = 'owner' and table_schema = 'public'"), "1");
  EXPECT_TRUE(move->daemon().running());
  move->sql().exec("update plans set owner = 'still followed' where id = 3");
  move->expect_equal();
}

TEST_F(AmendTest, AHotfixMayNotEndTheTransaction) {
  follow();
  const auto told = amend({"--ddl", ddl("alter table plans add column note text; commit").string()}, ExitCode::kUsage);
  EXPECT_TRUE(names(told, "hotfix.sql does not run") && names(told, "commit, rollback and the like have no place in it")) << told;
  EXPECT_EQ(value("select count(*) from information_schema.columns where table_name = 'plans' and column_name = 'note'"), "0");
  expect_made_good();
}

TEST_F(AmendTest, AKeyToATableThatStaysIsNoChange) {
  move->sql().exec("create table coaches (id int primary key); insert into coaches select generate_series(1, 9)");
  edit("v2.sql", "owner text not null\n", "owner text not null,\n  coach int references public.coaches\n");
  edit("mapping.sql", "select id, owner from public.plans", "select id, owner, 1 + id % 9 as coach from public.plans");
  follow();
  ASSERT_TRUE(eventually([&] { return value("select count(*) from crossfade.deferred where stage = 3") == "1"; }, kLimit));
  const auto before = value("select clock_timestamp()");
  edit("v2.sql", "title varchar(40) not null", "title varchar(50) not null");
  const auto done = amend();
  EXPECT_FALSE(names(done, "coach")) << done;
  expect_made_good();
  EXPECT_EQ(filled_since(before), "exercises");
  EXPECT_EQ(value("select string_agg(stage || ' ' || name, ', ') from crossfade.deferred where not built"), "3 plans_coach_fkey to public.coaches");
}

TEST_F(AmendTest, WhatIsBeingFilledGoesOnByWhatIsSaidNow) {
  move->sql().exec("insert into exercises select n, 1 + n % 100, 'exercise ' || n, n % 7 from generate_series(1001, 60000) n");
  move->start_daemon({"--jobs", "1"});
  ASSERT_TRUE(move->logged("leading"));
  ASSERT_TRUE(eventually([&] { return value("select count(*) > 0 from crossfade.chunk where target = 'exercises'") == "t"; }, kLimit));
  edit("mapping.sql", "e.plan_id, p.owner, e.title", "e.plan_id, upper(p.owner) as owner, e.title");
  amend();
  expect_made_good();
  EXPECT_EQ(value("select count(*) from gym_v2.exercises where owner <> upper(owner)"), "0");
}

TEST_F(AmendTest, ScriptsReadWhatItDoes) {
  follow();
  edit("mapping.sql", "e.plan_id, p.owner, e.title", "e.plan_id, upper(p.owner) as owner, e.title");
  const auto told = amend({"--dry-run", "--json"});
  EXPECT_TRUE(names(told, R"("changes":[)") && names(told, R"("target":"exercises")") && names(told, R"("done":false)")) << told;
  const auto done = amend({"--json"});
  EXPECT_TRUE(names(done, R"("done":true)") && names(done, R"("edition":2)")) << done;
  const auto history = move->call({"history", "--json"}).second;
  EXPECT_TRUE(names(history, R"("file":"mapping.sql")") && names(history, R"("how":"amended")")) << history;
  edit("mapping.sql", "select e.id, e.plan_id", "select e.id::text as id, e.plan_id");
  EXPECT_TRUE(names(amend({"--json"}, ExitCode::kPrecondition), R"("level":"fail")"));
}

TEST_F(AmendTest, WhoReadsV2ThroughStableViewsHasTheNewColumnAndTheRightsOfBefore) {
  edit("migration.yaml", "reverse: gym_unmap}", "reverse: gym_unmap, stable: gym_read}");
  follow();
  move->sql().exec("grant usage on schema gym_read to public; grant select on gym_read.exercises to public");
  EXPECT_EQ(move->call({"verify"}).first, 0);
  EXPECT_EQ(move->call({"account"}).first, 0);
  const auto [exit, text] = move->call({"cutover", "reads"});
  ASSERT_EQ(exit, 0) << text;
  edit("v2.sql", "title varchar(40) not null", "title varchar(40) not null,\n  day int");
  edit("mapping.sql", "p.owner, e.title", "p.owner, e.title, e.day");
  amend();
  expect_made_good();
  EXPECT_EQ(value("select day from gym_read.exercises where id = 8"), "1");
  EXPECT_TRUE(names(value("select pg_get_viewdef('gym_read.exercises'::regclass)"), "gym_v2.exercises")) << "they still read v2";
  EXPECT_EQ(value("select day from gym_read_canary.exercises where id = 8"), "1");
  EXPECT_EQ(value("select count(*) from pg_class c cross join aclexplode(c.relacl) a where c.oid = 'gym_read.exercises'::regclass and a.grantee = 0"), "1");
}

TEST_F(AmendTest, RowsThatAreRejectedNowAreAccountedForByTheNewNames) {
  follow();
  edit("mapping.sql", "join public.plans p on p.id = e.plan_id;", "join public.plans p on p.id = e.plan_id where e.id <> 13;");
  amend();
  expect_made_good();
  EXPECT_EQ(value("select count(*) from gym_v2.exercises where id = 13"), "0");
  EXPECT_NE(move->call({"account"}).first, 0) << "one row is in v1 alone, and nothing says why";
  std::ofstream(folder / "rejects.sql") << "create view gym_map.rejected_exercises as\nselect id, 'unlucky' as reason from public.exercises where id = 13;\n";
  EXPECT_TRUE(names(amend(), "as they are: plans, exercises, weeks"));
  expect_made_good();
  const auto [exit, text] = move->call({"account"});
  EXPECT_EQ(exit, 0) << text;
}

/// Of a migration that gives ids.
class AmendIdsTest : public AmendTest {
 protected:
  AmendIdsTest() : AmendTest("courts") {}
  std::string ids() { return value("select md5(string_agg(format('%s %s %s', club, court, id), ',' order by club, court)) from crossfade.courts_court_id"); }
};

TEST_F(AmendIdsTest, IdsThatWereGivenStay) {
  follow();
  const auto before = ids();
  edit("surrogates.sql", "select club, court, id from public.entries", "select lower(club) as club, court, id from public.entries");
  edit("mapping.sql", "m.id as court_id, e.player", "m.id as court_id, upper(e.player) as player");
  amend();
  expect_made_good();
  EXPECT_EQ(ids(), before);
  EXPECT_EQ(value("select player from courts_v2.bookings where id = 7"), "PLAYER 7");
  move->sql().exec("insert into entries values (9001, 'a new club', 1, 'player 9001')");
  expect_made_good();
  EXPECT_EQ(value("select player from courts_v2.bookings where id = 9001"), "PLAYER 9001");
}

TEST_F(AmendIdsTest, RowsKeepTheirIdsWhenTheNaturalKeyIsAnotherOne) {
  follow();
  const auto by_row = [&] { return value("select md5(string_agg(format('%s %s', id, court_id), ',' order by id)) from courts_v2.bookings"); };
  const auto before = by_row();
  edit("migration.yaml", "of: [club, court]", "of: [court, club]");
  const auto told = amend();
  EXPECT_TRUE(names(told, "surrogate court_id has another natural key, type or view; rows that have an id keep it")) << told;
  expect_made_good();
  EXPECT_EQ(by_row(), before);
  const auto last = value("select max(court_id) from courts_v2.bookings");
  move->sql().exec("insert into entries values (9001, 'a new club', 1, 'player 9001')");
  expect_made_good();
  EXPECT_EQ(value("select court_id > " + last + " from courts_v2.bookings where id = 9001"), "t");
}

TEST_F(AmendTest, UndoGoesBackToTheMappingBefore) {
  follow();
  amend({"--undo"}, ExitCode::kPrecondition);
  edit("mapping.sql", "e.plan_id, p.owner, e.title", "e.plan_id, upper(p.owner) as owner, e.title");
  amend();
  EXPECT_TRUE(eventually([&] { return value("select owner from gym_v2.exercises where id = 7") == "OWNER 1"; }, kLimit));
  const auto undone = amend({"--undo"});
  EXPECT_TRUE(names(undone, "edition 3 is in force") && names(undone, "The folder still has what was undone")) << undone;
  EXPECT_TRUE(eventually([&] { return value("select owner from gym_v2.exercises where id = 7") == "owner 1"; }, kLimit));
  expect_made_good();
  EXPECT_TRUE(names(move->call({"history"}).second, "3. undone 20"));
  EXPECT_TRUE(names(move->call({"status"}).second, "mapping.sql is not as the database has it"));
}

TEST_F(AmendTest, ATableThatIsHeldIsGivenUpAndNothingHasChanged) {
  follow();
  Sql holder(move->conninfo());
  holder.exec("begin; update exercises set title = 'held' where id = 7");
  const auto told = amend({"--ddl", ddl("alter table exercises alter column title type varchar(80)").string(), "--lock-timeout", "10ms"}, ExitCode::kTimeout);
  EXPECT_TRUE(names(told, "nothing was amended, nothing has changed") && names(told, "attempt 20")) << told;
  holder.exec("commit");
  expect_made_good();
  EXPECT_EQ(value("select title from gym_v2.exercises where id = 7"), "held");
}

TEST_F(AmendTest, AViewThatACascadeTookAlongIsMadeAgain) {
  follow();
  move->sql().exec("alter table exercises add column note text");
  move->sql().exec("drop view gym_map.exercises cascade");
  const auto done = amend();
  EXPECT_TRUE(names(done, "view gym_map.exercises was gone and is made again")) << done;
  move->sql().exec("update exercises set title = 'after' where id = 7");
  EXPECT_TRUE(eventually([&] { return value("select title from gym_v2.exercises where id = 7") == "after"; }, kLimit));
  expect_made_good();
}

TEST_F(AmendTest, WhatReadsTheViewsFromOutsideIsNamed) {
  follow();
  move->sql().exec("create view report as select count(*) from gym_map.plans");
  edit("mapping.sql", "e.plan_id, p.owner, e.title", "e.plan_id, upper(p.owner) as owner, e.title");
  EXPECT_TRUE(names(amend({}, ExitCode::kPrecondition), "view public.report reads what an amend makes anew"));
  EXPECT_TRUE(names(amend({"--dry-run"}, ExitCode::kPrecondition), "view public.report reads what an amend makes anew"));
  expect_made_good();
}

TEST_F(AmendTest, ADaemonThatStartsLaterGoesByTheDatabaseAndSaysWhatTheFolderBecame) {
  EXPECT_EQ(move->call({"prepare"}).first, 0);
  edit("mapping.sql", "e.plan_id, p.owner, e.title", "e.plan_id, upper(p.owner) as owner, e.title");
  amend();
  edit("migration.yaml", "  exercises: {follow: {exercises: {id: id}, plans: {plan_id: id}}}\nreverse", "  exercises: {follow: {exercises: {id: id}}}\nreverse");
  follow();
  EXPECT_TRUE(move->logged("the folder is not what the migration was prepared with"));
  move->sql().exec("update plans set owner = 'by the rule that is installed' where id = 8");
  expect_made_good();
  EXPECT_EQ(value("select distinct owner from gym_v2.exercises where plan_id = 8"), "BY THE RULE THAT IS INSTALLED");
}

/// Whoever begins without one learns before the writes move that he wants it.
class AmendWayBackTest : public AmendTest {
 protected:
  AmendWayBackTest() : AmendTest("gym") {
    yaml = text_of("migration.yaml");
    reverse = text_of("reverse.sql");
    auto without = yaml.substr(0, yaml.find("\nreverse:") + 1);
    const auto named = without.find(", reverse: gym_unmap");
    std::ofstream(folder / "migration.yaml") << without.erase(named, std::string(", reverse: gym_unmap").size());
    fs::remove(folder / "reverse.sql");
  }
  void write_way_back() {
    std::ofstream(folder / "migration.yaml") << yaml;
    std::ofstream(folder / "reverse.sql") << reverse;
  }
  std::string yaml, reverse;
};

TEST_F(AmendWayBackTest, AWayBackComesWhileItFollowsAndGoesByUndo) {
  follow();
  write_way_back();
  EXPECT_TRUE(names(amend({"--dry-run"}), "the way back comes"));
  amend();
  EXPECT_EQ(value("select 'gym_unmap' = any (made_schemas) from crossfade.migration"), "t");
  EXPECT_TRUE(names(amend({"--undo"}), "the way back goes"));
  EXPECT_EQ(value("select to_regnamespace('gym_unmap') is null and not 'gym_unmap' = any (made_schemas) from crossfade.migration"), "t");
  amend();
  expect_made_good();
  flip_writes(*move);
  expect_v1_follows(*move);
  move->sql().exec("update exercises set title = 'by v2' where id = 7");
  EXPECT_TRUE(eventually([&] { return value("select title from exercises_v1 where id = 7") == "by v2"; }, kLimit));
}

TEST_F(AmendTest, SchemasKeepTheirNames) {
  follow();
  edit("migration.yaml", "reverse: gym_unmap", "reverse: gym_back");
  EXPECT_TRUE(names(amend({}, ExitCode::kPrecondition), "schemas.reverse was gym_unmap"));
}

TEST_F(AmendTest, WhenTheWritesHaveMovedItAmendsTheWayBack) {
  follow();
  flip_writes(*move);
  expect_v1_follows(*move);
  edit("reverse.sql", "e.title::text as title", "upper(e.title) as title");
  amend();
  EXPECT_TRUE(eventually([&] { return value("select title from exercises_v1 where id = 7") == "EXERCISE 7"; }, kLimit));
  move->sql().exec("update exercises set title = 'by v2' where id = 7");
  EXPECT_TRUE(eventually([&] { return value("select title from exercises_v1 where id = 7") == "BY V2"; }, kLimit));
  amend({"--ddl", ddl("alter table exercises alter column title type varchar(90)").string()});
  move->sql().exec("update exercises set title = repeat('x', 90) where id = 7");
  EXPECT_TRUE(eventually([&] { return value("select title = repeat('X', 90) from exercises_v1 where id = 7") == "t"; }, kLimit));
  edit("mapping.sql", "p.owner, e.title", "upper(p.owner) as owner, e.title");
  EXPECT_TRUE(names(amend({}, ExitCode::kPrecondition), "what makes v2 of v1 cannot be amended now"));
  EXPECT_TRUE(move->daemon().running());
}

/// Whoever waits for v2 to be at one commit is not forgotten by an engine that gives way to the next.
TEST_F(AmendTest, AVerificationThatIsUnderWayGoesOnByTheNewMapping) {
  follow();
  ASSERT_EQ(move->call({"pause"}).first, 0);
  move->sql().exec("update exercises set title = 'changed' where id = 17");
  const auto verify = move->start({"verify", "--json"});
  ASSERT_TRUE(eventually([&] { return names(verify->output(), "rows that differ are looked at again"); }, kLimit)) << verify->output();
  edit("mapping.sql", "p.owner, e.title", "upper(p.owner) as owner, e.title");
  amend();
  ASSERT_EQ(move->call({"resume"}).first, 0);
  EXPECT_EQ(verify->exit_within(kLimit), 0) << verify->output();
  expect_made_good();
}

/// As tools do that change a table online: what was written since is in the copy alone.
TEST_F(AmendTest, ATableThatWasSwappedForACopyIsFollowedOn) {
  follow();
  move->sql().exec("begin; create table copy (like exercises including all); insert into copy select id, plan_id, upper(title), day from exercises;"
                   "alter table exercises rename to exercises_old; alter table copy rename to exercises; commit; update exercises set title = 'acknowledged' where id <= 50");
  EXPECT_TRUE(eventually([&] { return names(move->call({"status"}).second, "crossfade amend, and the table that is called so now is followed"); }, kLimit));
  EXPECT_TRUE(names(amend(), "table public.exercises is another one now, and what reads it is made anew"));
  move->sql().exec("update exercises set title = 'and more' where id = 60");
  expect_made_good();
  EXPECT_EQ(value("select count(*) from gym_v2.exercises where title in ('acknowledged', 'and more')"), "51");
  EXPECT_TRUE(names(amend(), "there is nothing to amend"));
}

}  // namespace
}  // namespace crossfade::test
