#include "cutover/across/turns.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace crossfade::cutover {
namespace {

constexpr std::array kSides = {Side::kV1, Side::kV2};
constexpr std::int64_t kFar = 7;

auto order(const Turns& turns) {
  const auto one = [](const ServerTurn& turn) { return std::tuple(turn.number, turn.goes_to, turn.owned); };
  return std::pair(one(turns[0]), one(turns[1]));
}
struct Less {
  bool operator()(const Turns& left, const Turns& right) const { return order(left) < order(right); }
};

bool changes(Turns& turns, const TurnChange& change) {
  auto& server = turns[static_cast<std::size_t>(change.server)];
  if (server.number != change.from) return false;
  server = change.to;
  return true;
}

/// Every pair of turns that commands with any wish can come to, each broken off after any change.
std::set<Turns, Less> reached() {
  std::set<Turns, Less> all;
  std::vector<Turns> next = {Turns{}};
  while (!next.empty()) {
    auto turns = next.back();
    next.pop_back();
    if (!all.insert(turns).second || turns[0].number >= kFar || turns[1].number >= kFar) continue;
    for (const auto wanted : kSides) {
      auto then = turns;
      if (changes(then, change_of(turns, next_turn(turns, wanted, true)))) next.push_back(then);
    }
  }
  return all;
}

TEST(TurnsTest, EqualTurnsAreOneOwnerAndUnequalOnesNone) {
  const auto all = reached();
  EXPECT_GT(all.size(), 10U);
  for (const auto& turns : all) {
    const int open = static_cast<int>(is_open(turns, Side::kV1)) + static_cast<int>(is_open(turns, Side::kV2));
    EXPECT_EQ(open, between(turns) ? 0 : 1);
    if (between(turns)) {
      EXPECT_EQ(of(turns, ahead(turns)).goes_to, other(ahead(turns)));
    }
  }
}

TEST(TurnsTest, WhoeverComesHasOneStepAndIsThereAfterTwoAtMost) {
  for (const auto& turns : reached()) {
    for (const auto wanted : kSides) {
      auto now = turns;
      int steps = 0;
      while (next_turn(now, wanted, true) != TurnStep::kDone && ++steps < 4) ASSERT_TRUE(changes(now, change_of(now, next_turn(now, wanted, true))));
      EXPECT_LE(steps, 2);
      EXPECT_TRUE(is_open(now, wanted));
    }
  }
}

TEST(TurnsTest, NothingThatWasDecidedBeforeAnothersStepOpensAnything) {
  for (const auto& turns : reached()) {
    for (const auto mine : kSides) {
      const auto late = change_of(turns, next_turn(turns, mine, true));
      for (const auto others : kSides) {
        auto now = turns;
        for (int steps = 0; steps < 4; ++steps) {
          const auto change = change_of(now, next_turn(now, others, true));
          if (!changes(now, change)) break;
          auto then = now;
          const bool done = changes(then, late);
          EXPECT_FALSE(done && is_open(then, Side::kV1) && is_open(then, Side::kV2));
        }
      }
    }
  }
}

TEST(TurnsTest, WhatCameBackWithoutItsLastRowsIsNotOpened) {
  const Turns closed = {ServerTurn{1, Side::kV2, Side::kV1}, ServerTurn{}};
  EXPECT_EQ(next_turn(closed, Side::kV2, false), TurnStep::kWaitDrain);
  EXPECT_EQ(next_turn(closed, Side::kV2, true), TurnStep::kOpen);
  EXPECT_EQ(next_turn(closed, Side::kV1, false), TurnStep::kUndo);
  EXPECT_EQ(has_data(closed), Side::kV1);
  const Turns undone = {closed[0], ServerTurn{2, Side::kV1, Side::kV1}};
  EXPECT_EQ(next_turn(undone, Side::kV1, false), TurnStep::kOpen);
  EXPECT_EQ(next_turn(undone, Side::kV2, false), TurnStep::kUndo);
}

TEST(TurnsTest, TheModelHasTheseStepsAndNoOthers) {
  std::ifstream file(CROSSFADE_TWO_SERVERS_MODEL);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  std::set<std::string> tagged, known;
  const std::string tag = "/* step: ";
  for (auto at = text.find(tag); at != std::string::npos; at = text.find(tag, at + 1)) {
    const auto begin = at + tag.size();
    tagged.insert(text.substr(begin, text.find(" */", begin) - begin));
  }
  for (const auto step : {TurnStep::kDone, TurnStep::kFlip, TurnStep::kOpen, TurnStep::kWaitDrain, TurnStep::kUndo}) known.insert(to_text(step));
  EXPECT_EQ(tagged, known);
}

}  // namespace
}  // namespace crossfade::cutover
