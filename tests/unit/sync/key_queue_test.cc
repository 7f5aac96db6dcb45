#include "sync/queue/key_queue.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace crossfade::sync {
namespace {

using Keys = std::vector<std::string>;

/// Says what arrives in few words: arrive(7, 100, {"a", "b"}) is transaction 7, whose commit ends at 100.
class KeyQueueTest : public testing::Test {
 protected:
  static Key key(const std::string& value) { return Key(0, 0, {value}); }
  static Snapshot sees_all() { return Snapshot::parse("1000:1000:").value(); }
  static Snapshot snapshot(std::string_view text) { return Snapshot::parse(text).value(); }

  void arrive(std::uint32_t xid, std::uint64_t end, const Keys& values) {
    queue.begin(Xid{xid});
    for (const auto& value : values) queue.offer(key(value));
    queue.commit(Lsn{end});
  }

  Batch take(std::size_t most = 1000) { return queue.take_seen(sees_all(), most); }

  static Keys values(const Batch& batch) {
    Keys out;
    for (const auto* each : batch.keys) out.push_back(each->values().front().value());
    std::sort(out.begin(), out.end());
    return out;
  }

  static std::vector<std::uint32_t> xids(const Batch& batch) {
    std::vector<std::uint32_t> out;
    for (const auto& transaction : batch.transactions) out.push_back(transaction.xid.value);
    return out;
  }

  std::uint64_t settled(std::uint64_t received) const { return queue.settled(Lsn{received}).bytes; }

  void expect_nothing_left() const {
    EXPECT_TRUE(queue.idle());
    EXPECT_EQ(queue.pending_keys(), 0U);
    EXPECT_EQ(queue.bytes(), 0U);
  }

