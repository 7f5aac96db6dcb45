#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// The view computes the key of every row, and fails for a text that is no number.
SmallMigration cast_to(const std::string& key) {
  return {"create table a (id text primary key, n int not null); create table b (id int primary key, n int not null);"
          "insert into a select n::text, n from generate_series(1, 300) n; insert into b select n, n from generate_series(1, 100) n",
          "create table small_v2.a (id bigint primary key, n int not null); create table small_v2.b (id int primary key, n int not null)",
          "create view small_map.a as select " + key + " as id, n from public.a; create view small_map.b as select * from public.b", ""};
}

std::string parked(SmallMove& move) { return move.sql().value("select string_agg(concat_ws(' ', target, sqlstate, message), ', ') from crossfade.parked"); }
std::string set_aside(SmallMove& move) { return move.sql().value("select string_agg(concat_ws(' ', target, key, sqlstate), ', ' order by target, key) from crossfade.quarantine"); }

TEST(ComputedKeyTest, WhatFailsForOneRowIsNamedByPlan) {
  SmallMove move(cast_to("id::bigint"));
  const auto plan = move.call({"plan"}).second;
  EXPECT_NE(plan.find("rows are found by (id)::int8, which fails for some values: one row of public.a"), std::string::npos) << plan;
}

TEST(ComputedKeyTest, ATargetThatCannotBeWalkedIsParkedAsItIsFilledAndComesBack) {
  SmallMove move(cast_to("id::bigint"));
  ASSERT_EQ(move.call({"prepare"}).first, 0);
  move.sql().exec("insert into a values ('x9', 1)");
  move.start_daemon();
  ASSERT_TRUE(eventually([&] { return parked(move) == "a 22P02 invalid input syntax for type bigint: \"x9\""; }, kLimit)) << move.daemon_log();
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from small_v2.b") == "100"; }, kLimit));
  move.sql().exec("delete from a where id = 'x9'");
  move.expect_equal();
}

/// No key can be looked for while such a row stands; once it is gone its own key leads nowhere.
TEST(ComputedKeyTest, ARowThatFailsParksItsTargetAndLeavesNothingBehind) {
  SmallMove move(cast_to("id::bigint"));
  move.follow();
  move.sql().exec("insert into a values ('x9', 1); update a set n = 7 where id in ('20', '21')");
  ASSERT_TRUE(eventually([&] { return parked(move).starts_with("a 22P02"); }, kLimit)) << move.daemon_log();
  move.sql().exec("update b set n = 5");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from small_v2.b where n = 5") == "100"; }, kLimit));
  // What is known of it is no drift, and keeps nobody from looking at the others.
  move.sql().exec("alter table small_v2.b disable trigger all; delete from small_v2.b where id = 7; alter table small_v2.b enable trigger all");
  const auto [code, told] = move.call({"verify"});
  EXPECT_EQ(code, 4) << told;
  EXPECT_NE(told.find("b id 7: missing in the shadow table"), std::string::npos) << told;
  EXPECT_NE(told.find("\n1 rows differ because"), std::string::npos) << told;
  EXPECT_EQ(move.call({"verify", "--repair", "--target", "b"}).first, 0);
  move.sql().exec("update a set id = '900' where id = 'x9'");
  move.expect_equal();
  EXPECT_EQ(set_aside(move), "");
}

TEST(ComputedKeyTest, ACaseThatGivesNullLeavesTheRowAlone) {
  SmallMove move(cast_to("case when id ~ '^[0-9]+$' then id::bigint end"));
  EXPECT_EQ(move.call({"plan"}).second.find("which fails for some values"), std::string::npos);
  move.follow();
  move.sql().exec("insert into a values ('x9', 1); update a set n = 7 where id in ('20', '21')");
  ASSERT_TRUE(eventually([&] { return set_aside(move) == "a {x9} 23502"; }, kLimit)) << set_aside(move) << move.daemon_log();
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from small_v2.a where n = 7") == "3"; }, kLimit));
  move.sql().exec("delete from a where id = 'x9'");
  move.expect_equal();
}

/// One document of many that is no array: the others are filled, and compared.
TEST(ComputedKeyTest, ASourceRowWhoseRowsCannotBeMadeIsSetAsideAlone) {
  SmallMove move({"create table a (id int primary key, days jsonb not null); insert into a select n, '[1, 2]' from generate_series(1, 300) n",
                  "create table small_v2.a (id int not null, n bigint not null, v int not null, primary key (id, n))",
                  "create view small_map.a as select a.id, d.n, d.v::int as v from public.a cross join lateral jsonb_array_elements(a.days) with ordinality d (v, n)", ""});
  ASSERT_EQ(move.call({"prepare"}).first, 0);
  move.sql().exec("update a set days = '{}' where id in (7, 200)");
  move.start_daemon();
  ASSERT_TRUE(eventually([&] { return set_aside(move) == "a {200} 22023, a {7} 22023"; }, kLimit)) << set_aside(move) << move.daemon_log();
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from small_v2.a") == "596"; }, kLimit));
  const auto [code, told] = move.call({"verify"});
  EXPECT_EQ(code, 0) << told;
  move.sql().exec("update a set days = '[3]' where id in (7, 200)");
  move.expect_equal();
}

/// An integer needs no cast in the view, which would fail for whoever asks: the table refuses the one row.
TEST(ComputedKeyTest, AnIntegerThatTheTableHasNoRoomForIsSetAsideAlone) {
  SmallMove move({"create table a (id bigint primary key, n bigint not null, s smallint not null); insert into a select n, n, n from generate_series(1, 300) n",
                  "create table small_v2.a (id int primary key, n smallint not null, s bigint not null)", "create view small_map.a as select id, n, s from public.a", ""});
  move.follow();
  move.sql().exec("insert into a values (3000000000, 1, 1), (1000, 40000, 1); update a set n = 7 where id < 10");
  ASSERT_TRUE(eventually([&] { return set_aside(move) == "a {1000} 22003, a {3000000000} 22003"; }, kLimit)) << set_aside(move) << move.daemon_log();
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from small_v2.a where n = 7") == "9"; }, kLimit));
  move.sql().exec("delete from a where id = 3000000000; update a set n = 7, s = 9 where id = 1000");
  move.expect_equal();
  EXPECT_EQ(set_aside(move), "");
}

}  // namespace
}  // namespace crossfade::test
