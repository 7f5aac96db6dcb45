#include "cutover/writes/decide.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/page.h"

namespace crossfade::cutover {
namespace {

/// Every CutoverProgress that a flip can be in, with every set of facts.
void for_all(const std::function<void(const CutoverProgress&, const FlipFacts&)>& look) {
  for (int bits = 0; bits < 1 << 17; ++bits) {
    int next = bits;
    const auto bit = [&] {
      const bool value = (next & 1) != 0;
      next >>= 1;
      return value;
    };
    CutoverProgress attempt{.number = bit() ? 1 : 2, .way_back = bit(), .hook = bit(), .paused = bit(), .held = bit(), .barrier = bit(), .swapped = bit(), .in_doubt = bit(), .tidied = bit(),
                              .rehearsal = bit(), .rehearsed = false};
    attempt.rehearsed = bit() && attempt.rehearsal;
    const FlipFacts facts{.owns = bit(), .blocked = bit(), .old_slot = bit(), .in_time = bit(), .drained = bit(), .intact = bit()};
    look(attempt, facts);
  }
}

TEST(DecideTest, CommitsOnlyWhatWasHeldDrainedToTheBarrierAndFoundIntact) {
  for_all([](const CutoverProgress& attempt, const FlipFacts& facts) {
    const auto step = decide(attempt, facts);
    if (step != Step::kCommit && step != Step::kSwap) return;
    EXPECT_TRUE(attempt.held && attempt.barrier && facts.drained && facts.intact && facts.in_time);
    EXPECT_EQ(step == Step::kCommit, attempt.swapped);
  });
}

TEST(DecideTest, EmitsTheBarrierOnlyWhileTheLocksAreHeld) {
  for_all([](const CutoverProgress& attempt, const FlipFacts& facts) {
    if (decide(attempt, facts) == Step::kBarrier) {
      EXPECT_TRUE(attempt.held && !attempt.barrier);
    }
  });
}

TEST(DecideTest, ACommitInDoubtIsLookedUpAndNeverRepeated) {
  for_all([](const CutoverProgress& attempt, const FlipFacts& facts) {
    if (attempt.in_doubt) {
      EXPECT_EQ(decide(attempt, facts), Step::kLookUp);
    }
  });
}

TEST(DecideTest, DoesNothingButTidyOnceTheWantedSideOwnsTheData) {
  for_all([](const CutoverProgress& attempt, const FlipFacts& facts) {
    if (!facts.owns || attempt.in_doubt) return;
    const auto step = decide(attempt, facts);
    EXPECT_TRUE(step == Step::kTidy || step == Step::kDone);
    EXPECT_EQ(step == Step::kTidy, facts.old_slot && !attempt.tidied && !attempt.rehearsal);
  });
}

TEST(DecideTest, ARehearsalHoldsAndDrainsAsAFlipDoesAndChangesNothing) {
  for_all([](const CutoverProgress& attempt, const FlipFacts& facts) {
    if (!attempt.rehearsal || attempt.in_doubt) return;
    const auto step = decide(attempt, facts);
    EXPECT_TRUE(step != Step::kMakeWayBack && step != Step::kSwap && step != Step::kCommit && step != Step::kTidy);
    if (step == Step::kLetGo) {
      EXPECT_TRUE(attempt.held && attempt.barrier && facts.drained && facts.intact && facts.in_time);
    }
    if (attempt.rehearsed) {
      EXPECT_EQ(step, Step::kDone);
    }
  });
}

TEST(DecideTest, HoldsNobodyWithoutAWayBackAndWhileSomethingStandsInTheWay) {
  for_all([](const CutoverProgress& attempt, const FlipFacts& facts) {
    const auto step = decide(attempt, facts);
    if (step != Step::kHold && step != Step::kPause) return;
    EXPECT_TRUE((attempt.way_back || attempt.rehearsal) && !facts.blocked && attempt.number <= attempt.most);
    EXPECT_EQ(step == Step::kPause, attempt.hook && !attempt.paused);
  });
}

TEST(DecideTest, LetsGoOnceTheLimitIsOverOrSomethingHasChanged) {
  for_all([](const CutoverProgress& attempt, const FlipFacts& facts) {
    if (!attempt.held || facts.owns || attempt.in_doubt || attempt.rehearsed) return;
    const auto step = decide(attempt, facts);
    if (!facts.in_time) {
      EXPECT_EQ(step, Step::kRelease);
    }
    if (facts.in_time && attempt.barrier && facts.drained && !facts.intact) {
      EXPECT_EQ(step, Step::kRelease);
    }
  });
}

/// Plays a flip against a world in which each step works; a crash before step `crash` forgets all that the command knew.
struct World {
  FlipFacts facts;
  CutoverProgress attempt;
  int commits = 0;

