#include "pg/cutover/inventory.h"
#include "support/small_move.h"

namespace crossfade::test {
namespace {

namespace fs = std::filesystem;

TEST_F(InventoryTest, AForeignKeyFromOutsideRefersToTheTableThatHasTheNameThereAndBack) {
  auto& sql = move.sql();
  sql.exec("create table notes (id int primary key, plan_id int constraint notes_plan references plans on delete cascade deferrable);"
           "comment on constraint notes_plan on notes is 'mine'; insert into notes select n, n from generate_series(1, 50) n");
  const auto [exit, text] = move.call({"cutover", "writes", "--dry-run"});
  EXPECT_EQ(exit, 0) << text;
  EXPECT_NE(text.find("foreign key notes_plan of public.notes, refers to public.plans (id) · carried · in the flip: refers to public.plans, and is validated after the commit"),
            std::string::npos) << text;
  expect_done(flip("cutover"));
  EXPECT_EQ(referred("notes_plan"), "plans true");
  EXPECT_EQ(sql.value("select count(*) from crossfade.unvalidated"), "0");
  EXPECT_EQ(sql.value("select obj_description(oid, 'pg_constraint') || condeferrable from pg_constraint where conname = 'notes_plan'"), "minetrue");
  sql.exec("begin; insert into plans values (900, 'new'); insert into notes values (900, 900); commit; delete from exercises where plan_id = 4; delete from weeks where plan_id = 4; delete from plans where id = 4");
  EXPECT_EQ(sql.value("select string_agg(id::text, ' ') from notes where id in (4, 900)"), "900");
  expect_v1_follows(move);
  expect_done(flip("rollback"));
  EXPECT_EQ(referred("notes_plan"), "plans true");
  EXPECT_EQ(sql.value("select count(*) from pg_constraint where conname = 'notes_plan' and confrelid = 'plans'::regclass and exists "
                      "(select from pg_attribute where attrelid = confrelid and attname = 'duration')"), "1") << "v1's plans have a duration";
}

TEST_F(InventoryTest, ARowThatBreaksAForeignKeyAfterwardsIsSaidAndTheFlipStands) {
  auto& sql = move.sql();
  sql.exec("create table notes (plan_id int constraint notes_plan references plans);"
           "set session_replication_role = replica; insert into notes values (12345); reset session_replication_role");
  const auto [exit, text] = move.call(flip("cutover"));
  EXPECT_EQ(exit, 0) << text;
  EXPECT_NE(text.find("foreign key notes_plan of public.notes is in force for new rows and not validated"), std::string::npos) << text;
  EXPECT_EQ(referred("notes_plan"), "plans false");
  sql.exec("delete from notes");
  expect_done(flip("cutover"));
  EXPECT_EQ(referred("notes_plan"), "plans true") << "the command again finishes what is left";
}

/// v2 has none of it: what it did happens no more.
TEST_F(InventoryTest, ARuleOfV1sOwnTableIsNamed) {
  move.sql().exec("create rule tell as on delete to exercises do also notify gone");
  const auto [exit, text] = move.call({"plan"});
  EXPECT_NE(text.find("rule tell on public.exercises"), std::string::npos) << text;
}

TEST_F(InventoryTest, WhoHasANameThatATableIsToHaveIsSaidWithWhatRenamesIt) {
  move.sql().exec("create view weeks as select 1 as one; create sequence exercises_v1; create type plans_v1 as enum ('a')");
  const auto text = refused("cutover");
  EXPECT_NE(text.find("name taken: public.weeks, a view, has the name that table gym_v2.weeks is to have\n  mend: alter view public.weeks rename to …;"), std::string::npos) << text;
  EXPECT_NE(text.find("public.exercises_v1, a sequence, has the name that table public.exercises, retired, is to have"), std::string::npos) << text;
  EXPECT_NE(text.find("public.plans_v1, a type, has the name that table public.plans, retired, is to have"), std::string::npos) << text;
}

/// One that forbids changes of tables is no row's fault, and known before.
TEST_F(InventoryTest, AnEventTriggerIsNamedAndWhereItRefusesTheFlipItIsSaidWhich) {
  move.sql().exec("create function frozen() returns event_trigger language plpgsql as $$ begin raise exception 'no % today', tg_tag; end $$;"
                  "create event trigger frozen_tables on ddl_command_start when tag in ('ALTER TABLE') execute function frozen();"
                  "create event trigger unconcerned on ddl_command_start when tag in ('CREATE CAST', 'DROP CAST') execute function frozen();"
                  "create event trigger resting on ddl_command_start execute function frozen(); alter event trigger resting disable");
  for (const auto& words : std::vector<std::vector<std::string>>{{"plan"}, {"cutover", "writes", "--dry-run"}}) {
    const auto [exit, text] = move.call(words);
    EXPECT_EQ(exit, 0) << text;
    EXPECT_NE(text.find("event trigger frozen_tables"), std::string::npos) << text;
    EXPECT_NE(text.find("calls public.frozen() at ddl_command_start: ALTER TABLE"), std::string::npos) << text;
    EXPECT_NE(text.find("is set off by the flip, which it can refuse"), std::string::npos) << text;
    EXPECT_EQ(text.find("unconcerned"), std::string::npos) << text;
    EXPECT_EQ(text.find("resting"), std::string::npos) << text;
  }
  const auto [exit, text] = move.call(flip("cutover"));
  EXPECT_EQ(exit, 3) << text;
  EXPECT_NE(text.find("no ALTER TABLE today"), std::string::npos) << text;
  EXPECT_NE(text.find("event trigger frozen_tables is set off by what a flip does to the tables"), std::string::npos) << text;
  EXPECT_EQ(text.find("source row"), std::string::npos) << text;
  EXPECT_EQ(direction(), "forward");
  move.sql().exec("alter event trigger frozen_tables disable; update exercises set title = 'goes on' where id = 3");
  move.expect_equal();
  expect_done(flip("cutover"));
  move.sql().exec("alter event trigger frozen_tables enable");
  const auto [back, refused] = move.call(flip("rollback"));
  EXPECT_EQ(back, 3) << refused;
  EXPECT_NE(refused.find("event trigger frozen_tables is set off by what a flip does to the tables"), std::string::npos) << refused;
  move.sql().exec("drop event trigger frozen_tables");
  expect_v1_follows(move);
  expect_done(flip("rollback"));
}

TEST_F(InventoryTest, WhatCannotGoAlongHoldsTheFlipUpByName) {
  move.sql().exec("create view report as select duration from plans; create materialized view summary as select count(*) from exercises;"
                  "create function count_plans() returns bigint language plpgsql as $$ begin return (select count(*) from plans); end $$;"
                  "create function all_plans() returns setof plans language sql as 'select * from public.plans';"
                  "create function unrelated() returns text language plpgsql as $$ begin return 'plans'; -- from plans\n end $$;"
                  "alter table exercises add unique (id, day);"
                  "create table sets (id int, day int, constraint sets_day foreign key (id, day) references exercises (id, day));"
                  "create publication elsewhere for table plans; create publication crossfade_of_others for table plans");
  const auto text = refused("cutover");
  for (const auto* each : {"view public.report (reads it: public.plans) keeps to the old table", "materialized view public.summary (reads it: public.exercises)",
                           "function public.count_plans() (its text names public.plans) meets another table by that name",
                           "function public.all_plans() (takes or returns its row type: public.plans)", "publication elsewhere (publishes it: public.plans)", "publication crossfade_of_others (publishes it: public.plans)",
                           "foreign key sets_day of public.sets (refers to public.exercises (id, day)) cannot follow: gym_v2.exercises has no unique key (id, day)",
                           "cutover: {inventory: {\"view public.report\": keep}}"}) {
    EXPECT_NE(text.find(each), std::string::npos) << each << " in " << text;
  }
  EXPECT_EQ(text.find("unrelated"), std::string::npos) << text;
  EXPECT_EQ(direction(), "forward");
  const auto [exit, plan] = move.call({"plan"});
  EXPECT_EQ(exit, 0) << plan;
  EXPECT_NE(plan.find("view public.report"), std::string::npos) << plan;
  EXPECT_NE(plan.find("The cutover of the writes will not begin"), std::string::npos) << plan;
}

TEST_F(InventoryTest, AFunctionIsSeenToNameATableHoweverItDoes) {
  auto& sql = move.sql();
  const std::vector<std::pair<std::string, std::string>> bodies = {
      {"between_comments", "begin /* a */ return (select count(*) from plans); /* b */ end"},
      {"one_of_three", "begin return (select count(*) from a, b x, plans); end"},
      {"after_a_join", "begin return (select count(*) from a join b on a.id = f(b.id), only plans p where true); end"},
      {"type_of_column", "declare d plans.duration%type; begin return d; end"},
      {"locks", "begin lock plans in share mode; return 1; end"},
      {"locks_several", "begin lock table a, plans in share mode; return 1; end"},
      {"copies", "begin copy plans to '/dev/null'; return 1; end"},
      {"by_a_string", "begin execute 'select 1 -- ' || E'\\n' || ' from plans'; return 1; end"}};
  const std::vector<std::pair<std::string, std::string>> others = {
      {"in_a_comment", "begin /* from plans */ return 1; /* from plans ** */ end -- from plans"},
      {"as_a_column", "begin return (select count(*) from a order by b, plans); end"},
      {"as_an_argument", "begin return (select count(*) from f(a, plans)); end"}};
  for (const auto* all : {&bodies, &others}) {
    for (const auto& [name, body] : *all) sql.exec(fmt::format("set check_function_bodies = off; create function {}() returns bigint language plpgsql as $body$ {} $body$", name, body));
  }
  const auto text = refused("cutover");
  for (const auto& [name, body] : bodies) EXPECT_NE(text.find("function public." + name + "() (its text names public.plans)"), std::string::npos) << body << " in " << text;
  for (const auto& [name, body] : others) EXPECT_EQ(text.find("function public." + name + "()"), std::string::npos) << body << " in " << text;
}

TEST_F(InventoryTest, MigrationYamlSaysOfAKindOrOfAnObjectThatItStays) {
  move.sql().exec("create view report as select duration from plans; create view other as select duration from plans;"
                  "create function count_plans() returns bigint language plpgsql as $$ begin return (select count(*) from plans); end $$;"
                  "create table notes (plan_id int constraint notes_plan references plans)");
  say("view: keep, \"foreign key notes_plan of public.notes\": keep");
  const auto text = refused("cutover");
  EXPECT_EQ(text.find("report"), std::string::npos) << text;
  EXPECT_NE(text.find("count_plans"), std::string::npos) << text;
  move.sql().exec("drop function count_plans()");
  expect_done(flip("cutover"));
  EXPECT_EQ(referred("notes_plan"), "plans_v1 true");
  EXPECT_EQ(move.sql().value("select detail -> 'inventory' @> '[{\"object\": \"view public.report\", \"handling\": \"kept, as migration.yaml says\"}]' from crossfade.audit "
                             "where action = 'cutover writes'"), "t");
}

TEST_F(InventoryTest, WhatIsSaidOfATableElsewhereIsNamed) {
  auto& sql = move.sql();
  with_roles({"gym_reader"});
  sql.exec("comment on table plans is 'mine'; comment on column plans.owner is 'whose'; comment on column plans.duration is 'v2 has none'; create statistics pair on id, owner from plans;"
           "alter default privileges in schema public grant select on tables to gym_reader;"
           "create schema cron; create table cron.job (jobid int, jobname text, command text); insert into cron.job values (1, 'nightly', 'delete from public.plans'), (2, 'other', 'select 1 from explanations');"
           "create type holder as (p plans); create publication everything for all tables");
  const auto text = move.call({"plan"}).second;
  for (const auto* each : {"comment on public.plans", "of its columns owner; when the writes move it stays with the old table", "statistics public.pair", "default privileges in schema public",
                           "give select to gym_reader on tables that postgres makes there", "job nightly", "of pg_cron, names public.plans", "type public.holder", "has its row type in it: public.plans",
                           "publication everything", "publishes it with all others: public.exercises, public.plans"}) {
    EXPECT_NE(text.find(each), std::string::npos) << each << " in " << text;
  }
  EXPECT_EQ(text.find("job other"), std::string::npos) << text;
  sql.exec("drop publication everything; drop type holder");
  say("comment: carry");
  expect_done(flip("cutover"));
  EXPECT_EQ(sql.value("select obj_description('plans'::regclass, 'pg_class') || ' ' || col_description('plans'::regclass, 2)"), "mine whose");
  sql.exec("drop schema cron cascade; alter default privileges in schema public revoke select on tables from gym_reader");
}

TEST_F(InventoryTest, SettingsOfATableAreNamedAndCarried) {
  auto& sql = move.sql();
  sql.exec("alter table exercises set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01); alter table gym_v2.exercises set (fillfactor = 90);"
           "alter table exercises alter column title set statistics 500; alter table exercises alter column plan_id set (n_distinct = 100); alter table exercises cluster on exercises_pkey;"
           "alter table plans alter column owner set storage external, alter column owner set compression pglz, alter column duration set statistics 9");
  const auto text = move.call({"plan"}).second;
  for (const auto* each : {"settings of public.exercises", "(n_distinct=100) of plan_id, autovacuum_vacuum_scale_factor=0.01, clustered on public.exercises_pkey", "settings of public.plans",
                           "compression pglz of owner, storage external of owner; when the writes move it stays with the old table"}) {
    EXPECT_NE(text.find(each), std::string::npos) << each << " in " << text;
  }
  say("settings: carry");
  expect_done(flip("cutover"));
  EXPECT_EQ(sql.value("select reloptions from pg_class where oid = 'exercises'::regclass"), "{fillfactor=90,autovacuum_vacuum_scale_factor=0.01}");
  EXPECT_EQ(sql.value("select attstorage::text || ' ' || attcompression::text from pg_attribute where attrelid = 'plans'::regclass and attname = 'owner'"), "e p");
  EXPECT_EQ(sql.value("select attoptions from pg_attribute where attrelid = 'exercises'::regclass and attname = 'plan_id'"), "{n_distinct=100}");
}

TEST_F(InventoryTest, SettingsOfItsToastAndItsReplicaIdentityAreNamedAndCarried) {
  auto& sql = move.sql();
  sql.exec("alter table exercises set (toast.autovacuum_enabled = false); create unique index by_plan on exercises (plan_id, id);"
           "alter table exercises replica identity using index by_plan; alter table plans replica identity full;"
           "set allow_system_table_mods = on; insert into pg_seclabel select 'plans'::regclass, 'pg_class'::regclass, 2, 'dummy', 'secret'; reset allow_system_table_mods");
  const auto text = move.call({"plan"}).second;
  for (const auto* each : {"replica identity using index by_plan, toast.autovacuum_enabled=false; when the writes move it stays with the old table", "settings of public.plans: replica identity full",
                           "security label of public.plans: dummy says 'secret' of owner"}) {
    EXPECT_NE(text.find(each), std::string::npos) << each << " in " << text;
  }
  say("settings: carry");
  expect_done(flip("cutover"));
  EXPECT_EQ(sql.value("select t.reloptions from pg_class c join pg_class t on t.oid = c.reltoastrelid where c.oid = 'exercises'::regclass"), "{autovacuum_enabled=false}");
  EXPECT_EQ(sql.value("select relreplident from pg_class where oid = 'plans'::regclass"), "f");
  sql.exec("set allow_system_table_mods = on; delete from pg_seclabel; reset allow_system_table_mods");
}

TEST_F(InventoryTest, ATableOfOneNameOnBothSidesThatTakesTheOthersStatementsIsNamed) {
  const auto text = move.call({"cutover", "writes", "--dry-run"}).second;
  EXPECT_NE(text.find("table public.plans, has its name on both sides · to know · in the flip: takes inserts that were written for v1, unless they name duration · "
                      "in a rollback: takes inserts that were written for v2, if they name no more than id, owner"), std::string::npos) << text;
  EXPECT_NE(text.find("table public.exercises, has its name on both sides · to know · in the flip: refuses inserts that were written for v1 · "
                      "in a rollback: takes inserts that were written for v2, if they name no more than id, plan_id, title"),
            std::string::npos)
      << text;
}

TEST_F(InventoryTest, WhatAnInsertThatWasWrittenForTheOtherSideMayNotSayOrLeaveOutIsNamed) {
  auto& sql = move.sql();
  sql.exec("alter table plans alter owner set default 'nobody', add kind text default 'a', add sum int default 0; alter table gym_v2.plans add kind text, add sum int generated always as (id + 1) stored");
  const auto text = move.call({"cutover", "writes", "--dry-run"}).second;
  EXPECT_NE(text.find("table public.plans, has its name on both sides · to know · in the flip: takes inserts that were written for v1, unless they name duration, sum or leave out owner; "
                      "leaves kind empty where v1 has a default · in a rollback: takes inserts that were written for v2, if they name no more than id, owner, kind"),
            std::string::npos)
      << text;
}

TEST_F(InventoryTest, WhatStandsInTheShadowSchemaBesideTheTablesGoesAlongAndBack) {
  auto& sql = move.sql();
  sql.exec("create domain gym_v2.short as text; create type gym_v2.mood as enum ('good'); create sequence gym_v2.numbers; create type gym_v2.taken as enum ('a');"
           "create type public.taken as enum ('b'); alter table gym_v2.exercises add mood gym_v2.mood, add number bigint default nextval('gym_v2.numbers');"
           "create type gym_v2.span as range (subtype = int4)");
  // That is said of those of v1.
  say("sequence: accept");
  expect_done(flip("cutover"));
  EXPECT_EQ(sql.value("select concat_ws(' ', to_regtype('short'), to_regtype('mood'), to_regclass('numbers'), to_regtype('gym_v2.taken'))"), "short mood numbers gym_v2.taken");
  EXPECT_EQ(sql.value("select concat_ws(' ', to_regtype('span'), to_regtype('span_multirange'))"), "span span_multirange");
  sql.exec("update exercises set mood = 'good' where id = 3");
  expect_v1_follows(move);
  expect_done(flip("rollback"));
  EXPECT_EQ(sql.value("select concat_ws(' ', to_regtype('gym_v2.short'), to_regtype('gym_v2.mood'), to_regclass('gym_v2.numbers'), to_regtype('short'))"),
            "gym_v2.short gym_v2.mood gym_v2.numbers");
  EXPECT_EQ(sql.value("select concat_ws(' ', to_regtype('gym_v2.span'), to_regtype('gym_v2.span_multirange'))"), "gym_v2.span gym_v2.span_multirange");
  sql.exec("update exercises set title = 'v1 again' where id = 3");
  EXPECT_TRUE(eventually([&] { return sql.value("select title || mood from gym_v2.exercises where id = 3") == "v1 againgood"; }, kLimit));
  EXPECT_EQ(sql.value("select count(*) from crossfade.moved"), "0");
}

TEST_F(InventoryTest, AForeignKeyOfV1HoldsForV2AsLongAsItIsWrittenWhereThatIsSaid) {
  auto& sql = move.sql();
  sql.exec("create table owners (name text primary key); insert into owners select distinct owner from plans; insert into owners values ('leaves');"
           "alter table plans add constraint plans_owner foreign key (owner) references owners on delete cascade");
  const auto said = move.call({"plan"}).second;
  EXPECT_NE(said.find("cutover: {inventory: {\"constraint plans_owner of public.plans\": carry}}"), std::string::npos) << said;
  say("\"constraint plans_owner of public.plans\": carry");
  for (int cycle = 0; cycle < 2; ++cycle) {
    SCOPED_TRACE(cycle);
    prove();
    expect_done(flip("cutover"));
    EXPECT_EQ(referred("plans_owner"), "owners true") << "of v2's table, since it has the name, and of v1's";
    EXPECT_EQ(sql.value("select count(*) from pg_constraint where conname = 'plans_owner'"), "2");
    sql.exec("insert into owners values ('leaves') on conflict do nothing; insert into plans values (800, 'leaves'); insert into exercises values (8000, 800, 'leaves', 'x')");
    expect_v1_follows(move);
    EXPECT_THROW(sql.exec("insert into plans values (801, 'nobody')"), std::runtime_error);
    sql.exec("delete from exercises where plan_id = 800; delete from owners where name = 'leaves'");
    expect_v1_follows(move);
    EXPECT_EQ(sql.value("select (select count(*) from plans where id = 800) + (select count(*) from plans_v1 where id = 800) + (select count(*) from crossfade.quarantine)"), "0");
    expect_done(flip("rollback"));
    EXPECT_EQ(sql.value("select count(*) from pg_constraint where conname = 'plans_owner'"), "1") << "v2 is written by the engine alone";
    EXPECT_EQ(sql.value("select count(*) from crossfade.moved"), "0");
    move.expect_equal();
  }
}

/// v2's plans refer to a table that stays.
fs::path folder_with_owners() {
  auto folder = folder_of_gym();
  std::ofstream(folder / "v1.sql", std::ios::app) << "create table owners (name text primary key); insert into owners select distinct owner from plans;\n";
  std::ofstream(folder / "v2.sql", std::ios::app) << "alter table gym_v2.plans add constraint \"plans 100%\" foreign key (owner) references public.owners on update cascade;\n"
                                                     "comment on constraint \"plans 100%\" on gym_v2.plans is 'mine, 100%';\n";
  return folder;
}

class ReferenceTest : public GymWrites {
 protected:
  ReferenceTest() : GymWrites(shared_server(), folder_with_owners()) {}

