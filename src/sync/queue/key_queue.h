#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <unordered_set>
#include <vector>

#include "base/value/key.h"
#include "base/value/lsn.h"
#include "base/value/snapshot.h"
#include "sync/queue/mark.h"

namespace crossfade::sync {

/// A source's transaction as far as it concerns us: what it may have changed and where it stands in the log.
struct Transaction {
  std::uint64_t order = 0;          ///< its place in the stream
  Xid xid;                          ///< none for keys that no transaction offered (retry, touch, repair)
  Lsn before;                       ///< end of the commit before it: what may be confirmed while this one is not settled
  std::vector<Key> keys;
  std::vector<Mark> marks;
};

/// Keys where they stand, each value once. Of a large transaction a copy of all its keys would be felt.
struct SameKey {
  std::size_t operator()(const Key* key) const { return std::hash<Key>{}(*key); }
  bool operator()(const Key* a, const Key* b) const { return *a == *b; }
};
using KeyUnion = std::unordered_set<const Key*, SameKey, SameKey>;

/// Transactions taken out together, and the union of their keys, which stand in them.
struct Batch {
  Batch() = default;
  Batch(Batch&&) = default;
  Batch& operator=(Batch&&) = default;

  std::deque<Transaction> transactions;  ///< in stream order
  KeyUnion keys;

  bool empty() const { return transactions.empty(); }
};

/// What has been offered and is not settled: transactions in the order of their commits.
///
/// Invariant 2: a key offered while it is being refreshed is dirty again. It comes with a transaction of its own, which
/// stays here until a later refresh takes it.
/// Invariant 4: the slot is told an LSN only when every transaction up to it is settled and that is durable. settled()
/// is that LSN; a batch counts as open until it is retired.
class KeyQueue {
 public:
  /// A transaction begins to arrive; what is offered until its commit belongs to it.
  void begin(Xid xid);
  void offer(Key key);
  void mark(Mark mark);
  /// One that offered nothing and has no mark is settled by having come: servers before 15 send those too that changed nothing of the
  /// publication, our own commits among them, and a round for each of them would be a commit that calls for the next round.
  void commit(Lsn end_lsn);
  /// The stream broke off: the open transaction comes again.
  void abandon_open();

  /// Keys without a transaction, to be refreshed at the next chance.
  void offer_now(std::vector<Key> keys);

  /// Takes what `snapshot` sees, oldest first, until there are `most_keys` keys. A transaction is never split, so one
  /// may exceed them. What it does not see stays (invariant 1).
  Batch take_seen(const Snapshot& snapshot, std::size_t most_keys);

  /// Takes everything, the keys of the open transaction included, to be spilled durably. Keys are with the transaction
  /// that offered them; their union is not made.
  Batch take_all();

  void ack(const Batch& batch);
  /// The batch was not refreshed; it takes its place again.
  void put_back(Batch batch);

  /// Everything that committed before this position is settled, given that the stream has passed `received`.
  Lsn settled(Lsn received) const;
  /// The same once `batch`, which is out, will have been retired: what its transaction may write down.
  Lsn settled_without(const Batch& batch, Lsn received) const;

  std::size_t pending_keys() const { return pending_keys_; }
  std::size_t pending_keys(TargetId target) const { return pending_of_.has(target) ? pending_of_[target] : 0; }
  /// How many transactions have offered this key, and wait; the open one too, and none that is being refreshed.
  std::size_t waiting(const Key& key) const;
  /// Of transactions that have ended; taken ones included.
  std::size_t committed_keys() const { return pending_keys_ - opened_keys_.size(); }
  std::size_t bytes() const { return bytes_; }
  std::size_t waiting_transactions() const { return waiting_.size(); }
  bool idle() const { return waiting_.empty() && taken_.empty() && !open_; }

 private:
  Batch finish(Batch batch);
  void come(const Key& key);
  void go(const Key& key);
  Lsn settled_beside(const std::multiset<Lsn>& taken, Lsn received) const;

  std::deque<Transaction> waiting_;
  std::multiset<Lsn> taken_;          ///< `before` of the oldest transaction of each batch that is out
  std::uint64_t next_order_ = 0;
  Lsn last_commit_;
  bool open_ = false;
  bool owes_ = false;                 ///< the open transaction has offered something, be it spilled by now, or has a mark
  Transaction opened_;
  std::unordered_set<Key> opened_keys_;
  std::size_t pending_keys_ = 0;      ///< waiting and taken, not coalesced across transactions
  ByTarget<std::size_t> pending_of_;  ///< the same by target, as far as there were any
  std::size_t bytes_ = 0;             ///< of what waits, taken batches included
};

}  // namespace crossfade::sync
