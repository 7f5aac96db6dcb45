#pragma once

#include <fstream>
#include <sstream>

#include "support/move.h"

namespace crossfade::test {

/// The move of workouts, with sample data, followed, verified and counted: reads may flip.
class Workout : public testing::Test {
 protected:
  Workout() {
    std::ifstream file(migration("vagus_workout") / "sample.sql");
    std::ostringstream sample;
    sample << file.rdbuf();
    move.sql().exec("set search_path = public; set crossfade.sample_plans = 60;" + sample.str());
    move.start_daemon();
    move.expect_equal();
    expect_done({"verify"});
    expect_done({"account"});
  }

  void expect_done(std::vector<std::string> words) {
    const auto [exit, text] = move.call(words);
    EXPECT_EQ(exit, 0) << words.front() << ": " << text;
  }

  /// The first user of the sample, who has plans.
  static constexpr auto kUser = "00000000-0000-4000-8000-000000000001";

  Move move{migration("vagus_workout")};
};

}  // namespace crossfade::test
