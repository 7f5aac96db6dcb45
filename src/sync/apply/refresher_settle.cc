#include <algorithm>
#include <utility>
#include <variant>

#include "sync/apply/refresher.h"
#include "sync/state/checkpoint.h"
#include "sync/state/store.h"

/// How what was refreshed, or spilled, is committed and forgotten.
namespace crossfade::sync {

std::optional<Beat> Refresher::last_beat(const Batch& batch) const {
  std::optional<Beat> last;
  for (const auto& transaction : batch.transactions) {
    for (const auto& mark : transaction.marks) {
      const auto* beat = std::get_if<Beat>(&mark);
      if (beat != nullptr && beat->epoch == run_.epoch) last = *beat;
    }
  }
  return last;
}

void Refresher::applied(const Beat& beat, double clock) {
  run_.lag.applied(beat.number, beat.sent_at, clock);
  run_.metrics.heartbeat_applied(beat.sent_at);
}

Refresher::Taken Refresher::take(Batch batch, const std::unordered_set<Key>& spilled) const {
  Taken taken;
  taken.batch = std::move(batch);
  auto both = std::exchange(taken.batch.keys, {});
  for (const auto& key : spilled) both.insert(&key);
  taken.keys.reserve(both.size());
  for (const auto* key : both) taken.keys.push_back(*key);
  taken.whole = take_whole_targets(taken.keys);
  // A target that is still to be compared, or is parked, has not seen the beat's effect.
  if (taken.whole.empty() && run_.nothing_missed()) taken.beat = last_beat(taken.batch);
  taken.reached.settled = run_.queue.settled_without(taken.batch, run_.stream.received);
  if (taken.beat) taken.reached.beat_sent_at = taken.beat->sent_at;
  taken.reached.stream_tells = run_.shape.stream_tells;
  return taken;
}

asio::awaitable<void> Refresher::settle(pg::Connection& connection, Taken& taken, const std::function<asio::awaitable<void>()>& work) {
  std::optional<Failure> failure;
  store::Committed committed;
  try {
    co_await work();
    committed = co_await store::commit_with_checkpoint(connection, run_, taken.reached);
    note_commit(committed);
    on_disk_ = run_.model.apart;
  } catch (const Failure& caught) {
    failure = caught;
  }
  if (failure) {
    run_.queue.put_back(std::move(taken.batch));
    throw *failure;
  }
  const auto& transactions = taken.batch.transactions;
  if (std::any_of(transactions.begin(), transactions.end(), [](const Transaction& each) { return !each.keys.empty(); })) say_after_ = {};
  run_.queue.ack(taken.batch);
  taken.told = committed.told;
  if (!committed.told) run_.look_again();
  if (taken.beat && committed.told) applied(*taken.beat, committed.clock);
  run_.applied.unflushed.add(taken.reached.settled, committed.end);
  run_.applied.flushed(committed.flushed);
  if (taken.whole.empty()) co_return;
  run_.applied.catching_up = true;
  ++run_.fill.asked;
  ++run_.applied.fills_begun;
  run_.control_changed.notify_all();
}

/// On another server our commits are in a log that nobody follows: then all that has come is somebody else's.
void Refresher::note_commit(const store::Committed& committed) {
  written_ = run_.model.apart ? Lsn{} : committed.end;
  written_at_ = Clock::now();
}

/// Whatever was offered up to here is written, and all of it at one snapshot: the targets are what the views are at this position too. No
/// row is read to know that.
asio::awaitable<void> Refresher::say_position(pg::Connection& connection) {
  store::Reached reached;
  reached.settled = run_.queue.settled(run_.stream.received);
  if (run_.nothing_missed()) reached.consistent = reached.settled;
  reached.readable = reached.settled;
  reached.readable_but = run_.behind();
  reached.stream_tells = run_.shape.stream_tells;
  const auto committed = co_await store::commit_checkpoint_alone(connection, run_, reached);
  note_commit(committed);
  on_disk_ = true;
  run_.applied.unflushed.add(reached.settled, committed.end);
  run_.applied.flushed(committed.flushed);
  if (committed.told) {
    run_.applied.readable = std::max(run_.applied.readable, reached.settled);
    if (reached.consistent) run_.applied.consistent = std::max(run_.applied.consistent, reached.settled);
  } else {
    run_.look_again();
  }
}

void Refresher::count_written(const std::vector<Key>& keys, const ByTarget<Written>& written) {
  for (const auto target : written.ids()) {
    const auto& rows = written[target];
    run_.metrics.rows_written(target, rows.inserted, rows.updated, rows.deleted);
    if (rows.seconds > 0) {
      run_.applied.times[target].took(rows.seconds);
      run_.metrics.target_refreshed(target, std::chrono::duration<double>(rows.seconds));
    }
    run_.metrics.rows_unchanged(target, rows.in_view - std::min(rows.in_view, rows.inserted + rows.updated));
  }
  ByTarget<std::uint64_t> refreshed(run_.model.targets.size());
  for (const auto& key : keys) ++refreshed[key.target()];
  for (const auto target : refreshed.ids()) run_.metrics.keys_refreshed(target, refreshed[target]);
}

}  // namespace crossfade::sync
