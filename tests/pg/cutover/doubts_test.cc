#include <fmt/format.h>

#include <fstream>

#include "base/error/exit_code.h"
#include "support/move.h"

namespace crossfade::test {
namespace {

/// Migration gym with a check of its own.
class DoubtsTest : public testing::Test {
 protected:
  std::pair<int, std::string> flip_with_check(const std::string& sql) {
    const auto folder = shared_server().directory() / "checked" / "gym";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    std::filesystem::copy(test_migration("gym"), folder);
    std::ofstream(folder / "migration.yaml", std::ios::app) << fmt::format("checks: [{{name: mine, when: after, sql: \"{}\"}}]\n", sql);
    Move move(folder);
    move.start_daemon();
    move.expect_equal();
    EXPECT_EQ(move.call({"verify"}).first, 0);
    EXPECT_EQ(move.call({"account"}).first, 0);
    const auto outcome = move.call({"cutover", "writes", "--confirm", "gym", "--evidence", (move.server().directory() / "evidence").string()});
    const bool on_v2 = move.sql().value("select direction from crossfade.migration") == "reverse";
    EXPECT_EQ(on_v2, outcome.first == 0);
    return outcome;
  }
};

TEST_F(DoubtsTest, ACheckThatFailsForWhatIsOnItsWayPassesInTheHold) {
  const auto [exit, text] = flip_with_check("select 1 where not exists (select from pg_locks where mode = 'ShareRowExclusiveLock' and relation = 'public.exercises'::regclass)");
  EXPECT_EQ(exit, 0) << text;
}

TEST_F(DoubtsTest, OneThatFailsInTheHoldTooIsRight) {
  const auto [exit, text] = flip_with_check("select 1");
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kNotReady)) << text;
  EXPECT_NE(text.find("check mine: 0 was expected, 1 found"), std::string::npos) << text;
  EXPECT_NE(text.find("nothing has changed"), std::string::npos) << text;
}

}  // namespace
}  // namespace crossfade::test
