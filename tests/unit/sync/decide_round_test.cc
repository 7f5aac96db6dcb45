#include "sync/apply/decide_round.h"

#include <gtest/gtest.h>

namespace crossfade::sync {
namespace {

constexpr std::uint64_t kBatch = 100;

/// Calls `look` with every combination.
template <typename Look>
void for_each_combination(Look look) {
  for (int bits = 0; bits < 16; ++bits) {
    for (const std::uint64_t dirty : {std::uint64_t{0}, std::uint64_t{1}, kBatch - 1, kBatch, kBatch * 10}) {
      const RoundFacts facts{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0, dirty, kBatch};
      SCOPED_TRACE(testing::Message() << "held " << facts.held << " full " << facts.memory_full << " locked " << facts.locked << " behind " << facts.behind << " dirty " << dirty);
      look(facts, decide_round(facts));
    }
  }
}

TEST(DecideRoundTest, NothingIsRefreshedWhileWorkIsHeldOrMemoryIsFull) {
  for_each_combination([](const RoundFacts& facts, Round round) { EXPECT_EQ(round == Round::kSpill, facts.held || facts.memory_full); });
}

TEST(DecideRoundTest, ACutIsMadeOnlyWhereItCanHaveAllThatItsSnapshotSees) {
  for_each_combination([](const RoundFacts& facts, Round round) {
    const bool all = !facts.held && !facts.memory_full && !facts.locked && !facts.behind && facts.dirty_keys < kBatch;
    EXPECT_EQ(round == Round::kCut, all);
  });
}

TEST(DecideRoundTest, WhatIsLockedIsGoneAroundBeforeAnythingIsCaughtUpWith) {
  for_each_combination([](const RoundFacts& facts, Round round) {
    EXPECT_EQ(round == Round::kBeside, facts.locked && !facts.held && !facts.memory_full);
  });
}

TEST(DecideRoundTest, WhatIsSpilledAndWhatIsInMemoryTakeTurns) {
  for_each_combination([](const RoundFacts& facts, Round round) {
    if (facts.held || facts.memory_full || facts.locked) return;
    EXPECT_EQ(round == Round::kCatchUp, facts.behind && facts.dirty_keys == 0);
    EXPECT_EQ(round == Round::kDrainThenCatchUp, facts.behind && facts.dirty_keys > 0);
    EXPECT_EQ(round == Round::kDrain, !facts.behind && facts.dirty_keys >= kBatch);
  });
}

}  // namespace
}  // namespace crossfade::sync
