#include "wal/confirm.h"

#include <gtest/gtest.h>

#include "base/error/failure.h"

namespace crossfade::wal {
namespace {

/// A stream that began at 100.
class ProgressTest : public testing::Test {
 protected:
  void begin(std::uint64_t commit_lsn) {
    message_.kind = MessageKind::kBegin;
    message_.commit_lsn = Lsn{commit_lsn};
    progress.take(message_);
  }
  void commit(std::uint64_t commit_lsn, std::uint64_t end_lsn) {
    message_.kind = MessageKind::kCommit;
    message_.commit_lsn = Lsn{commit_lsn};
    message_.end_lsn = Lsn{end_lsn};
    progress.take(message_);
  }
  void take(MessageKind kind) {
    message_.kind = kind;
    progress.take(message_);
  }
  void keepalive(std::uint64_t sent) { progress.take_keepalive(Lsn{sent}); }

  std::uint64_t received() const { return progress.received().bytes; }
  std::uint64_t confirmed_after(std::uint64_t settled) {
    progress.confirm(Lsn{settled});
    return progress.confirmed().bytes;
  }

  Progress progress{Lsn{100}};
  Message message_;
};

TEST_F(ProgressTest, BeginsWhereTheLastStreamHadSettled) {
  EXPECT_EQ(received(), 100U);
  EXPECT_EQ(progress.confirmed(), Lsn{100});
}

TEST_F(ProgressTest, ACommitIsReceivedUpToItsEndAndNotToItsBeginning) {
  begin(200);
  commit(200, 230);
  EXPECT_EQ(received(), 230U);
}

TEST_F(ProgressTest, Invariant4AnOpenTransactionHoldsProgressBack) {
  begin(200);
  EXPECT_EQ(received(), 100U);
  EXPECT_EQ(confirmed_after(200), 100U);
}

TEST_F(ProgressTest, Invariant4AKeepaliveCountsOnlyWhenNoTransactionIsOpen) {
  begin(200);
  keepalive(500);
  EXPECT_EQ(received(), 100U);
  commit(200, 230);
  EXPECT_EQ(received(), 500U);
}

TEST_F(ProgressTest, Invariant4NothingIsConfirmedBeforeItIsReceived) {
  EXPECT_EQ(confirmed_after(1000), 100U);
  keepalive(300);
  EXPECT_EQ(confirmed_after(1000), 300U);
}

TEST_F(ProgressTest, AnIdleServerMovesByKeepalive) {
  keepalive(300);
  EXPECT_EQ(received(), 300U);
}

TEST_F(ProgressTest, AKeepaliveLowerThanTheLastIsNoStepBack) {
  keepalive(300);
  keepalive(250);
  EXPECT_EQ(received(), 300U);
}

TEST_F(ProgressTest, ATransactionThatBeginsTakesNothingBack) {
  keepalive(300);
  begin(310);
  EXPECT_EQ(received(), 300U);
  commit(310, 330);
  EXPECT_EQ(received(), 330U);
}

TEST_F(ProgressTest, WhatIsConfirmedNeverGoesBack) {
  keepalive(300);
  EXPECT_EQ(confirmed_after(250), 250U);
  EXPECT_EQ(confirmed_after(200), 250U);
}

TEST_F(ProgressTest, ACommitThatWasNotAnnouncedIsAFailure) {
  EXPECT_THROW(commit(200, 230), Failure);
  begin(200);
  EXPECT_THROW(commit(201, 230), Failure);
}

TEST_F(ProgressTest, ABeginWithinATransactionIsAFailure) {
  begin(200);
  EXPECT_THROW(begin(300), Failure);
}

TEST_F(ProgressTest, AChangeOutsideATransactionIsAFailure) {
  for (const auto kind : {MessageKind::kInsert, MessageKind::kUpdate, MessageKind::kDelete, MessageKind::kTruncate}) {
    EXPECT_THROW(take(kind), Failure);
  }
}

TEST_F(ProgressTest, OnlyATransactionalMessageNeedsATransaction) {
  message_.transactional = false;
  EXPECT_NO_THROW(take(MessageKind::kMessage));
  message_.transactional = true;
  EXPECT_THROW(take(MessageKind::kMessage), Failure);
  begin(200);
  EXPECT_NO_THROW(take(MessageKind::kMessage));
}

}  // namespace
}  // namespace crossfade::wal
