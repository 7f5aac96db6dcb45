#include "base/value/snapshot.h"

#include <gtest/gtest.h>

#include <string>

namespace crossfade {
namespace {

bool sees(const std::string& snapshot, std::uint32_t xid) {
  const auto parsed = Snapshot::parse(snapshot);
  EXPECT_TRUE(parsed) << snapshot;
  return parsed && parsed->sees(Xid{xid});
}

TEST(SnapshotTest, SeesWhatIsOlderThanEveryRunningTransaction) {
  EXPECT_TRUE(sees("100:110:100,105", 99));
  EXPECT_TRUE(sees("100:100:", 99));
}

TEST(SnapshotTest, SeesWhatEndedBetweenTheRunningOnes) {
  EXPECT_TRUE(sees("100:110:100,105", 101));
  EXPECT_TRUE(sees("100:110:100,105", 109));
}

// Invariant 1: a snapshot that cannot see its cause is not used.
TEST(SnapshotTest, DoesNotSeeWhatWasStillRunningHoweverItWasReceived) {
  EXPECT_FALSE(sees("100:110:100,105", 100));
  EXPECT_FALSE(sees("100:110:100,105", 105));
}

TEST(SnapshotTest, DoesNotSeeWhatHadNotBegun) {
  EXPECT_FALSE(sees("100:110:100,105", 110));
  EXPECT_FALSE(sees("100:110:100,105", 4000));
}

TEST(SnapshotTest, WhatNoTransactionCausedIsAlwaysSeen) { EXPECT_TRUE(sees("100:110:100,105", 0)); }

TEST(SnapshotTest, IdsAreComparedOnACircle) {
  EXPECT_TRUE(precedes(Xid{0xFFFFFFFF}, Xid{3}));
  EXPECT_FALSE(precedes(Xid{3}, Xid{0xFFFFFFFF}));
  EXPECT_TRUE(precedes(Xid{3}, Xid{4}));
  EXPECT_FALSE(precedes(Xid{3}, Xid{3}));
}

TEST(SnapshotTest, IdsBeforeTheWraparoundAreOlderThanIdsAfterIt) {
  // xmin stands 6 before the end of the 32 bits, xmax 10 behind their beginning.
  const std::string around = "8589934586:8589934602:8589934586,8589934597";
  EXPECT_TRUE(sees(around, 4294967289));
  EXPECT_FALSE(sees(around, 4294967290));
  EXPECT_TRUE(sees(around, 4294967295));
  EXPECT_TRUE(sees(around, 4));
  EXPECT_FALSE(sees(around, 5));
  EXPECT_FALSE(sees(around, 10));
  EXPECT_FALSE(sees(around, 11));
}

TEST(SnapshotTest, TheEpochOfASnapshotIsLeftOut) {
  EXPECT_EQ(Snapshot::parse("4294967396:4294967406:")->xmin(), Xid{100});
  EXPECT_EQ(Snapshot::parse("4294967396:4294967406:")->xmax(), Xid{110});
}

TEST(SnapshotTest, AnyOtherTextIsNoSnapshot) {
  for (const auto* text : {"", ":", "::", "1:2", "1:2:x", "1:2:3,,4", "x:2:", "1::", "1:2:3 "}) {
    EXPECT_FALSE(Snapshot::parse(text)) << text;
  }
}

}  // namespace
}  // namespace crossfade
