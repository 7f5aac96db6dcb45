#include "sync/apply/catch_up.h"

#include <fmt/format.h>

#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "async/when_all.h"
#include "base/telemetry/log.h"
#include "pg/reading.h"
#include "sync/refresh/locked_rows.h"
#include "sync/state/store.h"

namespace crossfade::sync {
namespace {

/// Fewer keys than this of one target are not worth a second worker.
constexpr std::size_t kWorthSharing = 500;

}  // namespace

asio::awaitable<void> CatchUp::open() {
  while (sessions_.size() < static_cast<std::size_t>(run_.settings.workers)) {
    auto role = fmt::format("catch-up {}", sessions_.size());
    pg::Connection session = co_await open_engine_session(run_.settings, run_.model.name, std::move(role));
    // Not flushed one by one: the checkpoint comes after them in the log and is, before anything is confirmed. work_mem: the
    // rows of a part, next and prior, stay in memory.
    co_await session.script("set synchronous_commit = off; set plan_cache_mode = force_custom_plan; set work_mem = '32MB'");
    sessions_.push_back(std::move(session));
  }
}

asio::awaitable<std::vector<Key>> CatchUp::upsert(const std::vector<Key>& keys, ByTarget<Written>& written) {
  co_await open();
  // Parents come before children.
  std::map<std::pair<TargetId, LocatorId>, std::vector<Key>> groups;
  for (const auto& key : keys) groups[{key.target(), key.locator()}].push_back(key);
  std::vector<Key> left;
  for (auto& [of, group] : groups) {
    const auto workers = group.size() < kWorthSharing ? 1 : sessions_.size();
    std::vector<std::vector<Key>> shares(workers);
    for (auto& key : group) shares[key.worker(workers)].push_back(std::move(key));
    std::vector<Outcome> outcomes(workers);
    std::vector<asio::awaitable<void>> parts;
    for (std::size_t n = 0; n < workers; ++n) {
      if (!shares[n].empty()) parts.push_back(part(sessions_[n], std::move(shares[n]), outcomes[n]));
    }
    co_await async::when_all(std::move(parts));
    for (auto& outcome : outcomes) {
      written[of.first] += outcome.written;
      left.insert(left.end(), std::make_move_iterator(outcome.left.begin()), std::make_move_iterator(outcome.left.end()));
    }
  }
  co_return left;
}

asio::awaitable<void> CatchUp::part(pg::Connection& connection, std::vector<Key> keys, Outcome& outcome) {
  auto failure = co_await try_in_savepoint(connection, keys, outcome);
  if (failure && failure->sqlstate() == "55P03" && !std::exchange(row_locks_, true)) failure = co_await try_in_savepoint(connection, keys, outcome);
  if (!failure) co_return;
  log::debug("part is left to one transaction", {{"target", run_.model.targets[keys.front().target()].name}, log::quoting("because", failure->what()),
                                                 {"sqlstate", failure->sqlstate()}});
  outcome = {Written{}, std::move(keys)};
}

asio::awaitable<std::optional<Failure>> CatchUp::try_in_savepoint(pg::Connection& connection, std::vector<Key> keys, Outcome& outcome) {
  std::optional<Failure> failure;
  const auto target = keys.front().target();
  // At one snapshot, because that refuses the second of two workers that write one row.
  pg::Reading reading;
  reading.relations = run_.model.relations_read({target});
  reading.at_source = run_.model.relations_read_at_source({target});
  reading.then = "set local lock_timeout = '500ms'";
  outcome = {};
  try {
    co_await pg::begin_reading(connection, std::move(reading));
    if (row_locks_) {
      const auto locked = co_await take_locked(connection, run_.refresh, keys);
      for (const auto& each : locked) outcome.left.push_back(each.key);
    }
    if (!keys.empty()) outcome.written = co_await run_.refresh.upsert(connection, target, keys, outcome.left);
    co_await connection.script("set local lock_timeout = 0");
    co_await store::hold_lease(connection, run_);
    co_await connection.script("commit");
  } catch (const Failure& caught) {
    if (caught.verdict() != Verdict::kRetry && !caught.found_by_trying()) throw;
    failure = caught;
  }
  if (failure) co_await connection.script("rollback");
  co_return failure;
}

}  // namespace crossfade::sync