  std::string references() {
    return move.sql().value("select string_agg(concat_ws(' ', conrelid::regclass, pg_get_constraintdef(oid), convalidated, obj_description(oid, 'pg_constraint')), ', ') "
                            "from pg_constraint where conname = 'plans 100%'");
  }
};

TEST_F(ReferenceTest, AKeyToATableThatStaysComesWithV2AndIsLeftOutAgain) {
  ASSERT_EQ(references(), "");
  const auto [exit, text] = move.call({"cutover", "writes", "--dry-run"});
  EXPECT_EQ(exit, 0) << text;
  EXPECT_NE(text.find("reference plans 100% to public.owners of gym_v2.plans, left out, so that nobody who writes there waits for the daemon · carried · in the flip: "
                      "comes back, and is validated after the commit"), std::string::npos) << text;
  for (int round = 0; round < 2; ++round) {
    expect_done(flip("cutover"));
    EXPECT_EQ(references(), "plans FOREIGN KEY (owner) REFERENCES owners(name) ON UPDATE CASCADE t mine, 100%");
    EXPECT_EQ(move.sql().value("select (select count(*) from crossfade.unvalidated) + (select count(*) from crossfade.deferred)"), "0");
    expect_v1_follows(move);
    prove();
    expect_done(flip("rollback"));
    EXPECT_EQ(references(), "");
    move.expect_equal();
    prove();
  }
}

TEST_F(ReferenceTest, ARowThatBreaksItIsSaidAndTheFlipStands) {
  move.sql().exec("delete from owners where name = 'owner 3'");
  const auto [exit, text] = move.call(flip("cutover"));
  EXPECT_EQ(exit, 0) << text;
  EXPECT_NE(text.find("foreign key plans 100% of public.plans is in force for new rows and not validated"), std::string::npos) << text;
  move.sql().exec("insert into owners values ('owner 3')");
  expect_done(flip("cutover"));
  EXPECT_NE(references().find(" t mine"), std::string::npos) << "the command again finishes what is left";
}

TEST_F(ReferenceTest, OneThatCannotComeBackHoldsTheFlipUpUntilItIsSaid) {
  move.sql().exec("drop table owners");
  auto [exit, text] = move.call(flip("cutover"));
  EXPECT_EQ(exit, 5) << text;
  EXPECT_NE(text.find("cannot come back: the table it refers to is gone"), std::string::npos) << text;
  std::ofstream(move.folder() / "migration.yaml", std::ios::app) << "cutover: {inventory: {reference: accept}}\n";
  expect_done(flip("cutover"));
  EXPECT_EQ(references(), "");
}

/// Where nothing is said v2's tables go to public.
TEST(InventoryOfSchemasTest, ASchemaInWhichNoneOfV1sTablesStandsIsInTheWay) {
  SmallMove move(SmallMigration{"create schema app; create table app.a (id int primary key, x text); insert into app.a values (1, 'a')", "create table small_v2.a (id int primary key, x text, y int)",
                                "create view small_map.a as select id, x from app.a", ""});
  move.follow();
  const auto [exit, text] = move.call({"cutover", "writes", "--dry-run"});
  EXPECT_NE(text.find("schema public"), std::string::npos) << text;
  EXPECT_NE(text.find("v1's tables stand in app"), std::string::npos) << text;
  EXPECT_NE(text.find("begin anew with schemas: {source: app} in migration.yaml"), std::string::npos) << text;
  EXPECT_EQ(text.find("has its name on both sides"), std::string::npos) << text;
}

}  // namespace
}  // namespace crossfade::test
