#include <fmt/format.h>

#include <fstream>
#include <functional>
#include <iterator>

#include "support/major.h"
#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// Migration marks, followed. What its rows are made by changes, and no row does.
class ShapeTest : public testing::Test {
 protected:
  ShapeTest() {
    move.start_daemon();
    move.expect_equal();
  }

  /// Until every target is as its view, and the flips are told nothing else.
  void expect_made_good() {
    EXPECT_TRUE(eventually([&] { return said().empty() && differing() == "0"; }, kLimit)) << differing() << " rows differ; " << said();
    EXPECT_TRUE(move.daemon().running());
  }
  std::string differing() {
    return move.sql().value(
        "select (select count(*) from (select * from marks_map.mark except select id, grade, mood from marks_v2.mark) a)"
        " + (select count(*) from (select * from marks_v2.mark except select * from marks_map.mark) b)"
        " + (select count(*) from ((select * from marks_map.event except select * from marks_v2.event) union all"
        " (select * from marks_v2.event except select * from marks_map.event)) c)"
        " + (select count(*) from ((select * from marks_map.day except select * from marks_v2.day) union all"
        " (select * from marks_v2.day except select * from marks_map.day)) d)");
  }
  std::string said() { return move.sql().value("select string_agg(detail, '; ') from crossfade.shape_changes('marks')"); }

  /// A daemon leads and waits: every target is parked, and it is said what is missing.
  void expect_parked() {
    EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.parked where message like '%marks_v2 has no table%'") == "3"; }, kLimit));
    const auto status = move.call({"status"}).second;
    EXPECT_NE(status.find("marks_v2 has no table mark"), std::string::npos) << status;
    EXPECT_EQ(status.find("no daemon"), std::string::npos) << status;
    EXPECT_TRUE(move.daemon().running());
  }

  /// Targets that were filled anew since.
  std::string filled_since(const std::string& time) {
    return move.sql().value(fmt::format("select string_agg(target, ' ' order by target) from crossfade.backfill where started_at > '{}'", time));
  }
  std::string now() { return move.sql().value("select clock_timestamp()"); }

  Move move{test_migration("marks")};
};

TEST_F(ShapeTest, AFunctionThatAViewCallsIsReplaced) {
  move.sql().exec("create or replace function grade(int) returns text language plpgsql immutable as $$ begin return 'about ' || $1; end $$");
  expect_made_good();
  EXPECT_EQ(move.sql().value("select grade from marks_v2.mark where id = 42"), "about 42");
}

TEST_F(ShapeTest, AFunctionThatAFunctionCallsIsReplaced) {
  const auto before = now();
  move.sql().exec("create or replace function verdict(int) returns text language sql immutable as $$ select 'so so' $$");
  expect_made_good();
  EXPECT_EQ(move.sql().value("select distinct grade from marks_v2.mark"), "so so");
  EXPECT_EQ(filled_since(before), "mark") << "others do not call it";
}

TEST_F(ShapeTest, AFunctionThatIsChangedAndChangedBackWithinASecond) {
  move.sql().exec("create or replace function verdict(int) returns text language sql immutable as $$ select 'so so' $$");
  move.sql().exec("update mark set points = points + 1");
  move.sql().exec("create or replace function verdict(int) returns text language sql immutable as "
                  "$$ select case when $1 > 50 then 'pass' else 'fail' end $$");
  expect_made_good();
}

/// Whoever wrote while `mark` was not published commits after the writers of the first change are gone.
TEST_F(ShapeTest, AChangeThatComesWhileAnotherIsWaitedForIsWaitedForToo) {
  const auto republish = [&](const std::string& table, const std::function<void()>& meanwhile) {
    move.sql().exec("alter publication crossfade_marks drop table " + table);
    meanwhile();
    move.sql().exec("alter publication crossfade_marks add table " + table);
    EXPECT_TRUE(eventually([&] { return said().find("what is published of public." + table + " has changed") != std::string::npos; }, kLimit)) << said();
  };
  Sql first(move.conninfo()), second(move.conninfo());
  first.exec("begin; delete from event where id = 1");
  republish("event", [] {});
  ASSERT_TRUE(move.logged("what is published of public.event has changed"));
  republish("mark", [&] { second.exec("begin; update mark set points = 99 where id = 5"); });
  first.exec("commit");
  EXPECT_FALSE(eventually([&] { return said().empty(); }, std::chrono::seconds(4))) << "the second one's writer is at work";
  second.exec("commit");
  expect_made_good();
  EXPECT_EQ(move.sql().value("select grade from marks_v2.mark where id = 5"), "pass");
}

