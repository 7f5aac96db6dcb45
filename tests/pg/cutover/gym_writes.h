#pragma once

#include <fmt/format.h>

#include "support/flip.h"
#include "support/move.h"

namespace crossfade::test {

/// Migration gym, followed, verified and counted: the writes may move.
class GymWrites : public testing::Test {
 protected:
  explicit GymWrites(ThrowawayServer& server = shared_server(), const std::filesystem::path& folder = test_migration("gym")) : move(folder, server) {
    move.start_daemon();
    move.expect_equal();
    prove();
  }

  void prove() {
    expect_done({"verify"});
    expect_done({"account"});
  }

  void expect_done(std::vector<std::string> words) {
    const auto [exit, text] = move.call(words);
    EXPECT_EQ(exit, 0) << fmt::format("{}: {}", fmt::join(words, " "), text);
  }

  /// The words of a flip of the writes.
  std::vector<std::string> flip(const std::string& group, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {group, "writes", "--confirm", "gym", "--evidence", evidence().string()};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  std::filesystem::path evidence() { return move.server().directory() / "evidence"; }

  std::string direction() { return move.sql().value("select direction from crossfade.migration"); }

  Move move;
};

}  // namespace crossfade::test
