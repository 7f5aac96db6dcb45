#include <embedded_sql.h>

#include "amend_fixture.h"
#include "app/ephemeral/server_programs.h"

namespace crossfade::test {
namespace {

/// What a hotfix changes of what the rows of v2 are made by, beside v1's columns.
class AmendedShapeTest : public AmendTest {
 protected:
  AmendedShapeTest() : AmendTest("marks") {}
};

TEST_F(AmendedShapeTest, ALabelThatAHotfixRenamesIsCarriedOver) {
  follow();
  amend({"--ddl", ddl("alter type mood rename value 'bad' to 'sad';").string()});
  expect_made_good();
  EXPECT_EQ(value("select mood from marks_v2.mark where id = 1"), "sad");
}

TEST_F(AmendedShapeTest, AColumnThatTakesAnothersNameIsAnotherOne) {
  follow();
  amend({"--ddl", ddl("alter table mark add column points_2 int not null default 5; alter table mark rename points to points_1;"
                      "alter table mark rename points_2 to points;").string()});
  expect_made_good();
  EXPECT_EQ(value("select count(*) from marks_v2.mark where grade = 'pass'"), "0");
}

TEST_F(AmendedShapeTest, APartitionThatAHotfixAttachesComesWithItsRows) {
  move->sql().exec("create table event_08 (like event including all); insert into event_08 select n, '2024-08-05' from generate_series(1001, 1050) n");
  follow();
  amend({"--ddl", ddl("alter table event attach partition event_08 for values from ('2024-08-01') to ('2024-09-01');").string()});
  expect_made_good();
  EXPECT_EQ(value("select count(*) from marks_v2.event"), "650");
}

TEST_F(AmendedShapeTest, AFunctionThatAHotfixReplacesSaysWhatItSaysNow) {
  follow();
  amend({"--ddl", ddl("create or replace function verdict(int) returns text language sql immutable as $$ select 'anything' $$;").string()});
  expect_made_good();
  EXPECT_EQ(value("select string_agg(distinct grade, ' ') from marks_v2.mark"), "anything");
}

TEST_F(AmendTest, V2AsItWasNeedNotRunAnyMore) {
  move->sql().exec("create table coaches (id int primary key); insert into coaches select generate_series(1, 9)");
  edit("v2.sql", "owner text not null\n", "owner text not null,\n  coach int references public.coaches\n");
  edit("mapping.sql", "select id, owner from public.plans", "select id, owner, 1 + id % 9 as coach from public.plans");
  follow();
  move->sql().exec("alter table coaches rename to trainers");
  edit("v2.sql", "references public.coaches", "references public.trainers");
  edit("v2.sql", "title varchar(40) not null", "title varchar(50) not null");
  amend();
  expect_made_good();
  EXPECT_EQ(value("select atttypmod from pg_attribute where attrelid = 'gym_v2.exercises'::regclass and attname = 'title'"), "54");
}

TEST_F(AmendTest, V2MayNeedWhatTheHotfixMakes) {
  follow();
  edit("v2.sql", "owner text not null\n", "owner text not null,\n  coach int references public.coach\n");
  edit("mapping.sql", "select id, owner from public.plans", "select id, owner, id % 3 as coach from public.plans");
  amend({"--ddl", ddl("create table coach (id int primary key); insert into coach select generate_series(0, 2);").string()});
  expect_made_good();
  EXPECT_EQ(value("select count(distinct coach) from gym_v2.plans"), "3");
}

/// Each statement has what the ones before have left of the time, and a script is not run again to find the one that is slow.
TEST_F(AmendTest, AHotfixThatTakesTooLongInAllHoldsNobodyForLonger) {
  follow();
  const auto slow = ddl("alter table plans add column note text; select pg_sleep(0.4); select pg_sleep(0.4);");
  const auto told = amend({"--ddl", slow.string(), "--hold-limit", "600ms"}, ExitCode::kTimeout);
  EXPECT_TRUE(names(told, "it takes longer than 600 ms, for which others would wait") && names(told, "(attempt 12)")) << told;
  EXPECT_EQ(value("select count(*) from information_schema.columns where table_name = 'plans' and column_name = 'note'"), "0");
  expect_made_good();
}

/// Where nobody has said how long others may be made to wait, it tries shortly first, and then as long as a flip would.
TEST_F(AmendTest, AHotfixThatTakesLongerThanATenthOfASecondIsGivenASecondAtLast) {
  const auto yaml = text_of("migration.yaml");
  const auto said = yaml.find("cutover: {hold_limit");
  ASSERT_NE(said, std::string::npos);
  std::ofstream(folder / "migration.yaml") << yaml.substr(0, said);
  follow();
  amend({"--ddl", ddl("alter table plans add column note text; select pg_sleep(0.3)").string()});
  EXPECT_EQ(value("select count(*) from information_schema.columns where table_schema = 'public' and table_name = 'plans' and column_name = 'note'"), "1");
  expect_made_good();
}

/// An amend takes the lease. What the engine of before writes down after it is not what the database is made after any more.
TEST_F(AmendTest, TheEngineOfBeforeEndsNothing) {
  follow();
  move->stop_daemon();
  const auto before = value("select epoch from crossfade.lease");
  edit("mapping.sql", "e.plan_id, p.owner, e.title", "e.plan_id, upper(p.owner) as owner, e.title");
  amend();
  ASSERT_NE(value("select epoch from crossfade.lease"), before);
  auto& sql = move->sql();
  sql.exec("insert into crossfade.deferred (migration, target, name, stage, create_sql) values ('gym', 'exercises', 'wanted', 1, 'select 1')");
  sql.exec("prepare filled as " + std::string(crossfade::sql::queries::backfill_finish));
  sql.exec("prepare built as " + std::string(crossfade::sql::queries::deferred_built));
  sql.exec("prepare phase as " + std::string(crossfade::sql::queries::migration_phase));
  const auto write_down = [&](const std::string& epoch) {
    sql.exec(fmt::format("execute filled('gym', 'exercises', '{0}'); execute built('gym', 'exercises', 'wanted', '{0}'); execute phase('gym', 'following', '{0}')", epoch));
    return value("select concat_ws(' ', b.finished_at is not null, d.built, m.phase) from crossfade.backfill b, crossfade.deferred d, crossfade.migration m "
                 "where b.target = 'exercises' and d.name = 'wanted'");
  };
  EXPECT_EQ(write_down(before), "f f backfilling");
  EXPECT_EQ(write_down(value("select epoch from crossfade.lease")), "t t following") << "whoever leads does";
}

/// What somebody has put on the views that applications read.
TEST_F(AmendTest, WhatStandsOnStableViewsByHandStays) {
  edit("migration.yaml", "reverse: gym_unmap}", "reverse: gym_unmap, stable: gym_read}");
  follow();
  move->sql().exec("create function noted() returns trigger language plpgsql as 'begin return new; end';"
                   "create trigger instead instead of insert on gym_read.plans for each row execute function noted(); create rule told as on delete to gym_read.plans do also notify gone;"
                   "alter view gym_read.plans alter column owner set default 'nobody'; comment on view gym_read.plans is 'mine'; comment on column gym_read.plans.owner is 'whose'");
  edit("mapping.sql", "e.plan_id, p.owner, e.title", "e.plan_id, upper(p.owner) as owner, e.title");
  amend();
  expect_made_good();
  EXPECT_EQ(value("select concat_ws(' ', (select tgname from pg_trigger where tgrelid = 'gym_read.plans'::regclass), (select rulename from pg_rewrite where ev_class = 'gym_read.plans'::regclass and rulename <> '_RETURN'), "
                  "(select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = 'gym_read.plans'::regclass), obj_description('gym_read.plans'::regclass), col_description('gym_read.plans'::regclass, 2))"),
            "instead told 'nobody'::text mine whose");
}

/// Prepared so that all belongs to another role, amended by whoever comes: the views are that role's, who moves the reads.
TEST_F(AmendTest, StableViewsBelongToWhomTheirSchemaBelongsTo) {
  edit("migration.yaml", "reverse: gym_unmap}", "reverse: gym_unmap, stable: gym_read}");
  move->sql().exec("do $$ begin create role gym_mover login replication; exception when duplicate_object then null; end $$; alter table plans owner to gym_mover; alter table exercises owner to gym_mover");
  const auto [exit, sql] = move->call({"prepare", "--print-sql", "--for", "gym_mover"});
  ASSERT_EQ(exit, 0) << sql;
  std::ofstream(folder.parent_path() / "prepare.sql") << sql;
  Program psql({client_program("psql").string(), "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--quiet", "--file=" + (folder.parent_path() / "prepare.sql").string(), "--dbname=" + move->conninfo()},
               folder.parent_path() / "psql.log");
  ASSERT_EQ(psql.exit_within(kLimit), 0) << psql.output();
  const auto owners = [&] { return value("select string_agg(distinct pg_get_userbyid(relowner), ' ') from pg_class where relnamespace in ('gym_read'::regnamespace, 'gym_read_canary'::regnamespace)"); };
  EXPECT_EQ(owners(), "gym_mover");
  edit("mapping.sql", "e.plan_id, p.owner, e.title", "e.plan_id, upper(p.owner) as owner, e.title");
  amend();
  EXPECT_EQ(owners(), "gym_mover");
}

/// A trigger and a policy have no schema of their own.
TEST_F(AmendTest, WhatCallsAFunctionOfTheMappingIsNamedBeforeItGoes) {
  edit("mapping.sql", "create view", "create function gym_map.mine(text) returns boolean language sql stable as 'select true';\ncreate function gym_map.noted() returns trigger language plpgsql as 'begin return new; end';\ncreate view");
  follow();
  move->sql().exec("alter table plans enable row level security; create policy own on plans using (gym_map.mine(owner))");
  edit("mapping.sql", "e.plan_id, p.owner, e.title", "e.plan_id, upper(p.owner) as owner, e.title");
  auto told = amend({}, ExitCode::kPrecondition);
  EXPECT_TRUE(names(told, "policy own on table public.plans reads what an amend makes anew")) << told;
  move->sql().exec("drop policy own on plans; alter table plans disable row level security; create trigger noting before insert on plans for each row execute function gym_map.noted()");
  told = amend({}, ExitCode::kPrecondition);
  EXPECT_TRUE(names(told, "trigger noting on table public.plans reads what an amend makes anew")) << told;
  EXPECT_EQ(value("select count(*) from pg_trigger where tgname = 'noting'"), "1");
}

/// What was there before the migration was prepared is not crossfade's to make anew.
TEST_F(AmendTest, WhatIsNotInASchemaOfSomebodyElsesIsRefused) {
  const auto views = text_of("mapping.sql");
  move->sql().exec("create schema gym_map; create schema gym_v2; " + text_of("v2.sql") + views);
  follow();
  edit("mapping.sql", "e.plan_id, p.owner, e.title", "e.plan_id, upper(p.owner) as owner, e.title");
  auto told = amend({}, ExitCode::kPrecondition);
  EXPECT_TRUE(names(told, "mapping.sql: schema gym_map was there before the migration was prepared, so amend makes nothing in it, and what is in it is not what the file says now: view exercises")) << told;
  const auto view = text_of("mapping.sql").substr(text_of("mapping.sql").find("create view gym_map.exercises"));
  amend({"--ddl", ddl("create or replace view" + view.substr(std::string("create view").size(), view.find(';') + 1 - std::string("create view").size())).string()});
  expect_made_good();
  EXPECT_EQ(value("select count(*) from gym_v2.exercises where owner <> upper(owner)"), "0");
  edit("v2.sql", "owner text not null\n", "owner text not null,\n  note text\n");
  told = amend({}, ExitCode::kPrecondition);
  EXPECT_TRUE(names(told, "schema gym_v2 was there before the migration was prepared, so amend makes nothing in it")) << told;
  amend({"--ddl", ddl("alter table gym_v2.plans add note text").string()});
  expect_made_good();
}

/// Of a migration that gives ids.
class AmendedIdsTest : public AmendTest {
 protected:
  AmendedIdsTest() : AmendTest("courts") {}
  std::string by_row() { return value("select md5(string_agg(format('%s %s', id, court_id), ',' order by id)) from courts_v2.bookings"); }
};

TEST_F(AmendedIdsTest, RowsKeepTheirIdsWhenTheirNaturalKeyIsWrittenOtherwise) {
  follow();
  const auto before = by_row();
  edit("surrogates.sql", "select club, court, id from public.entries", "select upper(club) as club, court, id from public.entries");
  edit("mapping.sql", "select distinct m.id, e.club, e.court", "select distinct m.id, upper(e.club) as club, e.court");
  for (int n = 0; n < 2; ++n) edit("mapping.sql", "on m.club = e.club", "on m.club = upper(e.club)");
  const auto told = amend();
  EXPECT_TRUE(names(told, "surrogate court_id has another natural key, type or view; rows that have an id keep it")) << told;
  expect_made_good();
  EXPECT_EQ(by_row(), before);
  EXPECT_EQ(value("select count(*) from courts_v2.courts where club <> upper(club)"), "0");
}

TEST_F(AmendedIdsTest, ARowThatIsAwayHasItsIdWhenItComesAgain) {
  follow();
  const auto of_court = [&] { return value("select id from crossfade.courts_court_id where club = 'club 7' and court = 1"); };
  const auto before = of_court();
  const auto last = value("select max(id) from crossfade.courts_court_id");
  move->sql().exec("create table kept as select * from entries where club = 'club 7' and court = 1; delete from entries where club = 'club 7' and court = 1");
  move->expect_equal();
  edit("surrogates.sql", "select club, court, id from public.entries", "select club, court, id, player from public.entries");
  amend();
  expect_made_good();
  move->sql().exec("insert into entries select * from kept; insert into entries values (9001, 'a new club', 1, 'player 9001')");
  expect_made_good();
  EXPECT_EQ(of_court(), before);
  EXPECT_EQ(value("select id > " + last + " from crossfade.courts_court_id where club = 'a new club'"), "t");
}

TEST_F(AmendedIdsTest, WhereKeysBecomeOneItHasTheLeastOfTheirIds) {
  follow();
  const auto least = value("select string_agg(court || ' ' || id, ',' order by court) from (select court, min(id) as id from courts_v2.courts group by court) c");
  edit("surrogates.sql", "select club, court, id from public.entries", "select 'all'::text as club, court, id from public.entries");
  edit("mapping.sql", "select distinct m.id, e.club, e.court", "select distinct m.id, 'all'::text as club, e.court");
  for (int n = 0; n < 2; ++n) edit("mapping.sql", "on m.club = e.club", "on m.club = 'all' and e.id is not null");
  amend();
  expect_made_good();
  EXPECT_EQ(value("select string_agg(court || ' ' || id, ',' order by court) from courts_v2.courts"), least);
}

TEST_F(AmendedIdsTest, IdsOfNobodyKnowsWhomAreNotGivenAnew) {
  edit("migration.yaml", "  courts:   {}\n  bookings: {}\n", "  courts:   {follow: {entries: {club: club}}}\n  bookings: {follow: {entries: {club: club}}}\n");
  edit("mapping.sql", "e.player\nfrom", "e.player, e.club\nfrom");
  edit("surrogates.sql", "select club, court, id from public.entries", "select distinct club, court from public.entries where club is not null");
  follow();
  const auto before = by_row();
  edit("surrogates.sql", "select distinct club, court", "select distinct upper(club) as club, court");
  const auto told = amend({}, ExitCode::kPrecondition);
  EXPECT_TRUE(names(told, "nothing says which row had which id")) << told;
  EXPECT_EQ(by_row(), before);
  expect_made_good();
}

TEST_F(AmendedIdsTest, ASurrogateThatGoesWithAnUndoComesBackWithItsIds) {
  follow();
  edit("migration.yaml", "  court_id: {of: [club, court]}\n", "  court_id: {of: [club, court]}\n  player_id: {of: [player]}\n");
  std::ofstream(folder / "surrogates.sql", std::ios::app) << "create view courts_map.player_id as select player, id from public.entries;\n";
  std::ofstream(folder / "reverse.sql", std::ios::app) << "create view courts_unmap.player_id as select player, player_id as id from courts_v2.bookings;\n";
  edit("v2.sql", "player text not null", "player text not null,\n  player_id bigint not null");
  edit("mapping.sql", "select e.id, m.id as court_id, e.player\nfrom public.entries e", "select e.id, m.id as court_id, e.player, p.id as player_id\nfrom public.entries e join crossfade.courts_player_id p on p.player = e.player");
  amend();
  expect_made_good();
  const auto players = [&] { return value("select md5(string_agg(format('%s %s', id, player_id), ',' order by id)) from courts_v2.bookings"); };
  const auto given = players();
  amend({"--undo"});
  expect_said_nothing();
  amend();
  expect_made_good();
  EXPECT_EQ(players(), given);
}

}  // namespace
}  // namespace crossfade::test
