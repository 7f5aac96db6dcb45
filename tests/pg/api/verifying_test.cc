#include "support/move.h"

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

}  // namespace
}  // namespace crossfade::test
