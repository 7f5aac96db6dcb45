#include <algorithm>
#include <functional>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "sync/apply/refresher.h"
#include "sync/backfill/backfill.h"
#include "sync/state/store.h"

/// How the refresher works off what is more than one transaction should have.
namespace crossfade::sync {
namespace {

/// Fewer keys than this are not worth the trouble of several transactions.
constexpr std::size_t kWorthSharing = 500;

}  // namespace

/// For one transaction, at least where it is of several: one large transaction by itself is not shown in parts.
bool Refresher::too_much(const Batch& batch) const {
  const auto with_keys = std::count_if(batch.transactions.begin(), batch.transactions.end(), [](const Transaction& each) { return !each.keys.empty(); });
  return batch.keys.size() >= run_.settings.batch_keys && with_keys > 1;
}

std::size_t Refresher::most_keys() const { return run_.settings.batch_keys * static_cast<std::size_t>(run_.settings.workers); }

/// What workers can do is done and committed; the rest is left to one transaction.
asio::awaitable<Refresher::Work> Refresher::share(const std::vector<Key>& keys) {
  auto work = all_of({});
  if (run_.settings.workers == 1 || keys.size() < kWorthSharing) {
    work.keys = keys;
  } else {
    work.keys = co_await workers_.upsert(keys, work.written);
  }
  co_return work;
}

/// Keys in memory that are too many for one transaction: as with those in crossfade.dirty, the guarantee is per key, and
/// nobody waits for the stream to reach the end of the log before work begins.
asio::awaitable<bool> Refresher::catch_up(pg::Connection& connection) {
  const auto began = Clock::now();
  const auto view = co_await begin(connection);
  co_await connection.script("commit");
  auto batch = run_.queue.take_seen(view.snapshot, most_keys());
  behind_ = too_much(batch);
  if (!behind_) {
    run_.queue.put_back(std::move(batch));
    co_return true;
  }
  auto taken = take(std::move(batch));
  const std::function<asio::awaitable<void>()> work = [&]() -> asio::awaitable<void> {
    auto left = co_await share(taken.keys);
    co_await begin(connection);
    if (!taken.whole.empty()) co_await reconcile_whole(connection, taken.whole);
    co_await write(connection, taken.keys, std::move(left), taken.keys.size() - 1);
  };
  co_await settle(connection, taken, work);
  run_.metrics.refresh_done(Clock::now() - began, taken.batch.transactions.size());
  co_return true;
}

asio::awaitable<bool> Refresher::drain(pg::Connection& connection) {
  const auto began = Clock::now();
  const auto view = co_await begin(connection);
  const auto rows = co_await store::take_dirty(connection, run_, most_keys());
  if (rows.empty()) {
    co_await connection.script("rollback");
    run_.dirty_keys = 0;
    co_return true;
  }
  std::unordered_set<Key> distinct;
  std::vector<std::int64_t> retired;
  for (const auto& row : rows) {
    // Invariant 1 again: what the snapshot does not see stays.
    if (!view.snapshot.sees(row.xid)) continue;
    distinct.insert(row.key);
    retired.push_back(row.id);
  }
  std::vector<Key> keys(distinct.begin(), distinct.end());
  const auto whole = take_whole_targets(keys);
  co_await connection.script("commit");
  auto work = co_await share(keys);
  co_await begin(connection);
  if (!whole.empty()) co_await reconcile_whole(connection, whole);
  if (!keys.empty()) {
    const auto may_wait = rows.size() == most_keys() ? keys.size() - 1 : 0;
    co_await write(connection, keys, std::move(work), may_wait);
  }
  co_await store::retire_dirty(connection, retired);
  const store::Reached reached{run_.queue.settled(run_.settled), std::nullopt, std::nullopt};
  co_await store::write_checkpoint(connection, run_, reached);
  co_await connection.script("commit");
  run_.dirty_keys -= std::min<std::uint64_t>(run_.dirty_keys, retired.size());
  // Keys put there by hand are not in that number: nothing may be called consistent while ours still wait behind them.
  if (run_.dirty_keys == 0) run_.dirty_keys = co_await store::count_dirty(connection, run_);
  run_.metrics.refresh_done(Clock::now() - began, 0);
  if (!whole.empty()) {
    run_.backfilling = true;
    run_.control_changed.notify_all();
  }
  co_return !retired.empty();
}

}  // namespace crossfade::sync
