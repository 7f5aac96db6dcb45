#include <gtest/gtest.h>

#include "sync/state/checkpoint.h"
#include "sync/state/incarnation.h"

namespace crossfade::sync {
namespace {

/// Invariant 7: a checkpoint belongs to one slot incarnation.
class GapBetween : public testing::Test {
 protected:
  GapBetween() {
    checkpoint->incarnation = server;
    checkpoint->settled = Lsn{100};
    slot->confirmed_flush = Lsn{100};
    slot->wal_status = "reserved";
  }

  std::string gap() const { return gap_between(checkpoint, server, slot); }

  wal::Incarnation server{"7000000000000000001", 1, "crossfade_gym", Lsn{50}};
  std::optional<store::Checkpoint> checkpoint{std::in_place};
  std::optional<wal::SlotState> slot{std::in_place};
};

TEST_F(GapBetween, IsNoneWhereTheSlotStandsAtTheCheckpoint) { EXPECT_EQ(gap(), ""); }

TEST_F(GapBetween, IsNoneWhereTheSlotIsBehind) {
  // After a crash of the server it remembers less than was confirmed: what comes again does no harm.
  slot->confirmed_flush = Lsn{60};
  EXPECT_EQ(gap(), "");
}

TEST_F(GapBetween, IsThereWhereTheSlotIsAhead) {
  slot->confirmed_flush = Lsn{101};
  EXPECT_EQ(gap(), "the slot is ahead of the checkpoint; it was made anew or moved");
}

TEST_F(GapBetween, IsThereWithoutACheckpoint) {
  checkpoint.reset();
  EXPECT_EQ(gap(), "there is no checkpoint");
}

TEST_F(GapBetween, IsThereWhereTheSlotIsGoneOrLost) {
  slot->wal_status = "lost";
  EXPECT_EQ(gap(), "the server has removed WAL that the slot needed");
  slot.reset();
  EXPECT_EQ(gap(), "the slot is gone");
}

TEST_F(GapBetween, IsNoneWhileTheServerOnlyKeepsMoreWalThanItWants) {
  for (const auto* status : {"extended", "unreserved"}) {
    slot->wal_status = status;
    EXPECT_EQ(gap(), "") << status;
  }
}

TEST_F(GapBetween, IsThereOnAnotherServerAndOnAnotherTimeline) {
  server.timeline = 2;
  EXPECT_EQ(gap(), "the server has been restored or failed over, and the slot did not come along");
  server.system_identifier = "7000000000000000002";
  EXPECT_EQ(gap(), "this is another server than before");
}

TEST_F(GapBetween, IsNoneOnAStandbyThatTheSlotCameTo) {
  server.timeline = 2;
  slot->synced = true;
  slot->confirmed_flush = Lsn{90};
  EXPECT_EQ(gap(), "");
  slot->confirmed_flush = Lsn{101};
  EXPECT_EQ(gap(), "the slot is ahead of the checkpoint; it was made anew or moved");
  slot->wal_status = "lost";
  EXPECT_EQ(gap(), "the server has removed WAL that the slot needed");
}

}  // namespace
}  // namespace crossfade::sync
