#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/telemetry/log.h"
#include "sync/apply/refresher.h"
#include "sync/backfill/backfill.h"
#include "sync/state/checkpoint.h"
#include "sync/state/parking.h"
#include "sync/state/store.h"

/// How the refresher works off what is more than one transaction should have.
namespace crossfade::sync {
namespace {

namespace queries = sql::queries;

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
  if (run_.settings.workers == 1 || keys.size() < kWorthSharing || run_.suspects->any(keys)) {
    work.keys = keys;
  } else {
    auto wanted = keys;
    auto resting = parking::take_resting(run_, wanted);
    try {
      work.keys = co_await workers_.upsert(wanted, work.written);
    } catch (const Failure& failure) {
      if (failure.connection_lost()) run_.suspects->note(wanted);
      throw;
    }
    work.keys.insert(work.keys.end(), std::make_move_iterator(resting.begin()), std::make_move_iterator(resting.end()));
    row_locks_ = row_locks_ || workers_.row_locks();
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
  run_.applied.catching_up = true;
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

/// Invariant 1 again: what the snapshot does not see stays.
asio::awaitable<Refresher::Spilled> Refresher::take_spilled(pg::Connection& connection, Snapshot snapshot, std::size_t most) {
  const auto known = run_.dirty_keys;
  const auto rows = co_await store::take_dirty(connection, run_, most);
  const bool all = rows.size() < most;
  std::uint64_t there = rows.size();
  // Keys put there by hand are not in the number that is known.
  if (!all) there = co_await store::count_dirty(connection, run_);
  // Others may have spilled keys since, which are not among these.
  run_.dirty_keys = there + (run_.dirty_keys - known);
  Spilled spilled;
  for (const auto& row : rows) {
    if (!snapshot.sees(row.xid)) continue;
    spilled.keys.insert(row.key);
    spilled.ids.push_back(row.id);
  }
  spilled.all = all && spilled.ids.size() == rows.size();
  co_return spilled;
}

/// Refreshes `keys` and forgets that some of them were spilled, and then what that has spilled in its turn: rows that a deleted
/// parent took along come back before anybody can miss them. False: some are still to come.
asio::awaitable<bool> Refresher::write_at_cut(pg::Connection& connection, Snapshot snapshot, std::vector<Key> keys, Spilled spilled) {
  constexpr int kPasses = 8;  // a row takes its children along, and they theirs
  for (int pass = 1;; ++pass) {
    const auto known = run_.dirty_keys;
    if (!keys.empty()) {
      auto all_keys = all_of(keys);
      co_await write(connection, keys, std::move(all_keys), 0);
    }
    co_await store::delete_dirty(connection, spilled.ids);
    const bool anew = run_.dirty_keys > known;
    run_.dirty_keys -= std::min<std::uint64_t>(run_.dirty_keys, spilled.ids.size());
    if (!anew || pass == kPasses) co_return !anew;
    spilled = co_await take_spilled(connection, snapshot, run_.settings.batch_keys);
    keys.assign(spilled.keys.begin(), spilled.keys.end());
    const auto whole = take_whole_targets(keys);
    if (!whole.empty() || run_.dirty_keys >= run_.settings.batch_keys) co_return false;
  }
}

/// Invariant 3, for chunks: what is filled is refreshed by nobody meanwhile, and neither is what refers to it. Between two rounds, so that
/// each goes by what it began with.
asio::awaitable<void> Refresher::look_at_fills(pg::Connection& connection) {
  const auto asked = run_.fill.asked;
  const std::string open(queries::backfill_open);
  pg::Parameters name = {run_.model.name};
  const auto rows = co_await connection.execute(open, std::move(name));
  std::set<TargetId> waiting;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const auto target = run_.model.find_target(std::string(rows.text(row, 0)));
    if (target) waiting.insert(*target);
  }
  if (!waiting.empty()) co_await parking::add_children(connection, run_.model, waiting);
  const bool all = waiting.size() == run_.model.targets.size();
  const bool others = waiting != run_.applied.waiting && !waiting.empty() && !all;
  if (!waiting.empty()) run_.applied.catching_up = true;
  run_.applied.backfilling = all;
  run_.applied.waiting = all ? std::set<TargetId>{} : std::move(waiting);
  run_.dirty_keys = co_await store::count_dirty(connection, run_);
  run_.applied.fills_known = asked;
  run_.control_changed.notify_all();
  if (others) log::info("the others go on while these are filled", {{"targets", fmt::format("{}", fmt::join(run_.behind(), ", "))}});
}

asio::awaitable<bool> Refresher::drain(pg::Connection& connection) {
  const auto began = Clock::now();
  run_.applied.catching_up = true;
  const auto view = co_await begin(connection);
  const auto spilled = co_await take_spilled(connection, view.snapshot, most_keys());
  const auto& taken = spilled.ids;
  std::vector<Key> keys(spilled.keys.begin(), spilled.keys.end());
  const auto whole = take_whole_targets(keys);
  co_await connection.script("commit");
  auto work = co_await share(keys);
  co_await begin(connection);
  if (!whole.empty()) co_await reconcile_whole(connection, whole);
  if (!keys.empty()) {
    const auto may_wait = spilled.all ? 0 : keys.size() - 1;
    co_await write(connection, keys, std::move(work), may_wait);
  }
  co_await store::delete_dirty(connection, taken);
  const store::Reached reached{run_.queue.settled(run_.applied.settled), std::nullopt, std::nullopt};
  co_await store::commit_with_checkpoint(connection, run_, reached);
  run_.dirty_keys -= std::min<std::uint64_t>(run_.dirty_keys, taken.size());
  // Keys put there by hand are not in that number: nothing may be called consistent while ours still wait behind them.
  if (run_.dirty_keys == 0) run_.dirty_keys = co_await store::count_dirty(connection, run_);
  run_.metrics.refresh_done(Clock::now() - began, 0);
  if (!whole.empty()) {
    ++run_.fill.asked;
    ++run_.applied.fills_begun;
    run_.control_changed.notify_all();
  }
  co_return !taken.empty() || spilled.all;
}

}  // namespace crossfade::sync