  void crash() {
    attempt = CutoverProgress{.most = attempt.most};
    facts.drained = false;
  }
  void perform(Step step) {
    switch (step) {
      case Step::kMakeWayBack: attempt.way_back = true; break;
      case Step::kPause: attempt.paused = true; break;
      case Step::kHold: attempt.held = true; break;
      case Step::kBarrier: attempt.barrier = true; break;
      case Step::kDrain: facts.drained = true; break;
      case Step::kSwap: attempt.swapped = true; break;
      case Step::kCommit:
        attempt.held = false;
        facts.owns = facts.old_slot = true;
        ++commits;
        break;
      case Step::kTidy: facts.old_slot = false; break;
      case Step::kLetGo:
      case Step::kRefuse:
      case Step::kLookUp:
      case Step::kRelease:
      case Step::kGiveUp:
      case Step::kDone: FAIL() << to_text(step);
    }
  }
  int play(int crash_at) {
    int steps = 0;
    for (auto step = decide(attempt, facts); step != Step::kDone && steps < 100; step = decide(attempt, facts)) {
      perform(step);
      if (++steps == crash_at) crash();
    }
    return steps;
  }
};

TEST(DecideTest, EndsOnTheWantedSideWithOneCommitWhereverItIsBrokenOff) {
  World whole;
  const int steps = whole.play(0);
  EXPECT_EQ(steps, 7);
  for (int crash = 1; crash <= steps; ++crash) {
    World world;
    world.play(crash);
    EXPECT_TRUE(world.facts.owns) << "crash after step " << crash;
    EXPECT_EQ(world.commits, 1) << "crash after step " << crash;
    EXPECT_FALSE(world.facts.old_slot);
  }
}

TEST(DecideTest, IsWhatTheDocsSay) {
  std::string text = "| when | then |\n|---|---|\n";
  for (const auto& rule : step_rules()) text += fmt::format("| {} | {} |\n", rule.when, to_text(rule.step));
  test::expect_printed(CROSSFADE_CUTOVER_PAGE, "decided", text);
}

/// No line of the table is dead: each decides somewhere.
TEST(DecideTest, EveryRuleDecidesSomewhere) {
  std::set<std::string_view> decided;
  for_all([&](const CutoverProgress& attempt, const FlipFacts& facts) {
    for (const auto& rule : step_rules()) {
      if (!rule.holds(attempt, facts)) continue;
      decided.insert(rule.when);
      return;
    }
  });
  EXPECT_EQ(decided.size(), step_rules().size());
}

/// The protocol that is searched state by state has the steps that this takes, in their order. A release follows on whatever failed.
TEST(DecideTest, TheModelHasEachStepThatItsProofRestsOn) {
  // What a step of the model is made of, and what neither owner nor rows depend on.
  const std::set<Step> beside = {Step::kRefuse, Step::kMakeWayBack, Step::kPause, Step::kSwap, Step::kLetGo, Step::kGiveUp, Step::kTidy};
  std::ifstream file(CROSSFADE_CUTOVER_MODEL);
  const std::string model{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::pair<std::size_t, std::string>> found;
  std::vector<std::string> decided;
  for (const auto& rule : step_rules()) {
    const auto step = fmt::format("/* step: {} */", to_text(rule.step));
    const auto place = model.find(step);
    EXPECT_EQ(place == std::string::npos, beside.contains(rule.step)) << step;
    if (beside.contains(rule.step) || rule.step == Step::kRelease || std::find(decided.begin(), decided.end(), step) != decided.end()) continue;
    decided.push_back(step);
    found.emplace_back(place, step);
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> told;
  for (auto& [place, step] : found) told.push_back(std::move(step));
  EXPECT_EQ(told, decided);
}

TEST(DecideTest, GivesUpAfterAsManyAttemptsAsItHas) {
  EXPECT_EQ(decide({.number = 4, .most = 3, .way_back = true}, {}), Step::kGiveUp);
  EXPECT_EQ(decide({.number = 3, .most = 3, .way_back = true}, {}), Step::kHold);
}

}  // namespace
}  // namespace crossfade::cutover
