#include "sync/engine/heartbeat.h"

#include <embedded_sql.h>

#include <limits>
#include <optional>
#include <utility>

#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "pg/row.h"
#include "sync/backfill/pace.h"
#include "sync/engine/keys_outside.h"
#include "sync/engine/shape_watch.h"
#include "sync/state/store.h"

namespace crossfade::sync {
namespace {

namespace queries = sql::queries;
using namespace std::chrono_literals;

constexpr auto kTellRefusedEvery = 1min;
/// After a fence that our role may not put up.
constexpr auto kFenceAgain = 1min;

asio::awaitable<void> beat(Runtime& run, pg::Connection& connection) {
  const std::string sql(queries::beat);
  pg::Parameters parameters = {run.model.name, std::to_string(run.epoch), std::to_string(run.lag.send(Clock::now()))};
  co_await connection.source().execute(sql, parameters);
}

asio::awaitable<void> sample_slot(Runtime& run, pg::Connection& connection) {
  const auto slot = co_await wal::inspect_slot(connection.source(), run.settings.slot);
  if (!slot || slot->lost()) {
    run.metrics.slot(false, "lost", 0, 0);
    Failure::Facts facts;
    facts.message = "the replication slot is gone; its changes are made up for by comparing everything";
    facts.sqlstate = "08006";
    facts.connection_lost = true;
    throw Failure(std::move(facts));
  }
  run.sampled.slot = *slot;
  run.metrics.slot(slot->active, slot->wal_status, static_cast<double>(slot->retained_bytes),
                   slot->safe_bytes ? static_cast<double>(*slot->safe_bytes) : std::numeric_limits<double>::infinity());
  const std::string position(queries::wal_position);
  const auto rows = co_await connection.source().execute(position);
  const auto end = parse_lsn(rows.text(0, 0)).value_or(Lsn{});
  run.sampled.end_of_wal = std::max(end, run.stream.received);
  // Until the backfill is through nothing is consistent, and what is to be applied begins where the slot does.
  const auto applied = run.applied.consistent == Lsn{} ? slot->confirmed_flush : run.applied.consistent;
  run.metrics.lag_bytes(static_cast<double>(bytes_between(run.stream.received, end)), static_cast<double>(bytes_between(applied, end)),
                        static_cast<double>(bytes_between(slot->confirmed_flush, end)));
}

/// From the database, because others change it too: the command line, and the daemon that led before. Whether something is left open.
asio::awaitable<bool> sample_migration(Runtime& run, pg::Connection& connection) {
  const std::string sql(queries::migration_sample);
  pg::Parameters parameters = {run.model.name};
  const auto rows = co_await connection.query(sql, parameters);
  const auto migration = pg::first(rows);
  run.sampled.phase = migration.text("phase");
  run.metrics.phase(run.sampled.phase, migration.real("phase_since"));
  run.metrics.reads_on_v2(migration.real("percent") / 100);
  co_return migration.truth("left_open");
}

/// What was offered since the last time.
void count_offered(Runtime& run, OfferedBy reason, const ByTarget<std::uint64_t>& offered, ByTarget<std::uint64_t>& told) {
  for (const auto target : offered.ids()) run.metrics.keys_offered(target, reason, offered[target] - told[target]);
  told = offered;
}

/// Of what others write under our prefix a person is told, but not once for each.
void count_refused_messages(Runtime& run, std::uint64_t& told, Clock::time_point& tell_at) {
  const auto refused = run.follow.refused_messages() - told;
  if (refused == 0 || Clock::now() < tell_at) return;
  told += refused;
  tell_at = Clock::now() + kTellRefusedEvery;
  run.metrics.messages_refused(refused);
  log::warn("messages in the log claim to be crossfade's own and are not; they are not listened to", {{"messages", refused}, {"prefix", kMessagePrefix}});
}

/// A partition of a target that somebody made is filled at once, and fenced soon; so is a table whose triggers were off and on again. Who
/// may not do that says so now and then.
asio::awaitable<void> keep_fenced(const Runtime& run, pg::Connection& connection, Clock::time_point& next) {
  if (Clock::now() < next) co_return;
  std::vector<std::optional<std::string>> tables;
  for (const auto& target : run.model.targets) tables.emplace_back(target.table.quoted());
  const std::string fence(queries::fence_partitions);
  pg::Parameters parameters = {run.model.name, array_text(tables), run.model.direction == mapping::Direction::kForward ? "v1" : "v2"};
  std::optional<Failure> refused;
  try {
    const auto rows = co_await connection.execute(fence, parameters);
    if (rows.number(0, 0) > 0) log::info("tables that follow are fenced again", {{"tables", rows.number(0, 0)}});
  } catch (const Failure& failure) {
    if (failure.connection_lost()) throw;
    refused = failure;
  }
  if (!refused || refused->verdict() == Verdict::kRetry) co_return;
  next = Clock::now() + kFenceAgain;
  log::warn("a target can be written by anybody", {log::quoting("because", refused->what()), log::quoting("fix", refused->advice())});
}

/// How long work has been held back since the last time.
void count_held(Runtime& run, Clock::duration passed) {
  const std::chrono::duration<double> lasted = passed;
  if (run.control.paused) run.metrics.throttled("hand", true, lasted);
  if (run.control.throttled) run.metrics.throttled(run.control.throttled->by, true, lasted);
}

}  // namespace

asio::awaitable<void> heartbeat_loop(Runtime& run, pg::Connection& connection, bool& left_open) {
  auto next = Clock::now();
  auto last = next;
  ShapeWatch shape(run);
  KeysOutside keys_outside(run);
  ByTarget<std::uint64_t> told(run.model.targets.size()), told_emptied(told);
  std::uint64_t told_refused = 0;
  auto fence_at = next;
  auto tell_refused_at = next;
  while (!run.control.stopping) {
    co_await beat(run, connection);
    const bool leading = co_await store::renew_lease(connection, run);
    if (!leading) store::not_leader(run);
    co_await sample_slot(run, connection);
    left_open = co_await sample_migration(run, connection);
    co_await keep_pace(run, connection);
    co_await shape.look(connection);
    co_await keys_outside.leave_out(connection);
    co_await keep_fenced(run, connection, fence_at);
    count_offered(run, OfferedBy::kChange, run.follow.offered(), told);
    count_offered(run, OfferedBy::kTruncate, run.follow.emptied(), told_emptied);
    count_refused_messages(run, told_refused, tell_refused_at);
    count_held(run, Clock::now() - std::exchange(last, Clock::now()));
    for (const auto target : run.model.targets.ids()) run.metrics.pending_of_target(target, run.queue.pending_keys(target));
    run.metrics.backlog(run.queue.pending_keys(), run.queue.bytes(), run.dirty_keys);
    next += 1s;
    while (!run.control.stopping && Clock::now() < next) {
      if (!run.shape.due) co_await run.control_changed.wait(next);
      if (run.shape.due) co_await shape.look(connection);
    }
  }
}

}  // namespace crossfade::sync
