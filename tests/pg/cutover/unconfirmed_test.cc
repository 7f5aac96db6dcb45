#include <fmt/format.h>

#include <fstream>

#include "base/error/exit_code.h"
#include "support/move.h"

namespace crossfade::test {
namespace {

/// Migration gym with a check of its own.
class DoubtsTest : public testing::Test {
 protected:
  static std::filesystem::path folder_with_check(const std::string& sql, const std::string& when = "after") {
    const auto folder = shared_server().directory() / "checked" / "gym";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    std::filesystem::copy(test_migration("gym"), folder);
    std::ofstream(folder / "migration.yaml", std::ios::app) << fmt::format("checks: [{{name: mine, when: {}, sql: \"{}\"}}]\n", when, sql);
    return folder;
  }
  static void prove(Move& move) {
    move.start_daemon();
    move.expect_equal();
    EXPECT_EQ(move.call({"verify"}).first, 0);
    EXPECT_EQ(move.call({"account"}).first, 0);
  }
  static std::vector<std::string> flip(Move& move) {
    return {"cutover", "writes", "--confirm", "gym", "--evidence", (move.server().directory() / "evidence").string()};
  }
  static std::pair<int, std::string> flip_with_check(const std::string& sql) {
    Move move(folder_with_check(sql));
    prove(move);
    const auto outcome = move.call(flip(move));
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

/// What is asked of v1 is asked as long as v1 has the data.
TEST_F(DoubtsTest, OneOfTheOldSchemaIsInTheWayBeforeAnybodyWaits) {
  Move move(folder_with_check("select count(*) from public.exercises e where e.id = 1", "before"));
  prove(move);
  const auto [exit, text] = move.call(flip(move));
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kNotReady)) << text;
  EXPECT_NE(text.find("✗ check: mine: 0 was expected, 1 found"), std::string::npos) << text;
  EXPECT_NE(text.find("crossfade check --when before"), std::string::npos) << text;
  move.sql().exec("delete from exercises where id = 1");
  move.expect_equal();
  const auto moved = move.call(flip(move));
  EXPECT_EQ(moved.first, 0) << moved.second;
}

/// Writers would wait for it, attempt after attempt.
TEST_F(DoubtsTest, OneThatTheHoldHasNoTimeForIsInTheWayBeforeAnybodyWaits) {
  Move move(folder_with_check("select 1 from pg_sleep(1.5)"));
  prove(move);
  const auto [exit, text] = move.call(flip(move));
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kNotReady)) << text;
  EXPECT_NE(text.find("✗ check: mine: 0 was expected, 1 found; asking takes 1."), std::string::npos) << text;
  EXPECT_NE(text.find("--hold-limit 4s"), std::string::npos) << text;
  EXPECT_EQ(move.sql().value("select count(*) from crossfade.cutover_step where step = 'hold'"), "0");
}

/// Quick before the hold, and not over in it for as long as public.slow has a row. Two statements: the server bounds each by itself.
TEST_F(DoubtsTest, OneThatIsNotOverWithinTheHoldIsBrokenOffAndTriedAgain) {
  Move move(folder_with_check("select case when held.yes and slow.yes then (select '' from pg_sleep(40)) end from "
                              "(select exists (select from pg_locks where mode = 'ShareRowExclusiveLock' and relation = 'public.exercises'::regclass) as yes) held, "
                              "(select exists (select from public.slow) as yes) slow; "
                              "select 1 where not exists (select from pg_locks where mode = 'ShareRowExclusiveLock' and relation = 'public.exercises'::regclass)"));
  move.sql().exec("create table slow (); insert into slow default values");
  prove(move);
  const auto command = move.start(flip(move));
  ASSERT_TRUE(eventually([&] { return command->output().find("check mine was not over within the limit of the hold, 1000 ms") != std::string::npos; }, kLimit)) << command->output();
  move.sql().exec("delete from slow");
  EXPECT_EQ(command->exit_within(kLimit), 0) << command->output();
  EXPECT_EQ(move.sql().value("select count(*) > 0 and max(milliseconds) < 10000 from crossfade.cutover_step where step = 'checks'"), "t");
  EXPECT_EQ(move.sql().value("select direction from crossfade.migration"), "reverse");
}

}  // namespace
}  // namespace crossfade::test
