#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <list>
#include <map>
#include <set>

#include "sync/queue/key_queue.h"

namespace crossfade::sync {
namespace {

/// What a run of the queue is told next.
enum class Step { kBegin, kOffer, kCommit, kAbandon, kOfferNow, kTakeSeen, kTakeAll, kRetire, kPutBack };

constexpr std::uint32_t kFirstXid = 100;

/// The queue, and beside it a plain account of what was offered by which transaction and what of it has been retired.
class Run {
 public:
  void step(Step step) {
    switch (step) {
      case Step::kBegin:
        if (open_) return;
        open_ = true;
        end_ = std::max(end_, received_) + 10;
        queue_.begin(Xid{next_xid_});
        return;
      case Step::kOffer:
        if (!open_) return;
        offer(draw_key());
        return;
      case Step::kCommit:
        if (!open_) return;
        open_ = false;
        commits_.emplace_back(next_xid_, end_);
        received_ = std::max(received_, end_);
        queue_.commit(Lsn{end_});
        arriving_.clear();
        ++next_xid_;
        return;
      case Step::kAbandon:
        if (!open_) return;
        open_ = false;
        // What was taken of it already may be refreshed without harm; the rest comes again.
        for (const auto& key : arriving_) owed_.erase(owed_.find({next_xid_, key}));
        arriving_.clear();
        queue_.abandon_open();
        return;
      case Step::kOfferNow:
        queue_.offer_now({Key(0, 0, {std::to_string(draw_key())})});
        return;
      case Step::kTakeSeen:
        take(queue_.take_seen(draw_snapshot(), *rc::gen::inRange<std::size_t>(1, 6)));
        return;
      case Step::kTakeAll:
        arriving_.clear();
        take(queue_.take_all());
        return;
      case Step::kRetire:
        if (!out_.empty()) retire(draw_batch());
        return;
      case Step::kPutBack:
        if (!out_.empty()) queue_.put_back(draw_batch());
        return;
    }
  }

  /// Invariant 4, from outside: whatever committed before settled() owes nothing.
  void check() {
    // A keepalive may be ahead of what is still arriving.
    received_ += *rc::gen::inRange<std::uint64_t>(0, 8);
    const auto settled = queue_.settled(Lsn{received_}).bytes;
    RC_ASSERT(!open_ || settled < end_);
    for (const auto& [xid, end] : commits_) {
      if (end > settled) break;
      const auto left = owed_.lower_bound({xid, 0});
      RC_ASSERT(left == owed_.end() || left->first != xid);
    }
  }

  void end() {
    if (open_) step(Step::kCommit);
    while (!out_.empty()) retire(draw_batch());
    take(queue_.take_seen(Snapshot::parse("4000000:4000000:").value(), 1'000'000));
    if (!out_.empty()) retire(draw_batch());
    RC_ASSERT(queue_.idle());
    RC_ASSERT(queue_.bytes() == 0U);
    RC_ASSERT(queue_.pending_keys() == 0U);
    RC_ASSERT(owed_.empty());
    RC_ASSERT(queue_.settled(Lsn{received_}).bytes == received_);
  }

 private:
  using Offer = std::pair<std::uint32_t, int>;

  static int draw_key() { return *rc::gen::inRange(0, 5); }

  void offer(int key) {
    queue_.offer(Key(0, 0, {std::to_string(key)}));
    if (arriving_.insert(key).second) owed_.insert({next_xid_, key});
  }

  /// Some of the young transactions are still in progress to it.
  Snapshot draw_snapshot() const {
    std::string in_progress;
    auto xmin = next_xid_;
    for (auto xid = next_xid_ - std::min(next_xid_ - kFirstXid, 3U); xid < next_xid_; ++xid) {
      if (*rc::gen::arbitrary<bool>()) continue;
      xmin = std::min(xmin, xid);
      in_progress += (in_progress.empty() ? "" : ",") + std::to_string(xid);
    }
    return Snapshot::parse(std::to_string(xmin) + ":" + std::to_string(next_xid_) + ":" + in_progress).value();
  }

  void take(Batch batch) {
    if (!batch.empty()) out_.push_back(std::move(batch));
  }

  Batch draw_batch() {
    auto at = out_.begin();
    std::advance(at, *rc::gen::inRange<std::size_t>(0, out_.size()));
    auto batch = std::move(*at);
    out_.erase(at);
    return batch;
  }

  void retire(const Batch& batch) {
    for (const auto& transaction : batch.transactions) {
      for (const auto& key : transaction.keys) {
        const auto found = owed_.find({transaction.xid.value, std::stoi(key.values().front().value())});
        if (transaction.xid.value != 0 && found != owed_.end()) owed_.erase(found);
      }
    }
    queue_.ack(batch);
  }

  KeyQueue queue_;
  bool open_ = false;
  std::uint32_t next_xid_ = kFirstXid;
  std::uint64_t end_ = 0;       ///< of the transaction that arrives, or of the last one
  std::uint64_t received_ = 0;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> commits_;
  std::set<int> arriving_;      ///< keys of the open transaction that nobody has taken yet
  std::multiset<Offer> owed_;   ///< offered and not retired
  std::list<Batch> out_;
};

RC_GTEST_PROP(KeyQueueProperty, NothingUnsettledIsEverBehindTheSettledPosition, ()) {
  const auto steps = *rc::gen::container<std::vector<Step>>(rc::gen::weightedElement<Step>(
      {{4, Step::kBegin}, {8, Step::kOffer}, {5, Step::kCommit}, {1, Step::kAbandon}, {1, Step::kOfferNow},
       {4, Step::kTakeSeen}, {1, Step::kTakeAll}, {4, Step::kRetire}, {2, Step::kPutBack}}));
  Run run;
  for (const auto step : steps) {
    run.step(step);
    run.check();
  }
  run.end();
}

}  // namespace
}  // namespace crossfade::sync
