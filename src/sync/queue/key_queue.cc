#include "sync/queue/key_queue.h"

#include <algorithm>
#include <utility>

namespace crossfade::sync {
namespace {

/// What a transaction costs beside its keys.
constexpr std::size_t kTransactionBytes = sizeof(Transaction) + 32;

std::size_t footprint(const Transaction& transaction) {
  std::size_t bytes = kTransactionBytes;
  for (const auto& key : transaction.keys) bytes += key.footprint();
  return bytes;
}

}  // namespace

void KeyQueue::begin(Xid xid) {
  opened_ = Transaction{};
  opened_.xid = xid;
  opened_keys_.clear();
  open_ = true;
  owes_ = false;
}

void KeyQueue::offer(Key key) {
  owes_ = true;
  const auto [offered, is_new] = opened_keys_.insert(std::move(key));
  if (!is_new) return;
  bytes_ += offered->footprint();
  come(*offered);
}

void KeyQueue::come(const Key& key) {
  if (!pending_of_.has(key.target())) pending_of_.resize(key.target().place() + std::size_t{1});
  ++pending_of_[key.target()];
  ++pending_keys_;
}

void KeyQueue::go(const Key& key) {
  --pending_of_[key.target()];
  --pending_keys_;
}

std::size_t KeyQueue::waiting(const Key& key) const {
  const auto offers = [&](const Transaction& transaction) { return std::find(transaction.keys.begin(), transaction.keys.end(), key) != transaction.keys.end(); };
  return static_cast<std::size_t>(std::count_if(waiting_.begin(), waiting_.end(), offers)) + opened_keys_.count(key);
}

void KeyQueue::mark(Mark mark) {
  owes_ = true;
  opened_.marks.push_back(std::move(mark));
}

void KeyQueue::commit(Lsn end_lsn) {
  opened_.keys.reserve(opened_keys_.size());
  while (!opened_keys_.empty()) opened_.keys.push_back(std::move(opened_keys_.extract(opened_keys_.begin()).value()));
  opened_.before = last_commit_;
  last_commit_ = end_lsn;
  open_ = false;
  if (!std::exchange(owes_, false)) return;
  opened_.order = next_order_++;
  bytes_ += kTransactionBytes;
  waiting_.push_back(std::exchange(opened_, Transaction{}));
}

void KeyQueue::abandon_open() {
  for (const auto& key : opened_keys_) {
    bytes_ -= key.footprint();
    go(key);
  }
  opened_keys_.clear();
  open_ = false;
}

void KeyQueue::offer_now(std::vector<Key> keys) {
  if (keys.empty()) return;
  Transaction transaction;
  transaction.order = next_order_++;
  transaction.before = last_commit_;
  transaction.keys = std::move(keys);
  for (const auto& key : transaction.keys) come(key);
  bytes_ += footprint(transaction);
  waiting_.push_back(std::move(transaction));
}

Batch KeyQueue::take_seen(const Snapshot& snapshot, std::size_t most_keys) {
  Batch batch;
  std::deque<Transaction> unseen;
  while (!waiting_.empty() && batch.keys.size() < most_keys) {
    auto& transaction = waiting_.front();
    if (snapshot.sees(transaction.xid)) {
      for (const auto& key : transaction.keys) batch.keys.insert(&key);
      batch.transactions.push_back(std::move(transaction));
    } else {
      unseen.push_back(std::move(transaction));
    }
    waiting_.pop_front();
  }
  while (!unseen.empty()) {
    waiting_.push_front(std::move(unseen.back()));
    unseen.pop_back();
  }
  return finish(std::move(batch));
}

Batch KeyQueue::take_all() {
  Batch batch;
  batch.transactions = std::exchange(waiting_, {});
  if (open_ && !opened_keys_.empty()) {
    // Part of a transaction that is still arriving: its keys can be spilled before its end is known, the transaction
    // itself stays open and holds settled() back.
    Transaction part;
    part.order = next_order_++;
    part.xid = opened_.xid;
    part.before = last_commit_;
    part.keys.reserve(opened_keys_.size());
    while (!opened_keys_.empty()) part.keys.push_back(std::move(opened_keys_.extract(opened_keys_.begin()).value()));
    bytes_ += kTransactionBytes;
    batch.transactions.push_back(std::move(part));
  }
  return finish(std::move(batch));
}

Batch KeyQueue::finish(Batch batch) {
  if (!batch.empty()) taken_.insert(batch.transactions.front().before);
  return batch;
}

void KeyQueue::ack(const Batch& batch) {
  if (batch.empty()) return;
  taken_.erase(taken_.find(batch.transactions.front().before));
  for (const auto& transaction : batch.transactions) {
    bytes_ -= footprint(transaction);
    for (const auto& key : transaction.keys) go(key);
  }
}

void KeyQueue::put_back(Batch batch) {
  if (batch.empty()) return;
  taken_.erase(taken_.find(batch.transactions.front().before));
  std::deque<Transaction> merged;
  std::merge(std::make_move_iterator(batch.transactions.begin()), std::make_move_iterator(batch.transactions.end()),
             std::make_move_iterator(waiting_.begin()), std::make_move_iterator(waiting_.end()),
             std::back_inserter(merged), [](const Transaction& a, const Transaction& b) { return a.order < b.order; });
  waiting_ = std::move(merged);
}

Lsn KeyQueue::settled(Lsn received) const { return settled_beside(taken_, received); }

Lsn KeyQueue::settled_without(const Batch& batch, Lsn received) const {
  auto others = taken_;
  if (!batch.empty()) others.erase(others.find(batch.transactions.front().before));
  return settled_beside(others, received);
}

Lsn KeyQueue::settled_beside(const std::multiset<Lsn>& taken, Lsn received) const {
  // Progress without a commit (a keepalive) counts only when nothing is open, waiting or taken.
  Lsn position = open_ ? last_commit_ : std::max(received, last_commit_);
  if (!waiting_.empty()) position = std::min(position, waiting_.front().before);
  if (!taken.empty()) position = std::min(position, *taken.begin());
  return position;
}

}  // namespace crossfade::sync
