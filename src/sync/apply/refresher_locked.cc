#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "async/failure_of.h"
#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "base/value/unix_time.h"
#include "pg/row.h"
#include "sync/apply/refresher.h"
#include "sync/state/parking.h"
#include "sync/state/store.h"

/// What the refresher does where another session has locked tables for long, as a change of their shape does. No cut is to be had of all
/// targets at one snapshot then: those that are read from these tables rest like ones that are parked, the others go on, key by key.
namespace crossfade::sync {
namespace {

/// How often it is tried whether they are still locked. Nobody is made to wait for that.
constexpr auto kTryLockedEvery = std::chrono::milliseconds(200);

/// Against whoever asks for them in `mode`.
asio::awaitable<bool> is_locked(pg::Connection& connection, std::vector<std::string> relations, std::string mode) {
  auto lock = connection.script(fmt::format("begin; lock table {} in {} mode nowait", fmt::join(relations, ", "), mode));
  const auto failure = co_await async::failure_of(std::move(lock), async::answered);
  co_await connection.script("rollback");
  co_return failure && failure->sqlstate() == "55P03";
}

/// Who it is, on either of two servers.
asio::awaitable<std::string> holders_of(pg::Connection& connection, std::string migration, std::string target) {
  const std::string ask = "select string_agg(who, '; ' order by since) as holders from crossfade.tables_held($1) where $2 = any (targets)";
  pg::Parameters of_target = {std::move(migration), std::move(target)};
  auto rows = co_await connection.query(ask, of_target);
  if (rows.is_null(0, 0) && connection.apart()) rows = co_await connection.source().query(ask, of_target);
  co_return rows.is_null(0, 0) ? std::string("another session") : log::redact(rows.text(0, 0));
}

}  // namespace

asio::awaitable<void> Refresher::find_locked(pg::Connection& connection) {
  std::set<TargetId> locked;
  for (const auto target : run_.model.targets.ids()) {
    auto relations = run_.model.relations_read({target});
    auto at_source = run_.model.relations_read_at_source({target});
    const std::vector<std::string> written = {run_.model.targets[target].table.quoted()};
    bool held = co_await is_locked(connection, std::move(relations), "access share");
    // Who makes an index of it lets it be read, and not be written.
    if (!held) held = co_await is_locked(connection, written, "row exclusive");
    if (!held && !at_source.empty()) held = co_await is_locked(connection.source(), std::move(at_source), "access share");
    if (held) locked.insert(target);
  }
  if (!locked.empty()) co_await parking::add_children(connection, run_.model, locked);
  std::map<TargetId, Parked> now;
  for (const auto target : locked) {
    const auto before = locked_.find(target);
    if (before != locked_.end()) {
      now[target] = before->second;
      continue;
    }
    auto name = run_.model.targets[target].name;
    const auto who = co_await holders_of(connection, run_.model.name, name);
    now[target] = Parked{unix_seconds(), true, "its table, or one that it is read from, is locked by " + who};
    log::info("target waits for a table that another session has locked; the others go on", {{"target", run_.model.targets[target].name}, log::quoting("holders", who)});
  }
  locked_ = std::move(now);
  try_locked_ = Clock::now() + kTryLockedEvery;
  co_await parking::look(connection, run_);
  rest_locked();
  run_.dirty_keys = co_await store::count_dirty(connection, run_);
}

/// Of a table, or of rows: these are asked for before anything is written from now on, and what does not show that way, as the row that
/// one refers to, is found by trying.
asio::awaitable<void> Refresher::after_lock(pg::Connection& connection, Failure failure) {
  co_await find_locked(connection);
  if (!locked_.empty()) co_return;
  if (row_locks_) refused_ = failure;
  row_locks_ = true;
}

void Refresher::rest_locked() {
  for (const auto& [target, why] : locked_) {
    run_.applied.parked.insert_or_assign(target, why);
    run_.metrics.parked(target, true);
  }
}

std::vector<TargetId> Refresher::targets_to_read() const {
  if (locked_.empty()) return run_.model.targets.all();
  std::vector<TargetId> others;
  for (const auto target : run_.model.targets.ids()) {
    if (!locked_.contains(target)) others.push_back(target);
  }
  return others;
}

asio::awaitable<bool> Refresher::go_on_beside(pg::Connection& connection) {
  run_.applied.catching_up = true;
  if (Clock::now() >= try_locked_) co_await find_locked(connection);
  if (locked_.empty()) co_return true;
  co_await spill(connection);
  if (run_.dirty_keys > 0) co_await drain(connection);
  co_return run_.dirty_keys >= run_.settings.batch_keys;
}

}  // namespace crossfade::sync
