#include "cutover/layout/blockers.h"

#include <gtest/gtest.h>

namespace crossfade::cutover {
namespace {

/// All that a flip wants.
Facts ready() {
  Facts facts;
  facts.phase = "following";
  facts.leader = true;
  facts.lag_seconds = 0.1;
  facts.verified_seconds_ago = 60;
  facts.unaccounted = 0;
  return facts;
}

std::vector<std::string> reasons(const Facts& facts) {
  std::vector<std::string> reasons;
  for (const auto& blocker : blockers_of(checklist_of_reads(facts, {}))) {
    EXPECT_FALSE(blocker.detail.empty()) << blocker.reason;
    EXPECT_FALSE(blocker.fix.empty()) << blocker.reason;
    reasons.push_back(blocker.reason);
  }
  return reasons;
}

using Reasons = std::vector<std::string>;

TEST(BlockersOfReads, NothingStandsInTheWayOfWhatIsReady) { EXPECT_EQ(reasons(ready()), Reasons{}); }

TEST(BlockersOfReads, NobodyIsToldToWaitWhereNobodyWorks) {
  auto facts = ready();
  facts.leader = false;
  facts.lag_seconds.reset();
  facts.dirty = 7;
  for (const auto& blocker : blockers_of(checklist_of_reads(facts, {}))) EXPECT_EQ(blocker.fix, "crossfade run") << blocker.reason;
  // The daemon has died while it was about to follow; whoever reads from the top starts it, and does not wait for ever.
  facts.phase = "backfilling";
  facts.unbuilt = 2;
  facts.shape.push_back({"member 1", "what is published of plans", {"plans"}, true, "", "it is not published", "alter publication"});
  const auto blockers = blockers_of(checklist_of_reads(facts, {}));
  EXPECT_EQ(blockers.front().reason, "leader");
  for (const auto& blocker : blockers) EXPECT_EQ(blocker.fix.find("crossfade wait"), std::string::npos) << blocker.reason;
  EXPECT_EQ(blockers_of(checklist_of_way_back(facts, {})).front().reason, "leader");
}

TEST(BlockersOfReads, WhatIsParkedIsNamedAndNobodyIsToldToWaitForIt) {
  auto facts = ready();
  facts.parked = "plans: column size does not exist";
  facts.lag_seconds = 11;
  facts.dirty = 7;
  EXPECT_EQ(reasons(facts), (Reasons{"parked", "lag", "dirty keys"}));
  for (const auto& blocker : blockers_of(checklist_of_reads(facts, {}))) EXPECT_EQ(blocker.fix.find("crossfade wait"), std::string::npos) << blocker.reason;
}

TEST(BlockersOfReads, EachFactAloneBlocks) {
  struct Case {
    const char* reason;
    void (*change)(Facts&);
  };
  const Case cases[] = {
      {"phase", [](Facts& f) { f.phase = "backfilling"; }},
      {"leader", [](Facts& f) { f.leader = false; }},
      {"paused", [](Facts& f) { f.paused = true; }},
      {"shape", [](Facts& f) { f.shape.push_back({"member 1", "what is published of plans", {"plans"}, true, "", "it is not published", "alter publication"}); }},
      {"parked", [](Facts& f) { f.parked = "plans: column size does not exist"; }},
      {"lag", [](Facts& f) { f.lag_seconds = 11; }},
      {"lag", [](Facts& f) { f.lag_seconds.reset(); }},
      {"dirty keys", [](Facts& f) { f.dirty = 1; }},
      {"quarantine", [](Facts& f) { f.quarantined = 1; }},
      {"verification", [](Facts& f) { f.verified_seconds_ago.reset(); }},
      {"drift", [](Facts& f) { f.drifted = 1; }},
      {"stale verification", [](Facts& f) { f.verified_seconds_ago = 25 * 3600; }},
      {"account", [](Facts& f) { f.unaccounted.reset(); }},
      {"unaccounted rows", [](Facts& f) { f.unaccounted = 1; }},
      {"deferred", [](Facts& f) { f.unbuilt = 1; }},
      {"constraints", [](Facts& f) { f.unvalidated = 1, f.validate = "alter table t validate constraint c"; }},
  };
  for (const auto& each : cases) {
    auto facts = ready();
    each.change(facts);
    EXPECT_EQ(reasons(facts), Reasons{each.reason});
  }
}

TEST(ChecklistOfReads, WhatIsMetIsSaidTooAndNeedsNoMending) {
  const auto list = checklist_of_reads(ready(), {});
  Reasons met;
  for (const auto& condition : list) {
    EXPECT_TRUE(condition.met) << condition.reason;
    EXPECT_FALSE(condition.detail.empty()) << condition.reason;
    EXPECT_EQ(condition.fix, "") << condition.reason;
    met.push_back(condition.reason);
  }
  EXPECT_EQ(met, (Reasons{"phase", "leader", "paused", "shape", "parked", "lag", "dirty keys", "quarantine", "drift", "verification", "account", "deferred", "constraints"}));
}

TEST(ChecklistOfNextFlip, IsTheWayBackOnceV2OwnsTheData) {
  auto facts = ready();
  EXPECT_EQ(checklist_of_next_flip(facts, {}).size(), checklist_of_reads(facts, {}).size());
  facts.follower = "v1";
  const auto list = checklist_of_next_flip(facts, {});
  EXPECT_EQ(list.size(), checklist_of_way_back(facts, {}).size());
  EXPECT_EQ(list[1].detail, "a daemon keeps v1 true");
}

TEST(BlockersOfReads, AFailedVerificationPoisonsWhateverWasCleanBefore) {
  auto facts = ready();
  facts.drifted = 3;
  facts.verified_seconds_ago.reset();
  EXPECT_EQ(reasons(facts), Reasons{"drift"});
}

TEST(BlockersOfReads, AMigrationThatIsNotThereIsToldSo) {
  const auto blockers = blockers_of(checklist_of_reads({}, {}));
  ASSERT_FALSE(blockers.empty());
  EXPECT_EQ(blockers[0].detail, "the migration is not prepared");
  EXPECT_EQ(blockers[0].fix, "crossfade run --prepare");
  EXPECT_EQ(blockers[1].fix, "crossfade run --prepare");
}

TEST(BlockersOfWayBack, NobodyInAHurryHasToProveAnythingAnew) {
  auto facts = ready();
  facts.verified_seconds_ago.reset();
  facts.unaccounted.reset();
  facts.follower = "v1";
  EXPECT_TRUE(blockers_of(checklist_of_way_back(facts, {})).empty());
  facts.drifted = 3;
  facts.leader = false;
  const auto blockers = blockers_of(checklist_of_way_back(facts, {}));
  ASSERT_EQ(blockers.size(), 2U);
  EXPECT_EQ(blockers[0].detail, "no daemon keeps v1 true");
  EXPECT_EQ(blockers[1].reason, "drift");
}

}  // namespace
}  // namespace crossfade::cutover