TEST_F(ShapeTest, WhoKeepsAComparisonWaitingIsNamed) {
  Sql other(move.conninfo());
  other.exec("begin; create temporary table t as select 1");
  move.sql().exec("create or replace function verdict(int) returns text language sql immutable as $$ select 'so so' $$");
  const auto named = [&] {
    const auto status = move.call({"status"}).second;
    return status.find("waits        comparison") != std::string::npos && status.find("create temporary table t") != std::string::npos;
  };
  EXPECT_TRUE(eventually(named, kLimit)) << move.call({"status"}).second;
  EXPECT_TRUE(move.logged("what has changed is compared once those who were at work then are through"));
  other.exec("commit");
  expect_made_good();
  EXPECT_EQ(move.call({"status"}).second.find("waits  "), std::string::npos);
}

TEST_F(ShapeTest, ALabelThatAViewShowsIsRenamed) {
  const auto before = now();
  move.sql().exec("alter type mood add value 'so so'");
  move.sql().exec("alter type mood rename value 'bad' to 'sad'");
  expect_made_good();
  EXPECT_EQ(move.sql().value("select mood from marks_v2.mark where id = 1"), "sad");
  EXPECT_EQ(filled_since(before), "mark");
}

TEST_F(ShapeTest, AViewBetweenIsReplaced) {
  move.sql().exec("create or replace view marks_map.graded as select id, public.grade(points - 10) as grade, mood from public.mark");
  expect_made_good();
  EXPECT_TRUE(move.logged("goes on with what the mapping says now"));
  EXPECT_EQ(move.sql().value("select grade from marks_v2.mark where id = 55"), "fail");
  move.sql().exec("update mark set points = 99 where id = 55");
  expect_made_good();
}

/// No row is written by any of these, and pg_depend names no column of what is read as a whole.
TEST_F(ShapeTest, ARowThatAViewShowsAsAWholeGetsAndLosesColumns) {
  move.sql().exec("alter table mark replica identity full; create or replace view marks_map.graded as select m.id, to_jsonb(m)::text as grade, m.mood from public.mark m");
  expect_made_good();
  const auto before = now();
  move.sql().exec("alter table mark add column note text default 'none'");
  expect_made_good();
  EXPECT_EQ(filled_since(before), "mark");
  move.sql().exec("update mark set note = 'some' where id = 3");
  expect_made_good();
  move.sql().exec("alter table mark rename column note to remark");
  expect_made_good();
  move.sql().exec("alter table mark drop column remark");
  expect_made_good();
  EXPECT_EQ(move.sql().value("select grade from marks_v2.mark where id = 3"), R"({"id": 3, "mood": "bad", "points": 3})");
}

TEST_F(ShapeTest, AnAttributeOfACompositeThatAViewShowsIsCalledOtherwise) {
  move.sql().exec("create type price as (cents int, currency text); alter table mark add column price price default row (5, 'EUR')::price");
  move.sql().exec("create or replace view marks_map.graded as select id, to_jsonb(price)::text as grade, mood from public.mark");
  expect_made_good();
  move.sql().exec("alter type price rename attribute currency to iso cascade");
  expect_made_good();
  move.sql().exec("alter type price add attribute tax int cascade");
  expect_made_good();
  EXPECT_EQ(move.sql().value("select grade from marks_v2.mark where id = 3"), R"({"iso": "EUR", "tax": null, "cents": 5})");
}

TEST_F(ShapeTest, AMappingThatDoesNotFitIsWaitedFor) {
  move.sql().exec("create table curve (id int primary key, points int not null); insert into curve select id, 90 from mark");
  move.sql().exec("create or replace view marks_map.graded as select m.id, public.grade(c.points) as grade, m.mood "
                  "from public.mark m join public.curve c using (id)");
  EXPECT_TRUE(move.logged("which is not among the sources"));
  move.sql().exec("create or replace view marks_map.graded as select id, public.grade(points) as grade, mood from public.mark");
  expect_made_good();
  move.sql().exec("update mark set points = 3 where id = 77");
  expect_made_good();
}

