#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "support/flip.h"
#include "support/move.h"

namespace crossfade::test {
namespace {

TEST(LazyWritesTest, WhatNobodyHasAskedForIsInTheWayUntilItIsThere) {
  Move move(test_migration("fitness_on_demand"));
  std::ifstream sample(migration("fitness_planning") / "sample.sql");
  move.sql().exec("set search_path = public; set crossfade.sample_plans = 20;" + std::string(std::istreambuf_iterator<char>(sample), {}));
  move.start_daemon();
  ASSERT_EQ(move.call({"wait", "--phase", "following", "--timeout", "60s"}).first, 0);
  const auto flip = [&] {
    return move.call({"cutover", "writes", "--confirm", "fitness_planning", "--evidence", (move.server().directory() / "evidence").string()});
  };
  const auto prove = [&] {
    EXPECT_EQ(move.call({"verify"}).first, 0);
    EXPECT_EQ(move.call({"account"}).first, 0);
  };
  prove();
  const auto [exit, text] = flip();
  EXPECT_EQ(exit, 5) << text;
  for (const std::string target : {"fitness_plans", "mesocycles", "microcycles"}) {
    const auto missing = move.sql().value("select count(*) from fitness_map." + target);
    EXPECT_NE(text.find(fmt::format("✗ lazy: {} rows of {} were never asked for and are in v1 alone", missing, target)), std::string::npos) << text;
  }
  // The advice is followed to the letter.
  for (std::size_t at = 0; (at = text.find("mend: select crossfade.touch", at)) != std::string::npos; ++at) {
    move.sql().exec(text.substr(at + 6, text.find('\n', at) - at - 6));
  }
  ASSERT_EQ(move.call({"wait", "--lsn", move.sql().value("select pg_current_wal_insert_lsn()"), "--timeout", "60s"}).first, 0);
  prove();
  const auto [done, said] = flip();
  EXPECT_EQ(done, 0) << said;
}

}  // namespace
}  // namespace crossfade::test
