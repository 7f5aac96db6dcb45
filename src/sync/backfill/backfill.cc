#include "sync/backfill/backfill.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>

#include "async/failure_of.h"
#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "pg/reading.h"
#include "pg/row.h"
#include "pg/savepoint.h"
#include "sync/backfill/build.h"
#include "sync/refresh/bring.h"
#include "sync/state/parking.h"
#include "sync/state/store.h"
#include "sync/state/workers.h"

namespace crossfade::sync {

namespace queries = sql::queries;
using mapping::Range;

namespace {

/// So many keys of a target stand alone before the rest of what is refused is spilled unseen: the refresher finds out whether it
/// is the target's fault.
constexpr std::size_t kManySpilled = 100;
constexpr std::string_view kLockNotAvailable = "55P03";

/// What the ledger does not cover, given its ranges in the order of the chunk key. `null` bounds are the ends.
std::deque<Range> gaps_between(const pg::Result& ledger) {
  std::deque<Range> gaps;
  std::optional<std::string> covered_to;
  bool from_start = true;
  for (const auto row : pg::rows(ledger)) {
    const auto low = row.optional_text("low");
    const bool touches = from_start ? !low : low == covered_to;
    if (!touches) gaps.push_back({covered_to, low, false});
    covered_to = row.optional_text("high");
    from_start = false;
    if (!covered_to) return gaps;
  }
  gaps.push_back({covered_to, std::nullopt, true});
  return gaps;
}

}  // namespace

asio::awaitable<void> Backfill::loop() {
  for (bool filled = true;;) {
    std::vector<Job> jobs;
    const auto begun = run_.applied.fills_begun;
    {
      pg::Connection connection = co_await open_engine_session(run_.settings, run_.model.name, "backfill");
      jobs = co_await unfinished(connection);
      if (jobs.empty() && filled) co_await store::retry_after_fill(connection, run_);
    }
    if (!jobs.empty() || filled) co_await until_known();
    filled = !jobs.empty();
    if (jobs.empty()) {
      // What has begun since was not looked for.
      if (run_.applied.fills_begun == begun) co_await turn_.wait(std::chrono::hours(1));
      continue;
    }
    const Work work = [&](pg::Connection& connection) { return worker(connection, jobs); };
    co_await on_workers(run_, "backfill", work);
    co_await finish(jobs);
  }
}

/// A key that was refreshed at a younger snapshot than a chunk's is not offered again once that chunk has been written over it. So none of what is
/// filled is refreshed before the last chunk is there, and no chunk begins before that is so.
asio::awaitable<void> Backfill::until_known() {
  const auto asked = ++run_.fill.asked;
  run_.queue_changed.notify_all();
  run_.control_changed.notify_all();
  while (run_.applied.fills_known < asked) co_await run_.control_changed.wait(std::chrono::seconds(1));
}

asio::awaitable<std::vector<Backfill::Job>> Backfill::unfinished(pg::Connection& connection) {
  std::vector<Job> jobs;
  const std::string list(queries::backfill_list);
  pg::Parameters parameters = {run_.model.name};
  const auto rows = co_await connection.query(list, parameters);
  for (const auto row : pg::rows(rows)) {
    const auto target = run_.model.find_target(std::string(row.text("target")));
    if (!target) continue;
    auto& progress = run_.fill.progress[*target];
    progress.bulk = row.truth("bulk");
    progress.estimated = static_cast<double>(row.number("estimated_rows"));
    progress.finished = row.truth("finished");
    progress.done = static_cast<std::uint64_t>(row.number("done_rows"));
    const auto done = static_cast<double>(progress.done);
    run_.metrics.backfill_found(*target, done, progress.finished ? done : progress.estimated);
    if (progress.finished) continue;
    Job job;
    job.target = *target;
    job.bulk = progress.bulk;
    jobs.push_back(std::move(job));
  }
  // What is filled anew later, because a source was truncated, does not take the phase back.
  const std::string started(queries::backfill_started);
  pg::Parameters name = {run_.model.name};
  if (!jobs.empty()) co_await connection.query(started, name);
  std::sort(jobs.begin(), jobs.end(), [](const Job& a, const Job& b) { return a.target < b.target; });
  for (auto& job : jobs) {
    const auto& target = run_.model.targets[job.target];
    // The ledger's bounds are text; the chunk key's own type puts them in order.
    const auto& chunk_key = target.locators.front();
    auto ledger = fmt::format("select low, high from crossfade.chunk where migration = $1 and target = $2 order by low::{}{}{} nulls first", chunk_key.chunk_type(),
                              chunk_key.chunk_collation.empty() ? "" : " collate ", chunk_key.chunk_collation);
    pg::Parameters of_target = {run_.model.name, target.name};
    const auto done = co_await connection.query(ledger, of_target);
    job.gaps = gaps_between(done);
  }
  // A bulk load that was broken off by a gap goes on by difference, and that needs the keys.
  const bool merging = std::any_of(jobs.begin(), jobs.end(), [](const Job& job) { return !job.bulk; });
  if (merging) co_await build_keys(run_);
  // Children before parents: a foreign key leans on its parent's primary key.
  for (auto job = jobs.rbegin(); job != jobs.rend(); ++job) {
    if (job->bulk && !job->gaps.empty()) co_await drop_deferred(connection, run_, job->target);
  }
  // Without foreign keys any order will do: the largest first, so that at the end the workers wait for little.
  if (!merging) std::stable_sort(jobs.begin(), jobs.end(), [&](const Job& a, const Job& b) { return size_of(a.target) > size_of(b.target); });
  co_return jobs;
}

double Backfill::size_of(TargetId target) const {
  const auto& progress = run_.fill.progress[target];
  return std::max(progress.estimated, static_cast<double>(progress.done));
}

asio::awaitable<void> Backfill::worker(pg::Connection& connection, std::vector<Job>& jobs) {
  for (auto& job : jobs) {
    for (;;) {
      while (run_.control.paused || run_.control.throttled || run_.shape.misnamed || run_.shape.amended.contains(job.target)) co_await run_.control_changed.wait(std::chrono::seconds(1));
      while (claiming_) co_await turn_.wait(std::chrono::milliseconds(5));
      claiming_ = true;
      std::optional<Range> range;
      std::optional<Failure> failed;
      try {
        range = co_await claim(connection, job);
      } catch (const Failure& failure) {
        failed = failure;
        if (failure.connection_lost() && !job.gaps.empty()) ++run_.suspects->claims[{job.target, job.gaps.front().low}];
      }
      claiming_ = false;
      turn_.notify_all();
      if (failed) throw *failed;
      if (!range) break;
      ++job.running;
      co_await chunk(connection, job, std::move(*range));
      --job.running;
    }
    // A target of a merge is followed by its children only when it is whole: their foreign keys need it.
    while (!job.bulk && job.running > 0) co_await turn_.wait(std::chrono::milliseconds(20));
  }
}

/// Cuts the next chunk off the first gap.
asio::awaitable<std::optional<Range>> Backfill::claim(pg::Connection& connection, Job& job) {
  if (job.gaps.empty()) co_return std::nullopt;
  const auto gap = job.gaps.front();
  const bool lost = Suspects::of(run_.suspects->claims, {job.target, gap.low}) >= Suspects::kLost;
  if (lost || run_.model.targets[job.target].chunk_column.empty()) {
    job.gaps.pop_front();
    co_return gap;
  }
  // As asked for: a chunk that ends meanwhile changes keys_a_chunk, and fewer keys than that would be taken for the last.
  const auto most = job.keys_a_chunk;
  const auto next = co_await next_bound(connection, run_.model, job.target, gap, most, job.bulk);
  job.gaps.pop_front();
  if (next.found < most) co_return gap;
  const auto bound = next.last.value_or("");
  job.gaps.push_front({bound, gap.high, gap.with_nulls});
  co_return Range{gap.low, bound, false};
}

asio::awaitable<void> Backfill::chunk(pg::Connection& connection, Job& job, Range range) {
  const auto& name = run_.model.targets[job.target].name;
  for (int attempt = 1;; ++attempt) {
    const auto began = Clock::now();
    std::optional<Failure> failure;
    try {
      pg::Reading reading;
      reading.relations = run_.model.relations_read({job.target});
      reading.at_source = run_.model.relations_read_at_source({job.target});
      co_await pg::begin_reading(connection, std::move(reading));
      const auto written = co_await load_unless_lost(connection, job, range);
      co_await connection.script("set local lock_timeout = 0");
      const std::chrono::duration<double> took = Clock::now() - began;
      const std::string done(queries::chunk_done);
      pg::Parameters parameters = {run_.model.name, name, range.low, range.high, std::to_string(written.in_view), std::to_string(took.count()), std::to_string(run_.epoch)};
      const auto ledger = co_await connection.execute(done, parameters);
      if (ledger.empty()) store::not_leader(run_);
      co_await connection.script("commit");
      run_.suspects->chunks.erase({job.target, range.low});
      run_.fill.progress[job.target].done += written.in_view;
      run_.metrics.chunk_done(job.target, written.in_view, took);
      run_.metrics.rows_written(job.target, written.inserted, written.updated, written.deleted);
      const double factor = std::clamp(std::chrono::duration<double>(run_.settings.chunk_aim) / std::max(took, decltype(took)(0.001)), 0.5, 2.0);
      job.keys_a_chunk = std::clamp<std::size_t>(static_cast<std::size_t>(static_cast<double>(job.keys_a_chunk) * factor), 50, 200'000);
      co_return;
    } catch (const Failure& caught) {
      if (caught.connection_lost()) ++run_.suspects->chunks[{job.target, range.low}];
      if (caught.verdict() != Verdict::kRetry || caught.connection_lost()) throw;
      failure = caught;
    }
    // Another worker or the refresher wrote the same row; the next snapshot sees it. What is not over after many tries is a row's own.
    co_await connection.script("rollback");
    if (attempt >= kMostTries && failure->sqlstate() != kLockNotAvailable) job.stays = failure->sqlstate();
    run_.metrics.retried("backfill");
    log::debug("chunk is tried again", {{"target", name}, log::quoting("because", failure->what()), {"attempt", attempt}});
    co_await run_.control_changed.wait(Clock::now() + std::chrono::milliseconds(5) * (1U << std::min(attempt - 1, kMostTries)));
  }
}

asio::awaitable<Written> Backfill::load(pg::Connection& connection, Job& job, Range range) {
  std::optional<Failure> failure;
  Written written;
  // What another session has locked is waited for a moment, and after that hardly at all.
  const auto patience = job.row_locks ? "50ms" : "500ms";
  co_await connection.script(fmt::format("set local lock_timeout = '{}'; savepoint crossfade_chunk", job.bulk ? "0" : patience));
  try {
    if (job.bulk) {
      written = co_await run_.refresh.bulk_range(connection, job.target, range);
    } else {
      std::vector<Key> still_referred;
      written = co_await run_.refresh.merge_range(connection, job.target, range, still_referred);
      const auto offered = co_await store::write_dirty(connection, run_, std::move(still_referred));
      run_.dirty_keys += offered;
    }
    // What is checked at the commit only would spoil the whole chunk.
    co_await connection.script("set constraints all immediate; set constraints all deferred");
  } catch (const Failure& caught) {
    if (!caught.found_by_trying() && caught.sqlstate() != kLockNotAvailable && (caught.connection_lost() || caught.sqlstate() != job.stays)) throw;
    failure = caught;
  }
  if (!failure) {
    co_await connection.script("release savepoint crossfade_chunk");
    co_return written;
  }
  co_await connection.script("rollback to savepoint crossfade_chunk; release savepoint crossfade_chunk");
  if (failure->verdict() != Verdict::kQuarantine) {
    // Where the table itself is locked this is refused for the lock too: then no row is to blame, and the chunk is tried again.
    std::vector<TargetId> this_one = {job.target};
    const auto writable = co_await parking::writable(connection, run_, std::move(this_one), job.bulk);
    if (writable.empty()) {
      // Parked, with every row of it spilled: there is nothing to fill for now.
      job.gaps.clear();
      co_return Written{};
    }
  }
  job.row_locks = job.row_locks || failure->sqlstate() == kLockNotAvailable;
  co_await split(connection, job, std::move(range), *failure, written);
  co_return written;
}

/// Where the view fails for the very values that it is walked along, or for a row as they are read, by those of the source. Nothing where
/// no source gives them: the target is set down then.
asio::awaitable<std::optional<Bound>> Backfill::middle_of(pg::Connection& connection, Job& job, Range range) {
  Bound half;
  const pg::Work look = [&]() -> asio::awaitable<void> { half = co_await split_point(connection, run_.model, job.target, range); };
  const auto refused = co_await pg::in_savepoint(connection, look, pg::Leaves::kWhatWorked, async::found_by_trying);
  if (!refused) co_return half;
  if (run_.model.targets[job.target].chunk_column.empty()) {
    co_await set_down(connection, job, *refused);
    co_return std::nullopt;
  }
  constexpr std::size_t kMost = 1'000'000;
  const auto all = co_await next_bound(connection, run_.model, job.target, range, kMost, true);
  if (all.found <= 1) co_return all;
  half = co_await next_bound(connection, run_.model, job.target, range, all.found / 2, true);
  co_return Bound{half.last, all.found};
}

/// By halves until the guilty key stands alone. That one is spilled: the refresher tries it with whoever stands in its row's way,
/// and sets it aside only if that does not help.
asio::awaitable<void> Backfill::split(pg::Connection& connection, Job& job, Range range, Failure why, Written& written) {
  const auto& target = run_.model.targets[job.target];
  const bool one_piece = target.chunk_column.empty() && target.locators.front().types.size() > 1;
  if (one_piece || job.spilled >= kManySpilled) {
    co_await spill(connection, job, range);
    co_return;
  }
  const auto middle = co_await middle_of(connection, job, range);
  if (!middle) co_return;
  const auto& half = *middle;
  const auto values = half.found;
  // Rows without a value are apart from the last value too.
  if (values > 1 || (values == 1 && range.with_nulls && !range.high)) {
    const auto bound = half.last.value_or("");
    Range first{range.low, bound, false};
    Range second{bound, range.high, range.with_nulls};
    written += co_await load(connection, job, std::move(first));
    written += co_await load(connection, job, std::move(second));
    co_return;
  }
  ++job.spilled;
  // What has several columns is named by all of them, and the refresher finds out which of those keys it is.
  const bool named_by_chunk_key = target.locators.front().types.size() == 1;
  log::debug("key is spilled", {{"target", target.name}, log::quoting("key", half.last.value_or("null")), log::quoting("because", why.what())});
  if (values == 0) {
    const pg::Work offer = [&] { return spill_without_chunk_key(connection, job); };
    const auto refused = co_await pg::in_savepoint(connection, offer, pg::Leaves::kWhatWorked, async::found_by_trying);
    if (refused) co_await set_down(connection, job, *refused);
    co_return;
  }
  if (!named_by_chunk_key) {
    co_await spill(connection, job, std::move(range));
    co_return;
  }
  std::vector<Key> guilty = {Key(job.target, mapping::kChunkKey, {half.last})};
  const auto offered = co_await store::write_dirty(connection, run_, std::move(guilty));
  run_.dirty_keys += offered;
}

namespace {

/// Statistics on expressions can raise; the rows are there without.
asio::awaitable<void> gather_statistics(pg::Connection& connection, const mapping::Target& target) {
  auto analyze = connection.script("analyze " + target.table.quoted());
  const auto failure = co_await async::failure_of(std::move(analyze), async::found_by_trying);
  if (!failure) co_return;
  log::warn("a table has no statistics: the server cannot gather them", {{"target", target.name}, log::quoting("because", failure->what())});
}

}  // namespace

asio::awaitable<void> Backfill::finish(std::vector<Job>& jobs) {
  co_await build_keys(run_);
  const std::string filled(queries::backfill_finish);
  std::deque<TargetId> targets;
  for (const auto& job : jobs) targets.push_back(job.target);
  std::stable_sort(targets.begin(), targets.end(), [&](TargetId a, TargetId b) { return size_of(a) > size_of(b); });
  const Work analyze = [&](pg::Connection& connection) -> asio::awaitable<void> {
    while (!targets.empty()) {
      const auto target = targets.front();
      targets.pop_front();
      co_await gather_statistics(connection, run_.model.targets[target]);
      pg::Parameters parameters = {run_.model.name, run_.model.targets[target].name, std::to_string(run_.epoch)};
      const auto noted = co_await connection.query(filled, parameters);
      if (noted.affected() == 0) store::not_leader(run_);
      run_.fill.progress[target].finished = true;
      log::info("target is filled", {{"target", run_.model.targets[target].name}, {"rows", run_.fill.progress[target].done}});
    }
  };
  co_await on_workers(run_, "analyze", analyze);
}

asio::awaitable<void> reconcile(pg::Connection& connection, Runtime& run, std::vector<TargetId> targets) {
  const std::string forget(queries::chunk_forget);
  const std::string begin(queries::backfill_begin);
  for (const auto target : targets) {
    const auto& name = run.model.targets[target].name;
    // What is not there yet stays so: it comes when it is touched.
    auto brought = run.model.targets[target].lazy ? run.refresh.statements(target).lazy_keys() : std::string{};
    if (!brought.empty()) {
      const auto offered = co_await store::offer_chunk_keys(connection, run, target, std::move(brought));
      run.dirty_keys += offered;
      run.metrics.keys_offered(target, OfferedBy::kReconcile, offered);
      continue;
    }
    pg::Parameters of_target = {run.model.name, name};
    co_await connection.query(forget, of_target);
    pg::Parameters parameters = {run.model.name, name, "false",
                                 std::to_string(static_cast<std::int64_t>(run.model.targets[target].estimated_rows))};
    co_await connection.query(begin, parameters);
    run.metrics.keys_offered(target, OfferedBy::kReconcile, 1);
  }
}

}  // namespace crossfade::sync