TEST_F(ShapeTest, TheWholeOfV2IsCalledOtherwiseForAWhile) {
  move.sql().exec("alter schema marks_v2 rename to elsewhere");
  move.sql().exec("update mark set points = 3 where id = 77");
  expect_parked();
  move.sql().exec("alter schema elsewhere rename to marks_v2");
  expect_made_good();
}

TEST_F(ShapeTest, TheWholeOfV2IsDroppedAndMadeAnew) {
  move.sql().exec("drop schema marks_v2 cascade; update mark set points = 3 where id = 77");
  expect_parked();
  std::ifstream file(move.folder() / "v2.sql");
  move.sql().exec("create schema marks_v2; set search_path = marks_v2, public; " + std::string{std::istreambuf_iterator<char>(file), {}} + "; reset search_path");
  expect_made_good();
}

TEST_F(ShapeTest, ATableThatInheritsFromASourceIsSaidUntilItDoesNot) {
  move.sql().exec("create table heir () inherits (mark); insert into heir select * from mark where id < 6; update heir set id = id + 5000");
  EXPECT_TRUE(eventually([&] { return said().find("table public.heir inherits from public.mark: its rows are read with those of that one") != std::string::npos; }, kLimit)) << said();
  EXPECT_TRUE(eventually([&] { return differing() == "0"; }, kLimit));
  move.sql().exec("update heir set points = 3; delete from heir where id = 5001");
  const auto [exit, text] = move.call({"verify"});
  EXPECT_NE(exit, 0);
  EXPECT_NE(text.find("alter table public.heir no inherit public.mark"), std::string::npos) << text;
  move.sql().exec("alter table heir no inherit mark");
  expect_made_good();
}

TEST_F(ShapeTest, WhatWasProvedBeforeIsVoid) {
  ASSERT_EQ(move.call({"verify"}).first, 0);
  EXPECT_EQ(move.call({"cutover", "reads", "--dry-run"}).second.find("never compared"), std::string::npos);
  move.sql().exec("create or replace function verdict(int) returns text language sql immutable as $$ select 'so so' $$");
  expect_made_good();
  EXPECT_NE(move.call({"cutover", "reads", "--dry-run"}).second.find("never compared"), std::string::npos);
}

TEST_F(ShapeTest, ChangesAreNoticedAfterARestartToo) {
  move.stop_daemon();
  move.sql().exec("create or replace function verdict(int) returns text language sql immutable as $$ select 'so so' $$");
  move.start_daemon();
  expect_made_good();
}

TEST_F(ShapeTest, APartitionComesWithItsRows) {
  move.sql().exec("create table event_05 (like event including all); insert into event_05 select 10000 + n, date '2024-05-01' + n % 31 from generate_series(1, 300) n;"
                  "alter table event attach partition event_05 for values from ('2024-05-01') to ('2024-06-01')");
  expect_made_good();
  EXPECT_EQ(move.sql().value("select count(*) from marks_v2.event"), "900");
}

TEST_F(ShapeTest, NothingIsSaidToBeReadableThatTheStreamDidNotTell) {
  const auto readable = [&](const std::string& limit) {
    return move.sql().value(fmt::format("select crossfade.wait_for(pg_current_wal_insert_lsn(), '{}')", limit)) == "t";
  };
  for (int n = 1; n <= 3; ++n) {
    SCOPED_TRACE(n);
    move.sql().exec("alter publication crossfade_marks drop table mark; update mark set points = 100 - points where id <= 40");
    EXPECT_FALSE(readable("300 ms"));
    move.sql().exec("alter publication crossfade_marks add table mark");
    EXPECT_TRUE(readable("3 min"));
    EXPECT_EQ(differing(), "0");
    const auto table = fmt::format("event_1{}", n);
    move.sql().exec(fmt::format("create table {0} (like event including all); insert into {0} select 10000 * {1} + n, date '2025-0{1}-01' + n % 28 from generate_series(1, 300) n;"
                                "alter table event attach partition {0} for values from ('2025-0{1}-01') to ('2025-0{2}-01')", table, n, n + 1));
    EXPECT_TRUE(readable("3 min"));
    EXPECT_EQ(differing(), "0");
  }
}

