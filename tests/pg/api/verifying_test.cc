#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// A daemon that compares v2 with the views by itself, ever so often.
class VerifyingTest : public testing::Test {
 protected:
  void SetUp() override {
    move.start_daemon({"--verify-every", "200ms"});
    move.expect_caught_up();
  }
  void TearDown() override { move.stop_daemon(); }

  std::string count(const std::string& where) { return move.sql().value("select count(*) from crossfade.verification where " + where); }

  Move move{test_migration("gym")};
};

TEST_F(VerifyingTest, ProvesAllTargetsAgainAndAgain) {
  EXPECT_TRUE(eventually([&] { return std::stoi(count("whole and drifted_rows = 0 and compared_rows >= 1100")) >= 3; }, kLimit));
  EXPECT_EQ(count("drifted_rows > 0"), "0");
}

TEST_F(VerifyingTest, SaysThatV2HasDriftedAndIsContentAgainOnceThatIsMended) {
  move.sql().exec("begin; set local crossfade.writer = 'gym'; update gym_v2.exercises set title = 'nobody did this' where id = 42; commit");
  EXPECT_TRUE(move.logged("v2 has drifted"));
  EXPECT_TRUE(eventually([&] { return count("drifted_rows = 1") != "0"; }, kLimit));
  EXPECT_EQ(move.call({"verify", "--repair"}).first, 0);
  const auto repaired = move.sql().value("select max(id) from crossfade.verification where repaired_rows > 0");
  EXPECT_TRUE(eventually([&] { return count("drifted_rows = 0 and id > " + repaired) != "0"; }, kLimit));
}

TEST(RepairTest, MendsRowsThatNoValueLeadsTo) {
  SmallMove move({"create table sales (id int primary key, at timestamptz not null, cents int not null);"
                  "alter table sales replica identity full;"
                  "insert into sales select n, timestamptz '2026-01-01 12:00Z' + n * interval '1 hour', n from generate_series(1, 200) n",
                  "create table small_v2.days (day date primary key, cents bigint not null)",
                  "create view small_map.days as select (at at time zone 'UTC')::date as day, sum(cents) as cents from public.sales group by 1",
                  "sources: {sales: {key: [id]}}\ntargets: {days: {}}\n"});
  move.follow();
  move.sql().exec("begin; set local crossfade.writer = 'small'; update small_v2.days set cents = 0 where day < '2026-01-04';"
                  "delete from small_v2.days where day = '2026-01-05'; insert into small_v2.days values ('2025-01-01', 1); commit");
  EXPECT_EQ(move.call({"verify"}).first, 4);
  const auto [code, report] = move.call({"verify", "--repair"});
  EXPECT_EQ(code, 0) << report;
  move.expect_equal();
  EXPECT_EQ(move.call({"verify"}).first, 0);
  move.stop_daemon();
}

}  // namespace
}  // namespace crossfade::test
