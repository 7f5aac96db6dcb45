#include <fmt/format.h>

#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// Sales by shop, of a table with a partition a month, one of its columns of a type that the stream announces. How a row is identified is said
/// for the partition alone.
class PartitionTest : public testing::Test {
 protected:
  PartitionTest() { move.follow(); }

  std::string said() { return move.sql().value("select string_agg(detail || ' → ' || fix, '; ') from crossfade.shape_changes('small')"); }
  std::string filled_since(const std::string& time) { return move.sql().value(fmt::format("select count(*) from crossfade.backfill where started_at > '{}'", time)); }

  SmallMove move{{
      .v1 = "create type mood as enum ('good', 'bad'); create table sale (id int, day date, shop int, mood mood, primary key (id, day)) partition by range (day);"
            "create table sale_1 partition of sale for values from ('2024-01-01') to ('2024-02-01');"
            "alter table sale_1 replica identity full;"
            "insert into sale select n, '2024-01-05', n % 10 from generate_series(1, 100) n",
      .v2 = "create table small_v2.shop (shop int primary key, sales bigint not null)",
      .mapping = "create view small_map.shop as select shop, count(*) as sales from public.sale where shop is not null group by shop",
      .rules = "sources: {sale: {key: [id, day]}}\ntargets: {shop: {follow: {sale: {shop: shop}}}}\n",
  }};
};

TEST_F(PartitionTest, WhatThePartitionsTellIsTakenWhateverTheirTableSays) {
  const auto before = move.sql().value("select clock_timestamp()");
  move.sql().exec("update sale set shop = 3 where id = 11; delete from sale where id = 12");
  move.expect_equal();
  EXPECT_EQ(filled_since(before), "0") << "the keys were told, and nothing has to be compared whole";
}

TEST_F(PartitionTest, APartitionThatTellsLessIsMadeUpForAndSaid) {
  move.sql().exec("create table sale_2 partition of sale for values from ('2024-02-01') to ('2024-03-01');"
                  "insert into sale select n, '2024-02-05', n % 10 from generate_series(101, 120) n");
  move.expect_equal();
  move.sql().exec("delete from sale where id between 101 and 105; update sale set shop = 9 where id between 106 and 110;"
                  "update sale set shop = null where id = 111; update sale set day = '2024-01-06' where id = 112; delete from sale where id = 50");
  move.expect_equal();
  const std::string mends = "alter table public.sale_2 replica identity full";
  EXPECT_TRUE(eventually([&] { return said().find(mends) != std::string::npos; }, kLimit)) << said();
  EXPECT_NE(move.call({"cutover", "reads", "--dry-run"}).second.find(mends), std::string::npos);
  move.sql().exec(mends + "; delete from sale where id = 113");
  move.expect_equal();
  EXPECT_TRUE(eventually([&] { return said().empty(); }, kLimit)) << said();
  const auto before = move.sql().value("select clock_timestamp()");
  move.sql().exec("delete from sale where id = 114");
  move.expect_equal();
  EXPECT_EQ(filled_since(before), "0");
}

TEST_F(PartitionTest, APartitionOfAPartitionTellsLess) {
  move.sql().exec("create table sale_3 partition of sale for values from ('2024-03-01') to ('2024-04-01') partition by hash (id);"
                  "create table sale_3_0 partition of sale_3 for values with (modulus 1, remainder 0);"
                  "insert into sale select n, '2024-03-05', n % 10 from generate_series(201, 220) n");
  move.expect_equal();
  move.sql().exec("delete from sale where id between 201 and 210");
  move.expect_equal();
}

/// A table that is not partitioned begins to tell less.
TEST(IdentityTest, ATableThatTellsLessIsMadeUpForAndSaid) {
  SmallMove move({
      .v1 = "create table t (id int primary key, g int); alter table t replica identity full; insert into t select n, n % 10 from generate_series(1, 100) n",
      .v2 = "create table small_v2.g (g int primary key, n bigint not null)",
      .mapping = "create view small_map.g as select g, count(*) as n from public.t where g is not null group by g",
      .rules = "sources: {t: {}}\ntargets: {g: {}}\n",
  });
  move.follow();
  move.sql().exec("alter table t replica identity default; update t set g = 3 where id = 11; delete from t where id = 12");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select sum(n) from small_v2.g") == "99"; }, kLimit));
  const std::string mends = "alter table public.t replica identity full";
  EXPECT_TRUE(eventually([&] { return move.call({"status"}).second.find(mends) != std::string::npos; }, kLimit));
  move.sql().exec(mends);
  move.expect_equal();
  move.stop_daemon();
}

/// A parent that refuses to be unvalidated: rows whose parent is set aside keep the key away until they are mended.
TEST(PartitionedTargetTest, AForeignKeyThatDoesNotHoldYetIsSaidAndMadeLater) {
  SmallMove move({
      .v1 = "create table p (id int primary key, n int); create table c (id int primary key, p_id int);"
            "insert into p select n, n from generate_series(1, 20) n; insert into c select n, n from generate_series(1, 20) n; update p set n = -1 where id = 7",
      .v2 = "create table small_v2.p (id int primary key, n int check (n > 0));"
            "create table small_v2.c (id int primary key, p_id int references small_v2.p) partition by hash (id);"
            "create table small_v2.c_0 partition of small_v2.c for values with (modulus 1, remainder 0)",
      .mapping = "create view small_map.p as select * from public.p; create view small_map.c as select * from public.c",
      .rules = "sources: {p: {}, c: {}}\ntargets: {p: {follow: {p: {id: id}}}, c: {follow: {c: {id: id}}}}\n",
  });
  move.start_daemon();
  move.expect_set_aside({"p {7} 23514"});
  EXPECT_TRUE(move.logged("foreign key does not hold for all rows, and is left out"));
  EXPECT_NE(move.call({"cutover", "writes", "--dry-run"}).second.find("is not there: its rows do not admit it"), std::string::npos);
  // What waits, and why.
  EXPECT_TRUE(eventually([&] { return move.call({"status"}).second.find("of c: insert or update on table \"c_0\" violates foreign key constraint") != std::string::npos; }, kLimit)) << move.call({"status"}).second;
  move.sql().exec("update p set n = 7 where id = 7");
  move.expect_equal();
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from pg_constraint where conrelid = 'small_v2.c'::regclass and contype = 'f'") == "1"; }, kLimit));
}

}  // namespace
}  // namespace crossfade::test