/// The rows that it changed on their way are made good once it has gone, and what was proved of them is void.
TEST_F(ShapeTest, ATriggerOfV2ThatSomebodyMakesForAWhile) {
  EXPECT_EQ(move.call({"verify"}).first, 0);
  move.sql().exec("create function up() returns trigger language plpgsql as $$ begin new.grade := upper(new.grade); return new; end $$;"
                  "create trigger up before insert or update on marks_v2.mark for each row execute function up()");
  move.sql().exec("update mark set points = 100 - points where id <= 40");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from marks_v2.mark where grade = upper(grade)") != "0"; }, kLimit));
  move.sql().exec("drop trigger up on marks_v2.mark");
  expect_made_good();
  move.expect_caught_up();
  EXPECT_NE(move.call({"cutover", "reads", "--dry-run"}).second.find("verif"), std::string::npos) << "what was verified says nothing of it";
}

TEST_F(ShapeTest, APartitionGoesWithItsRows) {
  move.sql().exec("alter table event detach partition event_06");
  expect_made_good();
  EXPECT_EQ(move.sql().value("select count(*) = (select count(*) from event_07) from marks_v2.event"), "t");
}

TEST_F(ShapeTest, APartitionIsEmptiedOnceItHasGone) {
  move.sql().exec("alter table event detach partition event_06; truncate event_06");
  expect_made_good();
  EXPECT_EQ(move.sql().value("select count(*) = (select count(*) from event_07) from marks_v2.event"), "t");
}

TEST_F(ShapeTest, APartitionIsDropped) {
  move.sql().exec("drop table event_06");
  expect_made_good();
}

TEST_F(ShapeTest, APartitionIsTruncatedByItself) {
  move.sql().exec("truncate event_06");
  expect_made_good();
  EXPECT_EQ(move.sql().value("select count(*) from marks_v2.event where day < '2024-07-01'"), "0");
}

TEST_F(ShapeTest, APartitionThatIsMadeEmptyFillsNothingAnew) {
  const auto before = now();
  move.sql().exec("create table event_08 partition of event for values from ('2024-08-01') to ('2024-09-01'); insert into event values (7000, '2024-08-15')");
  expect_made_good();
  EXPECT_EQ(move.sql().value("select count(*) from marks_v2.event where id = 7000"), "1");
  EXPECT_EQ(filled_since(before), "");
}

/// What an aggregate calls is in none of its own texts.
TEST(ShapeOfAnExpressionTest, WhatAColumnIsGeneratedByIsAnotherSince17) {
  CROSSFADE_NEEDS_MAJOR(17);
  SmallMove move{{
      "create table a (id int primary key, qty int not null, total int generated always as (qty * 10) stored); insert into a (id, qty) select n, n from generate_series(1, 50) n",
      "create table small_v2.a (id int primary key, total int)",
      "create view small_map.a as select id, total from public.a",
      "sources: {a: {key: [id]}}\ntargets: {a: {follow: {a: {id: id}}}}\n",
  }};
  move.follow();
  move.sql().exec("alter table a alter column total set expression as (qty * 1000)");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select total from small_v2.a where id = 2") == "2000"; }, kLimit)) << move.daemon_log();
  move.expect_equal();
}

TEST(ShapeOfAnEnumTest, ALabelThatComesBetweenMovesWhatIsCountedByAllOfThem) {
  SmallMove move{{
      "create type mood as enum ('bad', 'good'); create table a (id int primary key, mood mood not null); insert into a values (1, 'bad'), (2, 'good')",
      "create table small_v2.a (id int primary key, rank int)",
      "create view small_map.a as select id, array_position(enum_range(null::public.mood), mood) as rank from public.a",
      "sources: {a: {key: [id]}}\ntargets: {a: {follow: {a: {id: id}}}}\n",
  }};
  move.follow();
  move.sql().exec("alter type mood add value 'so so' before 'good'");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select rank from small_v2.a where id = 2") == "3"; }, kLimit)) << move.daemon_log();
  move.expect_equal();
}

