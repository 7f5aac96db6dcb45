#include <fmt/format.h>

#include <fstream>

#include "amend_fixture.h"
#include "support/flip.h"

namespace crossfade::test {
namespace {

/// What v2.sql says is carried over, or named; nothing of it is passed over.
class AmendV2Test : public AmendTest {
 protected:
  void append(const std::string& text) { std::ofstream(folder / "v2.sql", std::ios::app) << text; }
  std::string said() {
    return value("select concat_ws(' ', c.relrowsecurity, c.relreplident, c.reloptions, obj_description(c.oid, 'pg_class'), col_description(c.oid, 2), "
                 "(select count(*) from pg_policy p where p.polrelid = c.oid), (select count(*) from pg_statistic_ext s where s.stxrelid = c.oid), "
                 "has_table_privilege('public', c.oid, 'select')) from pg_class c where c.oid = 'gym_v2.plans'::regclass");
  }
};

TEST_F(AmendV2Test, PoliciesCommentsPrivilegesAndOptionsComeAndGo) {
  follow();
  const auto before = text_of("v2.sql");
  const auto at_first = said();
  append("alter table gym_v2.plans enable row level security, replica identity full, set (fillfactor = 70);\n"
         "create policy mine on gym_v2.plans for select using (owner = current_user);\n"
         "comment on table gym_v2.plans is 'who trains';\ncomment on column gym_v2.plans.owner is 'whose';\n"
         "create statistics gym_v2.together on id, owner from gym_v2.plans;\ngrant select on gym_v2.plans to public;\n");
  const auto done = amend();
  EXPECT_TRUE(names(done, "policy mine on gym_v2.plans comes") && names(done, "as they are: ")) << done;
  EXPECT_EQ(said(), "t f {fillfactor=70} who trains whose 1 1 t");
  std::ofstream(folder / "v2.sql") << before;
  EXPECT_TRUE(names(amend(), "policy mine on gym_v2.plans goes"));
  EXPECT_EQ(said(), at_first);
  expect_made_good();
  amend({"--undo"});
  EXPECT_EQ(said(), "t f {fillfactor=70} who trains whose 1 1 t");
  expect_made_good();
}

TEST_F(AmendV2Test, WhatIsNotCarriedOverIsNamedWhenItComesAndWhenItGoes) {
  append("create function gym_v2.f() returns int language sql as 'select 1';\n");
  follow();
  const auto before = text_of("v2.sql");
  edit("v2.sql", "create function gym_v2.f() returns int language sql as 'select 1';\n", "create function gym_v2.g() returns trigger language plpgsql as 'begin return new; end';\n"
                 "create trigger t before insert on gym_v2.weeks for each row execute function gym_v2.g();\n");
  const auto told = amend({}, ExitCode::kPrecondition);
  EXPECT_TRUE(names(told, "function gym_v2.f() is there, and v2.sql says so no longer") && names(told, "function gym_v2.g() is not there") &&
              names(told, "trigger t on gym_v2.weeks is not there") && names(told, "--ddl")) << told;
  std::ofstream(folder / "v2.sql") << before;
  edit("v2.sql", "create function gym_v2.f() returns int language sql as 'select 1';\n", "");
  amend({"--ddl", ddl("drop function gym_v2.f()").string()});
  expect_made_good();
}

/// As those that a new key does not admit; and what they are mended to is admitted by what is in force by then.
TEST_F(AmendV2Test, RowsThatANewCheckDoesNotAdmitAreSetAside) {
  move->sql().exec("alter table exercises add weight int default 1; update exercises set title = repeat('x', 30) where id in (5, 6); update exercises set weight = null where id in (6, 7)");
  edit("v2.sql", "title varchar(40) not null", "title varchar(40) not null, weight int");
  edit("mapping.sql", "e.title", "e.title, e.weight");
  follow();
  edit("v2.sql", "title varchar(40) not null, weight int", "title varchar(40) not null constraint short check (length(title) < 20), weight int not null");
  amend();
  const auto set_aside = [&] { return value("select string_agg(key[1] || ' ' || sqlstate, ', ' order by key[1]::int) from crossfade.quarantine"); };
  EXPECT_TRUE(eventually([&] { return set_aside() == "5 23514, 6 23502, 7 23502" || set_aside() == "5 23514, 6 23514, 7 23502"; }, kLimit)) << set_aside();
  EXPECT_TRUE(eventually([&] { return value("select attnotnull and not exists (select from pg_constraint where conrelid = attrelid and not convalidated) from pg_attribute "
                                            "where attrelid = 'gym_v2.exercises'::regclass and attname = 'weight'") == "t"; }, kLimit));
  move->sql().exec("update exercises set title = 'short', weight = 2 where id in (5, 6, 7)");
  EXPECT_TRUE(eventually([&] { return set_aside().empty(); }, kLimit)) << set_aside();
  expect_made_good();
}

/// Once the writes have moved its tables are the application's: what v2.sql says and they lack would never come.
TEST_F(AmendV2Test, WhileV2IsWrittenItsFileIsHeldAgainstItsTables) {
  append("create type gym_v2.level as enum ('easy', 'hard');\ncreate function gym_v2.top() returns int language sql as 'select 40';\n"
         "alter table gym_v2.plans add column level gym_v2.level not null default 'easy'::gym_v2.level, add column serial_no serial, add column top int default gym_v2.top();\n");
  follow();
  flip_writes(*move);
  expect_v1_follows(*move);
  const auto before = text_of("v2.sql");
  append("alter table gym_v2.exercises add column w int not null default 4, add constraint len check (length(title) < 50);\ncreate index by_title on gym_v2.exercises (title);\n"
         "comment on table gym_v2.exercises is 'c';\ncreate table gym_v2.b (id int primary key);\nalter table gym_v2.weeks alter column number type bigint;\n");
  for (const bool dry_run : {true, false}) {
    const auto told = amend(dry_run ? std::vector<std::string>{"--dry-run"} : std::vector<std::string>{}, ExitCode::kPrecondition);
    for (const auto* lacking : {"column exercises.w integer is added", "len on public.exercises is added", "by_title is added", "comment on table public.exercises comes", "table b is added",
                                "column weeks.number is bigint instead of integer"}) {
      EXPECT_TRUE(names(told, std::string(lacking) + ", which amend does not carry over while v2 owns the data")) << lacking << "\n" << told;
    }
    EXPECT_FALSE(names(told, "level") || names(told, "serial_no") || names(told, "top") || names(told, "plans")) << "what it has is there: " << told;
    EXPECT_TRUE(names(told, "Bring it with --ddl FILE")) << told;
  }
  EXPECT_EQ(value("select max(number) from crossfade.edition"), "1");
  // What is brought is taken, and what is not is still named.
  const std::string all_but_b = "alter table exercises add column w int not null default 4, add constraint len check (length(title) < 50); create index by_title on exercises (title);"
                                "comment on table exercises is 'c'; alter table weeks alter column number type bigint";
  const auto told = amend({"--ddl", ddl(all_but_b).string()}, ExitCode::kPrecondition);
  EXPECT_TRUE(names(told, "table b is added, which") && !names(told, "exercises.w") && !names(told, "by_title")) << told;
  EXPECT_EQ(value("select count(*) from pg_attribute where attrelid = 'exercises'::regclass and attname = 'w'"), "0") << "nothing has changed";
  amend({"--ddl", ddl(all_but_b + "; create table b (id int primary key)").string()});
  EXPECT_EQ(value("select max(number) from crossfade.edition"), "2");
  // By hand is as good; and what goes is held against them, too.
  move->sql().exec("alter table exercises add column by_hand text");
  append("alter table gym_v2.exercises add column by_hand text;\n");
  amend();
  EXPECT_TRUE(names(amend({"--undo"}, ExitCode::kPrecondition), "column exercises.by_hand is dropped, which"));
  amend({"--undo", "--ddl", ddl("alter table exercises drop column by_hand").string()});
  std::ofstream(folder / "v2.sql") << before;
  const auto gone = amend({}, ExitCode::kPrecondition);
  EXPECT_TRUE(names(gone, "column exercises.w is dropped, which") && names(gone, "table b is dropped, with its rows, which")) << gone;
  amend({"--to-folder"});
  move->sql().exec("update exercises set title = 'by v2' where id = 7");
  EXPECT_TRUE(eventually([&] { return value("select title from exercises_v1 where id = 7") == "by v2"; }, kLimit));
}

TEST_F(AmendV2Test, ValuesThatAreNoneOfAColumnsNewTypeComeFromTheView) {
  follow();
  edit("v2.sql", "title varchar(40) not null", "title date not null");
  edit("mapping.sql", "p.owner, e.title", "p.owner, date '2026-01-01' + e.id as title");
  const auto done = amend();
  EXPECT_TRUE(names(done, "column exercises.title is empty until it is filled from the view")) << done;
  expect_made_good();
  EXPECT_EQ(value("select title from gym_v2.exercises where id = 7"), "2026-01-08");
  EXPECT_TRUE(eventually([&] { return value("select attnotnull from pg_attribute where attrelid = 'gym_v2.exercises'::regclass and attname = 'title'") == "t"; }, kLimit));
}

TEST_F(AmendV2Test, OfAKeyAPersonSaysWhatBecomesOfTheValues) {
  follow();
  edit("v2.sql", "number int not null check (number > 0)", "number date not null");
  edit("mapping.sql", "w.number from", "date '2026-01-01' + w.number as number from");
  const auto told = amend({}, ExitCode::kPrecondition);
  EXPECT_TRUE(names(told, R"(--ddl FILE: alter table "gym_v2"."weeks" alter column "number" type date using …)")) << told;
  EXPECT_EQ(value("select max(number) from gym_v2.weeks"), "4");
  amend({"--ddl", ddl("alter table gym_v2.weeks drop constraint weeks_number_check, alter column number type date using date '2026-01-01' + number").string()});
  expect_made_good();
  EXPECT_EQ(value("select max(number) from gym_v2.weeks"), "2026-01-05");
}

TEST_F(AmendV2Test, RowsThatANewKeyDoesNotAdmitAreSetAside) {
  move->sql().exec("update exercises set title = 'the same' where id in (7, 8)");
  follow();
  EXPECT_EQ(value("select count(*) from gym_v2.exercises where title = 'the same'"), "2");
  const auto told = amend({"--ddl", ddl("alter table gym_v2.exercises add unique (title)").string()}, ExitCode::kUsage);
  EXPECT_TRUE(names(told, "could not create unique index")) << told;
  EXPECT_EQ(value("select max(number) from crossfade.edition"), "1");
  edit("v2.sql", "title varchar(40) not null", "title varchar(40) not null unique");
  amend({"--ddl", ddl("alter table plans add column note text").string()});
  EXPECT_TRUE(eventually([&] { return value("select string_agg(sqlstate, ' ') from crossfade.quarantine") == "23505"; }, kLimit)) << move->daemon_log();
  EXPECT_EQ(value("select count(*) from gym_v2.exercises where title = 'the same'"), "1");
  move->sql().exec("update exercises set title = 'another' where id = 8");
  expect_made_good();
  EXPECT_EQ(value("select count(*) from gym_v2.exercises where id in (7, 8)"), "2");
}

TEST_F(AmendV2Test, AKeyThatRowsBreakToWhichOthersReferIsLeftOutAndSaid) {
  follow();
  edit("v2.sql", "owner text not null\n);", "owner text not null unique\n);");
  amend();
  EXPECT_TRUE(move->logged("a key or an index cannot be built, and is left out")) << move->daemon_log();
  expect_made_good();
  const auto list = move->call({"cutover", "reads", "--dry-run"}).second;
  EXPECT_TRUE(names(list, "1 keys or indexes that the backfill took off are not back")) << list;
}

TEST_F(AmendV2Test, AColumnThatAllTakesOverIsFollowedByItself) {
  edit("v2.sql", "create table gym_v2.plans (\n  id int primary key,\n  owner text not null\n);", "create table gym_v2.plans (like public.plans including all);");
  edit("mapping.sql", "select id, owner from public.plans", "select * from public.plans");
  edit("migration.yaml", "migration: gym\n", "migration: gym\namend: auto\n");
  follow();
  move->sql().exec("alter table plans add column note text not null default 'none'; alter table exercises add column sets int");
  EXPECT_TRUE(eventually([&] { return value("select count(*) from crossfade.edition where who = 'auto'") == "1"; }, kLimit)) << move->daemon_log();
  move->sql().exec("update plans set note = 'a word' where id = 8");
  expect_made_good();
  EXPECT_EQ(value("select string_agg(distinct note, ' ' order by note) from gym_v2.plans"), "a word none");
  EXPECT_TRUE(names(move->call({"history"}).second, "column public.plans.note has come"));
  move->sql().exec("alter table exercises add column reps int");
  EXPECT_TRUE(eventually([&] { return value("select count(*) from crossfade.source_column where name = 'reps'") == "1"; }, kLimit)) << move->daemon_log();
  expect_made_good();
}

}  // namespace
}  // namespace crossfade::test
