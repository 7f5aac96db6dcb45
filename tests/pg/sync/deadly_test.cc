#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// A function of the view ends its own session for some rows.
SmallMigration ending_for(const std::string& which) {
  return {"create table a (id int primary key, n int not null); create table b (id int primary key, n int not null);"
          "insert into a select n, n from generate_series(1, 300) n; insert into b select n, n from generate_series(1, 100) n;"
          "create function looked_at(id int, n int) returns int language plpgsql stable as $$ begin"
          " if " + which + " then perform pg_terminate_backend(pg_backend_pid()); end if; return n; end $$",
          "create table small_v2.a (id int primary key, n int not null); create table small_v2.b (id int primary key, n int not null)",
          "create view small_map.a as select id, public.looked_at(id, n) as n from public.a; create view small_map.b as select * from public.b",
          "sources: {a: {key: [id]}, b: {key: [id]}}\ntargets: {a: {follow: {a: {id: id}}}, b: {follow: {b: {id: id}}}}\n"};
}

const std::string kSome = "n < 0";

std::string set_aside(SmallMove& move) {
  return move.sql().value("select string_agg(concat_ws(' ', target, key, sqlstate), ', ' order by target, key) from crossfade.quarantine");
}

TEST(DeadlyTest, AKeyThatEndsItsSessionIsSetAsideAloneAndTheRestGoesOn) {
  SmallMove move(ending_for(kSome));
  move.follow();
  move.sql().exec("update a set n = n + 1000; update a set n = -1 where id = 7; update b set n = 5");
  ASSERT_TRUE(eventually([&] { return set_aside(move) == "a {7} 57P01"; }, kLimit)) << set_aside(move) << move.daemon_log();
  EXPECT_NE(move.sql().value("select message from crossfade.quarantine").find("the session that read it ended each time"), std::string::npos);
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from small_v2.a where n > 1000") == "299" && move.sql().value("select count(*) from small_v2.b where n = 5") == "100"; }, kLimit));
  // It is tried again, and is no hindrance to others by that.
  move.sql().exec("update a set n = 2000 where id = 8");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select n from small_v2.a where id = 8") == "2000"; }, kLimit));
  move.sql().exec("update a set n = 7 where id = 7");
  move.expect_equal();
}

/// The plan looks at rows of the view too, and is made before.
TEST(DeadlyTest, WhileATargetIsFilledToo) {
  SmallMove move(ending_for(kSome));
  ASSERT_EQ(move.call({"prepare"}).first, 0);
  move.sql().exec("update a set n = -1 where id = 7");
  move.start_daemon();
  ASSERT_TRUE(eventually([&] { return set_aside(move) == "a {7} 57P01"; }, kLimit)) << set_aside(move) << move.daemon_log();
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from small_v2.a") == "299"; }, kLimit));
  move.sql().exec("update a set n = 7 where id = 7");
  move.expect_equal();
}

TEST(DeadlyTest, ATargetOfWhichEveryKeyDoesIsParkedAsItIsFilled) {
  SmallMove move(ending_for(kSome));
  ASSERT_EQ(move.call({"prepare"}).first, 0);
  move.sql().exec("update a set n = -n");
  move.start_daemon();
  ASSERT_TRUE(eventually([&] { return move.sql().value("select string_agg(target, ' ') from crossfade.parked") == "a"; }, kLimit)) << move.daemon_log();
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from small_v2.b") == "100"; }, kLimit));
  move.sql().exec("update b set n = 5; update a set n = -n");
  move.expect_equal();
}

TEST(DeadlyTest, ATargetOfWhichEveryKeyDoesIsParked) {
  SmallMove move(ending_for(kSome));
  move.follow();
  move.sql().exec("update a set n = -n; update b set n = 5");
  ASSERT_TRUE(eventually([&] { return move.sql().value("select concat_ws(' ', target, sqlstate) from crossfade.parked") == "a 57P01"; }, kLimit)) << move.daemon_log();
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from small_v2.b where n = 5") == "100"; }, kLimit));
  move.sql().exec("update a set n = -n");
  move.expect_equal();
}

}  // namespace
}  // namespace crossfade::test
