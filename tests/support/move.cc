#include "support/move.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <functional>
#include <stdexcept>

#include "scenario/equal.h"

namespace crossfade::test {
namespace {

/// Long enough to see what went wrong, short enough to be read.
std::string tail(const std::string& text) {
  constexpr std::size_t kMost = 4000;
  return text.size() <= kMost ? text : "…" + text.substr(text.size() - kMost);
}

/// Also where nothing may be thrown, as at the end of a test.
void or_fail(const std::function<void()>& expectation) {
  try {
    expectation();
  } catch (const std::runtime_error& missed) {
    FAIL() << missed.what();
  }
}

}  // namespace

std::filesystem::path test_migration(const std::string& name) {
  return std::filesystem::path(CROSSFADE_SOURCE_DIR) / "tests" / "scenario" / "migrations" / name;
}

std::filesystem::path migration(const std::string& name) {
  return std::filesystem::path(CROSSFADE_SOURCE_DIR) / "sql" / "migrations" / name;
}

Move::Move(std::filesystem::path folder, ThrowawayServer& server) : Stage(std::move(folder), server) {
  reconnect();
  sql_->exec(read_file(this->folder() / "v1.sql"));
}

Move::~Move() {
  if (testing::Test::HasFailure()) std::fprintf(stderr, "The daemon wrote:\n%s\n", tail(daemon_log()).c_str());
}

void Move::stop_daemon() { or_fail([&] { Stage::stop_daemon(); }); }

void Move::kill_daemon() { or_fail([&] { Stage::kill_daemon(); }); }

bool Move::logged(const std::string& text) {
  const auto found = [&] { return daemon_log().find(text) != std::string::npos; };
  eventually([&] { return found() || !daemon().running(); }, kLimit);
  return found();
}

void Move::expect_caught_up() { or_fail([&] { wait_until_caught_up(*sql_); }); }

void Move::expect_equal() {
  expect_caught_up();
  if (testing::Test::HasFatalFailure()) return;
  const auto differences = differences_to_views(*sql_, folder());
  EXPECT_TRUE(differences.empty()) << fmt::format("{}", fmt::join(differences, "\n"));
  const auto refused = sql_->rows("select target, key, sqlstate, message from crossfade.quarantine limit 5");
  EXPECT_TRUE(refused.empty()) << fmt::format("in quarantine:\n{}", fmt::join(refused, "\n"));
}

}  // namespace crossfade::test
