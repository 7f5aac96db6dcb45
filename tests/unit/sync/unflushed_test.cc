#include "sync/state/unflushed.h"

#include <gtest/gtest.h>

namespace crossfade::sync {
namespace {

TEST(UnflushedTest, TheSlotIsToldOfNothingBeforeTheCommitThatSettledItIsOnDisk) {
  Unflushed unflushed;
  unflushed.add(Lsn{100}, Lsn{150});
  EXPECT_EQ(unflushed.flushed(Lsn{100}), Lsn{});
  EXPECT_EQ(unflushed.flushed(Lsn{149}), Lsn{});
  EXPECT_EQ(unflushed.flushed(Lsn{150}), Lsn{100});
  EXPECT_EQ(unflushed.flushed(Lsn{900}), Lsn{}) << "that was said";
}

TEST(UnflushedTest, OfSeveralCommitsTheLastThatIsOnDiskCounts) {
  Unflushed unflushed;
  unflushed.add(Lsn{100}, Lsn{150});
  unflushed.add(Lsn{200}, Lsn{250});
  unflushed.add(Lsn{300}, Lsn{350});
  EXPECT_EQ(unflushed.flushed(Lsn{260}), Lsn{200});
  EXPECT_EQ(unflushed.flushed(Lsn{350}), Lsn{300});
}

TEST(UnflushedTest, ALogThatIsNeverFlushedTakesABoundedRoomAndLosesNothing) {
  Unflushed unflushed;
  for (std::uint64_t n = 1; n <= 100'000; ++n) unflushed.add(Lsn{n}, Lsn{n + 1});
  EXPECT_EQ(unflushed.flushed(Lsn{501}), Lsn{500});
  EXPECT_EQ(unflushed.flushed(Lsn{100'000}), Lsn{999}) << "the others have come together, and wait for the last of them";
  EXPECT_EQ(unflushed.flushed(Lsn{100'001}), Lsn{100'000});
}

}  // namespace
}  // namespace crossfade::sync