  KeyQueue queue;
};

TEST_F(KeyQueueTest, KeysThatWaitAreCountedByTarget) {
  queue.begin(Xid{10});
  queue.offer(Key(3, 0, {"a"}));
  queue.offer(Key(3, 0, {"a"}));
  queue.offer(Key(1, 0, {"b"}));
  EXPECT_EQ(queue.pending_keys(3), 1U);
  queue.abandon_open();
  EXPECT_EQ(queue.pending_keys(3), 0U);
  queue.offer_now({Key(3, 0, {"a"}), Key(3, 0, {"b"})});
  EXPECT_EQ(queue.pending_keys(3), 2U);
  EXPECT_EQ(queue.pending_keys(1), 0U);
  EXPECT_EQ(queue.pending_keys(9), 0U);
  queue.ack(take());
  EXPECT_EQ(queue.pending_keys(3), 0U);
  expect_nothing_left();
}

TEST_F(KeyQueueTest, Invariant1WhatTheSnapshotDoesNotSeeStaysInItsOrder) {
  arrive(10, 100, {"a"});
  arrive(11, 200, {"b"});
  arrive(12, 300, {"c"});
  const auto seen = queue.take_seen(snapshot("11:13:11"), 1000);
  EXPECT_EQ(xids(seen), (std::vector<std::uint32_t>{10, 12}));
  EXPECT_EQ(values(seen), (Keys{"a", "c"}));
  queue.ack(seen);
  arrive(13, 400, {"d"});
  EXPECT_EQ(settled(400), 100U) << "transaction 11 is not settled";
  EXPECT_EQ(xids(take()), (std::vector<std::uint32_t>{11, 13}));
}

TEST_F(KeyQueueTest, Invariant2AKeyOfferedWhileItIsBeingRefreshedIsDirtyAgain) {
  arrive(10, 100, {"a"});
  const auto first = take();
  arrive(11, 200, {"a"});
  queue.ack(first);
  EXPECT_EQ(settled(200), 100U);
  const auto second = take();
  EXPECT_EQ(values(second), Keys{"a"});
  queue.ack(second);
  EXPECT_EQ(settled(200), 200U);
  expect_nothing_left();
}

TEST_F(KeyQueueTest, Invariant2AKeyOfferedAgainAfterItsPartWasSpilledIsDirtyAgain) {
  queue.begin(Xid{10});
  queue.offer(key("a"));
  queue.ack(queue.take_all());
  queue.offer(key("a"));
  queue.commit(Lsn{100});
  EXPECT_EQ(values(take()), Keys{"a"});
}

TEST_F(KeyQueueTest, Invariant4WhatIsWaitingIsNotSettled) {
  arrive(10, 100, {"a"});
  arrive(11, 200, {"b"});
  EXPECT_EQ(settled(500), 0U);
  queue.ack(queue.take_seen(snapshot("11:12:11"), 1000));
  EXPECT_EQ(settled(500), 100U);
}

TEST_F(KeyQueueTest, Invariant4WhatIsTakenIsNotSettledUntilItIsRetired) {
  arrive(10, 100, {"a"});
  arrive(11, 200, {"b"});
  const auto batch = take();
  EXPECT_EQ(settled(500), 0U);
  EXPECT_EQ(queue.settled_without(batch, Lsn{500}).bytes, 500U);
  EXPECT_FALSE(queue.idle());
  queue.ack(batch);
  EXPECT_EQ(settled(500), 500U);
  expect_nothing_left();
}

TEST_F(KeyQueueTest, Invariant4TheOldestBatchThatIsOutHoldsEverythingBack) {
  arrive(10, 100, {"a"});
  const auto first = take();
  arrive(11, 200, {"b"});
  const auto second = take();
  EXPECT_EQ(queue.settled_without(second, Lsn{200}).bytes, 0U);
  queue.ack(second);
  EXPECT_EQ(settled(200), 0U);
  queue.ack(first);
  EXPECT_EQ(settled(200), 200U);
}

TEST_F(KeyQueueTest, Invariant4AnOpenTransactionIsNotSettledByAKeepalive) {
  arrive(10, 100, {"a"});
  queue.ack(take());
  queue.begin(Xid{11});
  EXPECT_EQ(settled(900), 100U);
  EXPECT_FALSE(queue.idle());
  queue.commit(Lsn{200});
  queue.ack(take());
  EXPECT_EQ(settled(900), 900U);
}

TEST_F(KeyQueueTest, Invariant4AKeepaliveCountsOnlyWhenNothingIsLeft) {
  EXPECT_EQ(settled(70), 70U);
  arrive(10, 100, {"a"});
  EXPECT_EQ(settled(900), 0U);
  const auto batch = take();
  EXPECT_EQ(settled(900), 0U);
  queue.ack(batch);
  EXPECT_EQ(settled(900), 900U);
}

TEST_F(KeyQueueTest, ASettledPositionDoesNotGoBackBehindTheLastCommit) {
  arrive(10, 100, {"a"});
  queue.ack(take());
  EXPECT_EQ(settled(50), 100U);
}

TEST_F(KeyQueueTest, ATransactionThatOffersNothingIsSettledInItsTurnAndCallsForNothing) {
  arrive(10, 100, {});
  EXPECT_EQ(settled(0), 100U);
  expect_nothing_left();
  arrive(11, 200, {"a"});
  arrive(12, 300, {});
  EXPECT_EQ(settled(300), 100U);
  EXPECT_EQ(queue.waiting_transactions(), 1U);
  queue.ack(take());
  EXPECT_EQ(settled(300), 300U);
  expect_nothing_left();
}

TEST_F(KeyQueueTest, ATransactionWhoseKeysWereSpilledBeforeItsEndIsSeenBeforeItIsSettled) {
  queue.begin(Xid{10});
  queue.offer(key("a"));
  queue.ack(queue.take_all());
  queue.commit(Lsn{100});
  EXPECT_EQ(settled(500), 0U);
  EXPECT_TRUE(queue.take_seen(snapshot("10:11:10"), 1000).empty());
  queue.ack(take());
  EXPECT_EQ(settled(500), 500U);
  expect_nothing_left();
}

TEST_F(KeyQueueTest, ATransactionIsNeverSplit) {
  arrive(10, 100, {"a", "b", "c"});
  arrive(11, 200, {"d"});
  const auto batch = take(2);
  EXPECT_EQ(values(batch), (Keys{"a", "b", "c"}));
  EXPECT_EQ(queue.waiting_transactions(), 1U);
}

TEST_F(KeyQueueTest, TheSameKeyOfSeveralTransactionsIsRefreshedOnce) {
  arrive(10, 100, {"a"});
  arrive(11, 200, {"a", "b"});
  const auto batch = take(2);
  EXPECT_EQ(batch.transactions.size(), 2U);
  EXPECT_EQ(values(batch), (Keys{"a", "b"}));
  queue.ack(batch);
  expect_nothing_left();
}

TEST_F(KeyQueueTest, AKeyOfferedTwiceInATransactionCountsOnce) {
  arrive(10, 100, {"a", "a", "a"});
  EXPECT_EQ(queue.pending_keys(), 1U);
}

TEST_F(KeyQueueTest, ABatchThatIsPutBackTakesItsPlaceAgain) {
  arrive(10, 100, {"a"});
  arrive(11, 200, {"b"});
  auto first = take(1);
  EXPECT_EQ(xids(first), std::vector<std::uint32_t>{10});
  arrive(12, 300, {"c"});
  const auto bytes = queue.bytes();
  queue.put_back(std::move(first));
  EXPECT_EQ(queue.bytes(), bytes);
  EXPECT_EQ(settled(300), 0U);
  const auto all = take();
  EXPECT_EQ(xids(all), (std::vector<std::uint32_t>{10, 11, 12}));
  queue.ack(all);
  expect_nothing_left();
}

TEST_F(KeyQueueTest, ABatchWithGapsIsPutBackBetweenWhatStayed) {
  arrive(10, 100, {"a"});
  arrive(11, 200, {"b"});
  arrive(12, 300, {"c"});
  queue.put_back(queue.take_seen(snapshot("11:13:11"), 1000));
  EXPECT_EQ(xids(take()), (std::vector<std::uint32_t>{10, 11, 12}));
}

TEST_F(KeyQueueTest, AnEmptyBatchIsRetiredAndPutBackWithoutEffect) {
  auto nothing = take();
  EXPECT_TRUE(nothing.empty());
  queue.ack(nothing);
  queue.put_back(std::move(nothing));
  EXPECT_EQ(queue.settled_without(Batch{}, Lsn{5}).bytes, 5U);
  expect_nothing_left();
}

TEST_F(KeyQueueTest, KeysOfATransactionThatStillArrivesCanBeSpilledAndItStaysOpen) {
  arrive(10, 100, {"a"});
  queue.begin(Xid{11});
  queue.offer(key("b"));
  const auto part = queue.take_all();
  EXPECT_EQ(xids(part), (std::vector<std::uint32_t>{10, 11}));
  EXPECT_EQ(part.transactions.back().keys, std::vector<Key>{key("b")});
  queue.ack(part);
  EXPECT_EQ(queue.bytes(), 0U);
  EXPECT_EQ(settled(500), 100U) << "the transaction is open";
  queue.offer(key("c"));
  queue.commit(Lsn{200});
  EXPECT_EQ(settled(500), 100U);
  const auto rest = take();
  EXPECT_EQ(values(rest), Keys{"c"});
  queue.ack(rest);
  EXPECT_EQ(settled(500), 500U);
  expect_nothing_left();
}

TEST_F(KeyQueueTest, AnOpenTransactionWithoutKeysLeavesNothingToSpill) {
  queue.begin(Xid{10});
  EXPECT_TRUE(queue.take_all().empty());
}

TEST_F(KeyQueueTest, AnAbandonedTransactionLeavesNothingBehind) {
  arrive(10, 100, {"a"});
  queue.begin(Xid{11});
  queue.offer(key("b"));
  queue.mark(Beat{});
  queue.abandon_open();
  EXPECT_EQ(queue.pending_keys(), 1U);
  arrive(11, 200, {"b"});
  const auto batch = take();
  EXPECT_EQ(values(batch), (Keys{"a", "b"}));
  EXPECT_TRUE(batch.transactions.back().marks.empty());
  queue.ack(batch);
  expect_nothing_left();
}

TEST_F(KeyQueueTest, MarksComeWithTheTransactionThatCarriedThem) {
  queue.begin(Xid{10});
  queue.mark(Beat{7, 1, 0.5});
  queue.mark(Barrier{"x"});
  queue.commit(Lsn{100});
  const auto batch = take();
  EXPECT_EQ(batch.transactions.front().marks, (std::vector<Mark>{Beat{7, 1, 0.5}, Barrier{"x"}}));
}

TEST_F(KeyQueueTest, KeysOfferedByHandAreVisibleToEverySnapshotAndHoldPositionsBack) {
  arrive(10, 100, {"a"});
  queue.offer_now({key("b")});
  EXPECT_EQ(values(queue.take_seen(snapshot("10:11:10"), 1000)), Keys{"b"});
  queue.offer_now({});
  EXPECT_EQ(queue.waiting_transactions(), 1U);
}

}  // namespace
}  // namespace crossfade::sync
