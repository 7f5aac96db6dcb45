#include "sync/apply/refresher.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "base/telemetry/log.h"
#include "pg/reading.h"
#include "pg/row.h"
#include "sync/apply/cut_job.h"
#include "sync/apply/decide_round.h"
#include "sync/backfill/backfill.h"
#include "sync/backfill/build.h"
#include "sync/backfill/orphans.h"
#include "sync/refresh/bisecting_refresh.h"
#include "sync/refresh/locked_rows.h"
#include "sync/state/parking.h"
#include "sync/state/store.h"

namespace crossfade::sync {
namespace {

namespace queries = sql::queries;
using namespace std::chrono_literals;

/// How often keys are spilled while targets are being filled: rarely enough to write many at a time, often enough that
/// the server forgets its WAL.
constexpr Clock::duration kSpilledEvery = 200ms;
/// Received, but not visible yet: how long until another look. Far below what a person notices.
constexpr Clock::duration kLookAgain = 5ms;
/// What is committed need not be on disk before the next change is looked at. Once there is none, it should be: an application that asks
/// for the end of the log has to wait for that.
constexpr Clock::duration kFlushAfter = 2ms;
constexpr const char* kFlushed = "set local synchronous_commit = local;";
/// So few keys are looked up one by one in plans that are there already; more are worth plans of their own.
constexpr std::size_t kFew = 64;
constexpr const char* kForFew = "set local lock_timeout = '500ms'; set local plan_cache_mode = force_generic_plan;";
constexpr const char* kForMany = "set local lock_timeout = '500ms'; set local plan_cache_mode = force_custom_plan";

}  // namespace

asio::awaitable<void> Refresher::loop() {
  pg::Connection connection = co_await open_engine_session(run_.settings, run_.model.name, "refresh");
  // A change can be read as soon as it is committed, and the slot is not generation of it until that is on disk. Of another server's disk no stream
  // tells: there each commit waits for it.
  if (!run_.model.apart) co_await connection.script("set synchronous_commit = off");
  co_await parking::look(connection, run_);
  run_.dirty_keys = co_await store::count_dirty(connection, run_);
  while (!run_.control.stopping) {
    bool more = false;
    std::optional<Failure> failure;
    const auto began = Clock::now();
    try {
      more = co_await round(connection);
    } catch (const Failure& caught) {
      // What trying did not find is neither a key's fault nor a target's.
      const bool known = caught.verdict() == Verdict::kRetry || caught.verdict() == Verdict::kQuarantine;
      if (!known && (refused_ || !caught.found_by_trying())) throw;
      failure = caught;
    }
    if (failure) {
      co_await after_failure(connection, *failure);
      more = true;
    } else if (failed_rounds_ > 0) {
      refused_.reset();
      failed_rounds_ = 0;
      run_.applied.failing_since.reset();
      run_.metrics.rounds_failed(0);
    }
    run_.progress_made.notify_all();
    if (!more && !run_.control.stopping) {
      const bool filling = run_.spills();
      auto idle = run_.queue.waiting_transactions() > 0 && !filling ? kLookAgain : kSpilledEvery;
      if (run_.stream.received > run_.applied.consistent) idle = std::clamp(say_after_, kLookAgain, idle);
      if (!on_disk_ && !filling && run_.queue.waiting_transactions() == 0) idle = std::min(idle, kFlushAfter);
      if (filling) {
        co_await run_.control_changed.wait(began + idle);
      } else {
        co_await run_.queue_changed.wait(idle);
      }
    }
  }
}

/// One step of whatever is the matter. True: there is more to do at once.
asio::awaitable<bool> Refresher::round(pg::Connection& connection) {
  if (run_.applied.fills_known < run_.fill.asked) co_await look_at_fills(connection);
  const auto facts = [&] {
    const bool full = run_.queue.bytes() > run_.settings.queue_bytes * 3 / 4;
    return RoundFacts{run_.spills(), full, !locked_.empty(), behind_, run_.dirty_keys, run_.settings.batch_keys};
  };
  if (decide_round(facts()) != Round::kSpill && Clock::now() >= next_due_) co_await offer_due(connection);
  bool retired = false;
  switch (decide_round(facts())) {
    case Round::kSpill:
      co_return co_await spill(connection);
    case Round::kBeside:
      co_return co_await go_on_beside(connection);
    case Round::kCut:
      co_return co_await cut(connection);
    case Round::kDrainThenCatchUp:
      co_await drain(connection);
      co_return co_await catch_up(connection);
    case Round::kCatchUp:
      co_return co_await catch_up(connection);
    case Round::kDrain:
      retired = co_await drain(connection);
  }
  if (retired) co_return true;
  // A commit that hangs is all that waits there; the others must not wait for it.
  co_return co_await spill(connection);
}

/// So that WAL on the primary is not kept by a long backfill, a huge transaction or a slow target.
asio::awaitable<bool> Refresher::spill(pg::Connection& connection) {
  Taken taken;
  taken.batch = run_.queue.take_all();
  // No heartbeat counts: what is spilled cannot be read in v2 yet.
  taken.reached.settled = run_.queue.settled_without(taken.batch, run_.stream.received);
  std::uint64_t rows = 0;
  const std::function<asio::awaitable<void>()> work = [&]() -> asio::awaitable<void> {
    co_await connection.script("begin");
    rows = co_await store::write_dirty(connection, run_, taken.batch);
  };
  co_await settle(connection, taken, work);
  run_.dirty_keys += rows;
  if (rows > 0) run_.applied.catching_up = true;
  co_return rows > 0 && run_.queue.bytes() > run_.settings.queue_bytes * 3 / 4;
}

asio::awaitable<Refresher::View> Refresher::begin(pg::Connection& connection, std::string set_up) {
  pg::Reading reading;
  const auto targets = targets_to_read();
  reading.relations = run_.model.relations_read(targets);
  reading.at_source = run_.model.relations_read_at_source(targets);
  reading.then = std::move(set_up);
  reading.asked = queries::snapshot;
  set_up_ = SetUp::kNone;
  const auto rows = co_await pg::begin_reading(connection, std::move(reading));
  const auto row = pg::first(rows);
  const auto snapshot = Snapshot::parse(row.text("snapshot"));
  const auto flushed = parse_lsn(row.text("flushed"));
  if (!snapshot || !flushed) throw precondition_failure("the server's snapshot cannot be read", "report this as a defect");
  co_return View{*snapshot, *flushed};
}

/// Invariant 6, first half: before anything is retired the stream has passed the flush position that was read after the
/// snapshot was taken. So every transaction that the snapshot sees has been offered.
///
/// False: that takes longer than what has been received can wait, or whoever wants a table that the snapshot's transaction has locked. The
/// stream is waited for without it then.
asio::awaitable<bool> Refresher::received_up_to(pg::Connection& connection, Lsn position) {
  // On a quiet server the position comes by keepalive, which the server may think is not needed.
  constexpr auto kAskAfter = 3ms;
  const auto before = run_.queue.committed_keys();
  auto look_at = Clock::now() + pg::kReadingPatience;
  bool gave_way = false;
  for (auto ask_at = Clock::now() + kAskAfter; run_.stream.received < position;) {
    // A stream that waits for room, or has ended, will not get there.
    if (run_.control.stopping || run_.queue.bytes() >= run_.settings.queue_bytes) co_return false;
    behind_ = run_.queue.committed_keys() >= before + run_.settings.batch_keys;
    if (behind_) co_return false;
    if (Clock::now() >= ask_at) {
      run_.stream.ask_for_position();
      ask_at = Clock::now() + 50ms;
    }
    if (!gave_way && Clock::now() >= look_at) {
      const std::string ask(queries::waited_for);
      const auto rows = co_await connection.source().query(ask);
      gave_way = pg::first(rows).truth("waited_for");
      if (connection.apart() && !gave_way) {
        const auto here = co_await connection.query(ask);
        gave_way = pg::first(here).truth("waited_for");
      }
      if (gave_way) co_await connection.script("rollback");
      look_at = Clock::now() + pg::kReadingPatience;
    }
    co_await run_.queue_changed.wait(ask_at);
  }
  co_return !gave_way;
}

std::vector<TargetId> Refresher::take_whole_targets(std::vector<Key>& keys) const {
  std::vector<TargetId> whole;
  std::erase_if(keys, [&](const Key& key) {
    if (!key.names_every_row() || run_.applied.waiting.contains(key.target())) return false;
    if (run_.model.targets.has(key.target())) whole.push_back(key.target());
    return true;
  });
  std::sort(whole.begin(), whole.end());
  whole.erase(std::unique(whole.begin(), whole.end()), whole.end());
  return whole;
}

Refresher::Work Refresher::all_of(std::vector<Key> keys) const {
  return {std::move(keys), ByTarget<Written>(run_.model.targets.size())};
}

/// For what comes next in this transaction; whatever that is, a table is not waited for long.
asio::awaitable<void> Refresher::set_up(pg::Connection& connection, SetUp needed) {
  if (std::exchange(set_up_, needed) != needed) co_await connection.script(needed == SetUp::kForFew ? kForFew : kForMany);
}

/// Settles `keys`, of which `work.keys` are still to be refreshed; `may_wait` of them may be put off.
asio::awaitable<void> Refresher::write_keys(pg::Connection& connection, const std::vector<Key>& keys, Work work, std::size_t may_wait) {
  auto resting = parking::take_resting(run_, work.keys);
  std::unordered_set<Key> open(resting.begin(), resting.end());
  co_await store::write_dirty(connection, run_, std::move(resting));
  ByTarget<Written> more;
  auto refused = co_await take_deadly(connection, work.keys, open);
  if (row_locks_) {
    co_await set_up(connection, SetUp::kForMany);
    auto locked = co_await take_locked(connection, run_.refresh, work.keys);
    refused.insert(refused.end(), std::make_move_iterator(locked.begin()), std::make_move_iterator(locked.end()));
  }
  if (refused_) {
    BisectingRefresh bisecting(run_.refresh, connection);
    auto work_keys = std::move(work.keys);
    co_await bisecting.keys(std::move(work_keys), *refused_);
    co_await connection.script("set local lock_timeout = 0");
    set_up_ = SetUp::kNone;
    more = bisecting.written();
    refused.insert(refused.end(), bisecting.refused().begin(), bisecting.refused().end());
    for (const auto& each : bisecting.unwritable()) {
      open.insert(each.keys.begin(), each.keys.end());
      const auto& rows = more[each.target];
      const bool progress = rows.inserted + rows.updated + rows.deleted > 0;
      auto unwritable = each;
      co_await parking::park(connection, run_, std::move(unwritable), progress);
    }
  } else if (!work.keys.empty()) {
    co_await set_up(connection, work.keys.size() <= kFew ? SetUp::kForFew : SetUp::kForMany);
    more = co_await run_.refresh.keys(connection, std::move(work.keys));
  }
  for (const auto target : more.ids()) work.written[target] += more[target];
  for (const auto& each : refused) open.insert(each.key);
  if (run_.applied.quarantined > 0) {
    std::vector<Key> healed;
    std::copy_if(keys.begin(), keys.end(), std::back_inserter(healed), [&](const Key& key) { return !open.contains(key); });
    co_await store::release_quarantined(connection, run_, healed);
    co_await store::hurry_quarantined(connection, run_, work.written);
  }
  // A row that misses its parent may be ahead of it: both are on their way, and the parent's key comes later. Where
  // nothing else was done there is no use in waiting.
  if (refused.size() <= may_wait) {
    std::vector<Key> later;
    std::erase_if(refused, [&](const Refused& each) {
      if (each.failure.sqlstate() != "23503") return false;
      later.push_back(each.key);
      return true;
    });
    const auto put_off = co_await store::write_dirty(connection, run_, std::move(later));
    run_.dirty_keys += put_off;
  }
  if (!refused.empty() || run_.applied.quarantined > 0) next_due_ = std::min(next_due_, Clock::now() + 1s);
  auto partners = co_await store::partners_in_rings(connection, run_, refused);
  const auto together = co_await store::write_dirty(connection, run_, std::move(partners));
  run_.dirty_keys += together;
  co_await name_holders(connection, run_.model, refused);
  co_await set_aside(connection, std::move(refused));
  std::vector<Key> cascaded;
  for (const auto& each : work.written) cascaded.insert(cascaded.end(), each.cascaded.begin(), each.cascaded.end());
  const auto offered = co_await store::write_dirty(connection, run_, std::move(cascaded));
  run_.dirty_keys += offered;
  count_written(keys, work.written);
}

asio::awaitable<std::optional<bool>> Refresher::move_position_alone(pg::Connection& connection) {
  const bool whole = run_.nothing_missed();
  const bool moved = run_.queue.idle() && (whole ? run_.stream.received > run_.applied.consistent : run_.generation_of_others() && run_.stream.received > run_.applied.readable);
  // To say so is a commit, which moves it again. Who has just written may ask for the end of the log with that commit in it; the longer
  // nobody has, the longer it takes until it is said. Of others who write what no view reads not each calls for a commit on disk.
  const bool own = run_.stream.received <= written_;
  const auto say_at = written_at_ + (own ? say_after_ : kLookAgain);
  on_disk_ = on_disk_ || run_.stream.received >= written_;
  const bool to_flush = !on_disk_ && Clock::now() >= written_at_ + kFlushAfter;
  if ((!moved || Clock::now() < say_at) && !to_flush) co_return false;
  if (own && moved) say_after_ = std::clamp(2 * say_after_, kLookAgain, kSpilledEvery);
  if (!run_.queue.idle() || !run_.generation_of_others() || run_.applied.catching_up) co_return std::nullopt;
  co_await say_position(connection);
  co_return run_.queue.waiting_transactions() > 0;
}

asio::awaitable<bool> Refresher::cut(pg::Connection& connection) {
  const bool alone = run_.queue.waiting_transactions() == 0 && run_.dirty_keys == 0;
  if (alone && run_.at_cut.empty()) {
    const auto moved = co_await move_position_alone(connection);
    if (moved) co_return *moved;
  }
  const auto began = Clock::now();
  const bool few = !refused_ && !row_locks_ && run_.dirty_keys == 0 && run_.at_cut.empty() && run_.queue.committed_keys() <= kFew;
  std::string first = alone ? kFlushed : few ? kForFew : "";
  // What is offered while this round goes on, because the stream did not tell it, is not in what it sees.
  const auto generation = run_.generation();
  const auto generation_of_others = run_.generation_of_others();
  const auto received = run_.stream.received;
  const auto tells = run_.shape.stream_tells;
  const auto view = co_await begin(connection, std::move(first));
  if (few && !alone) set_up_ = SetUp::kForFew;
  Spilled spilled;
  // While others spill keys too, how many are known of is not how many there are. Chunks spill what waits with them anyhow.
  const bool known = !run_.applied.catching_up || !run_.applied.waiting.empty();
  if (run_.dirty_keys > 0 || !known) spilled = co_await take_spilled(connection, view.snapshot, run_.settings.batch_keys);
  const bool complete = run_.dirty_keys < run_.settings.batch_keys && co_await received_up_to(connection, view.flushed);
  if (!complete) {
    co_await connection.script("rollback");
    co_return true;
  }
  // Invariant 1: what the snapshot does not see stays pending.
  auto batch = run_.queue.take_seen(view.snapshot, run_.settings.batch_keys);
  if (batch.empty() && spilled.ids.empty() && (run_.queue.waiting_transactions() > 0 || !spilled.all)) {
    co_await connection.script("rollback");
    co_return false;
  }
  behind_ = too_much(batch);
  if (behind_) {
    run_.queue.put_back(std::move(batch));
    co_await connection.script("rollback");
    co_return true;
  }
  const bool whole_batch = batch.keys.size() < run_.settings.batch_keys;
  auto taken = take(std::move(batch), spilled.keys);
  taken.reached.stream_tells = tells;
  // Invariant 6, second half: what is refreshed is all that the snapshot sees, not a part of it.
  bool consistent = whole_batch && spilled.all && taken.whole.empty();
  bool more = !whole_batch;
  // One large transaction of several: until the others are there too, what readers see is right for each key.
  if (!whole_batch) run_.applied.catching_up = true;
  const std::function<asio::awaitable<void>()> work = [&]() -> asio::awaitable<void> {
    if (!taken.whole.empty()) co_await reconcile_whole(connection, taken.whole);
    const bool nothing_left = co_await write_at_cut(connection, view.snapshot, std::move(taken.keys), spilled);
    const bool others = consistent && nothing_left;
    more = more || !nothing_left;
    consistent = others && run_.all_written() && generation && run_.generation() == generation;
    // What came after the snapshot was taken has been looked at by nobody.
    const auto position = std::min(taken.reached.settled, received);
    if (consistent) taken.reached.consistent = position;
    if (others && generation_of_others && run_.generation_of_others() == generation_of_others) taken.reached.readable = position;
    if (taken.reached.readable) taken.reached.readable_but = run_.behind();
    if (consistent && run_.applied.catching_up) co_await remove_orphans(connection, run_);
    // A target that is parked is behind for as long as that takes; of the others there is no race left.
    if (others && run_.applied.waiting.empty() && !run_.at_cut.empty()) co_await run_cut_jobs(run_, connection);
  };
  co_await settle(connection, taken, work);
  on_disk_ = alone;
  run_.metrics.refresh_done(Clock::now() - began, taken.batch.transactions.size());
  if (taken.reached.readable && taken.told) run_.applied.readable = std::max(run_.applied.readable, *taken.reached.readable);
  if (consistent && taken.told) {
    run_.applied.consistent = std::max(run_.applied.consistent, *taken.reached.consistent);
    workers_.rest();
    if (run_.applied.catching_up) co_await become_consistent(connection, generation);
  }
  if (!taken.whole.empty()) co_return false;
  // Who came meanwhile has told nobody.
  co_return more || run_.queue.waiting_transactions() > 0;
}

/// All targets equal the views at one snapshot for the first time since they were filled.
asio::awaitable<void> Refresher::become_consistent(pg::Connection& connection, std::optional<std::uint64_t> generation) {
  co_await build_foreign_keys(connection, run_);
  co_await store::set_phase(connection, run_, "following");
  if (run_.generation() != generation) co_return;
  run_.applied.catching_up = false;
  run_.control_changed.notify_all();
  log::info("following", {{"migration", run_.model.name}, {"consistent_at", to_string(run_.applied.consistent)}});
}

/// Keys whose retry is due, and keys that somebody put into crossfade.dirty by hand.
asio::awaitable<void> Refresher::offer_due(pg::Connection& connection) {
  next_due_ = Clock::now() + 1s;
  co_await parking::look(connection, run_);
  rest_locked();
  auto due = co_await store::due_from_quarantine(connection, run_, false);
  for (const auto& key : due) run_.metrics.keys_offered(key.target(), OfferedBy::kRetry, 1);
  run_.queue.offer_now(std::move(due));
  const auto counts = co_await store::count_quarantine(connection, run_);
  run_.applied.quarantined = 0;
  for (const auto target : counts.ids()) {
    run_.applied.quarantined += counts[target];
    run_.metrics.quarantined_now(target, counts[target]);
  }
  if (run_.applied.quarantined == 0) row_locks_ = false;
  // While some are known they are worked off anyway, and counting a million of them each second is work too.
  if (run_.dirty_keys == 0) run_.dirty_keys = co_await store::count_dirty(connection, run_);
}

}  // namespace crossfade::sync