/// Nothing leads to them: they are filled once, and anew when the enum has another label.
TEST(ShapeOfAnEnumTest, ViewsThatReadNoTableAreFilled) {
  SmallMove move{{
      "create type mood as enum ('bad', 'good'); create table a (id int primary key, mood mood not null); insert into a values (1, 'bad'), (2, 'good')",
      "create table small_v2.mood (code text primary key, rank int not null); create table small_v2.kind (id int primary key, name text not null);"
      "create table small_v2.a (id int primary key, mood text not null references small_v2.mood, kind int not null references small_v2.kind)",
      "create view small_map.mood as select code::text, rank::int from unnest(enum_range(null::public.mood)) with ordinality u (code, rank);"
      "create view small_map.kind as select * from (values (1, 'one'), (2, 'two')) k (id, name);"
      "create view small_map.a as select id, mood::text as mood, 1 as kind from public.a",
      "",
  }};
  move.follow();
  for (const char* looked : {"verify", "account", "lint", "plan"}) EXPECT_EQ(move.call({looked}).first, 0) << move.call({looked}).second;
  EXPECT_EQ(move.sql().value("select string_agg(code, ',' order by rank) from small_v2.mood"), "bad,good");
  move.sql().exec("alter type mood add value 'so so' before 'good'");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select rank from small_v2.mood where code = 'good'") == "3"; }, kLimit)) << move.daemon_log();
  move.sql().exec("insert into a values (3, 'so so')");
  move.expect_equal();
}

TEST(ShapeOfAnAggregateTest, WhatItCallsIsReplaced) {
  SmallMove move({
      .v1 = "create table t (id int primary key, g int, x text); alter table t replica identity full; insert into t select n, n % 10, 'text ' || n from generate_series(1, 100) n;"
            "create function pick(text, text) returns text language sql immutable as 'select coalesce($1, $2)';"
            "create aggregate picked(text) (sfunc = public.pick, stype = text)",
      .v2 = "create table small_v2.g (g int primary key, x text)",
      .mapping = "create view small_map.g as select g, public.picked(x order by id) as x from public.t where g is not null group by g",
      .rules = "sources: {t: {}}\ntargets: {g: {}}\n",
  });
  move.follow();
  EXPECT_EQ(move.sql().value("select x from small_v2.g where g = 1"), "text 1");
  move.sql().exec("create or replace function pick(text, text) returns text language sql immutable as 'select $2'");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select x from small_v2.g where g = 1") == "text 91"; }, kLimit));
  move.expect_equal();
  move.stop_daemon();
}

/// What it makes of a word is said by its map and by its dictionaries.
TEST(ShapeOfATextSearchTest, TheConfigurationOrADictionaryOfItChanges) {
  SmallMove move({
      .v1 = "create text search dictionary stem (template = simple); create text search configuration mine (copy = simple);"
            "alter text search configuration mine alter mapping for asciiword with stem;"
            "create table t (id int primary key, x text); insert into t select n, 'the dogs' from generate_series(1, 100) n",
      .v2 = "create table small_v2.t (id int primary key, words tsvector)",
      .mapping = "create view small_map.words as select id, to_tsvector('public.mine', x) as words from public.t;"
                 "create view small_map.t as select * from small_map.words",
      .rules = "sources: {t: {}}\ntargets: {t: {}}\n",
  });
  move.follow();
  const auto first = [&] { return move.sql().value("select words from small_v2.t where id = 1"); };
  EXPECT_EQ(first(), "'dogs':2 'the':1");
  move.sql().exec("alter text search dictionary stem (stopwords = english)");
  EXPECT_TRUE(eventually([&] { return first() == "'dogs':2"; }, kLimit)) << first();
  move.expect_equal();
  move.sql().exec("alter text search configuration mine alter mapping for asciiword with english_stem");
  EXPECT_TRUE(eventually([&] { return first() == "'dog':2"; }, kLimit)) << first();
  move.expect_equal();
}

}  // namespace
}  // namespace crossfade::test
