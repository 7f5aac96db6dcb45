#include <embedded_sql.h>
#include <fmt/format.h>

#include <iostream>

#include "api/message.h"
#include "app/cli/context.h"
#include "app/commands/commands.h"
#include "app/status/read_status.h"
#include "base/error/failure.h"
#include "crossfade/v1/reply.pb.h"
#include "pg/row.h"
#include "setup/prepare/prepare.h"

namespace crossfade::app {
namespace {

/// Bounds that stay as they are where they are not given.
struct ThrottleOptions {
  std::optional<int> sessions;
  std::optional<std::chrono::milliseconds> replica_lag;
  std::optional<std::uint64_t> retained_wal;
};

void declare(OptionSet& options, ThrottleOptions& own) {
  options.number("--sessions", own.sessions, {0, 10'000}, "At most so many sessions at work; 0 takes the bound away");
  options.duration("--replica-lag", own.replica_lag, "No standby further behind, e.g. 5s; 0 takes the bound away");
  options.size("--retained-wal", own.retained_wal, "No more WAL kept for the slot, e.g. 10GB; 0 takes the bound away");
}

std::string to_text(const v1::Throttle& bounds, std::string_view retained_wal) {
  std::string text;
  if (bounds.has_sessions()) text += fmt::format("The backfill waits while more than {} sessions are at work.\n", bounds.sessions());
  if (bounds.has_replica_lag_seconds()) text += fmt::format("The backfill waits while a standby is more than {:g} s behind.\n", bounds.replica_lag_seconds());
  if (bounds.has_retained_wal_bytes()) text += fmt::format("The backfill waits while the server keeps more than {} of WAL for the slot.\n", retained_wal);
  return text.empty() ? "The backfill goes as fast as it can.\n" : text;
}

/// A bound on what is hidden would hold nothing back, and look as if it did.
asio::awaitable<void> require_sight(pg::Connection& connection, const ThrottleOptions& own) {
  const bool sessions = own.sessions.value_or(0) > 0;
  const bool replica_lag = own.replica_lag.value_or(std::chrono::milliseconds(0)).count() > 0;
  if (!sessions && !replica_lag) co_return;
  const auto rows = co_await connection.query(sql::queries::sees_sessions);
  const auto sight = pg::first(rows);
  if (sight.truth("sees_all")) co_return;
  Failure::Facts facts;
  facts.exit = ExitCode::kPermission;
  facts.message = fmt::format("role {} may not see what the sessions of others do: {} would hold nothing back", sight.text("role"), sessions ? "--sessions" : "--replica-lag");
  facts.advice = grant_of_sight(std::string(sight.text("role"))) + ", and to the daemon's role if that is another";
  throw Failure(std::move(facts));
}

asio::awaitable<ExitCode> set_bounds(const Options& options, const ThrottleOptions& own, const std::string& migration) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "throttle"));
  co_await setup::require_prepared(connection, migration);
  co_await require_sight(connection, own);
  if (connection.apart()) co_await require_sight(connection.source(), own);
  const auto text_of = [](const auto& bound, const char* unit) { return bound ? fmt::format("{}{}", *bound, unit) : ""; };
  const auto replica_lag = own.replica_lag ? std::optional(own.replica_lag->count()) : std::nullopt;
  pg::Parameters parameters = {migration, text_of(own.sessions, ""), text_of(replica_lag, "ms"), text_of(own.retained_wal, "")};
  // Each server holds its own to them. What is told holds on both.
  if (connection.apart()) co_await connection.source().query(sql::queries::pace_set, parameters);
  const auto rows = co_await connection.query(sql::queries::pace_set, parameters);
  const auto row = pg::first(rows);
  v1::Throttle bounds;
  if (const auto sessions = row.optional_real("pace_sessions")) bounds.set_sessions(*sessions);
  if (const auto seconds = row.optional_real("pace_replica_lag_seconds")) bounds.set_replica_lag_seconds(*seconds);
  if (const auto bytes = row.optional_real("pace_retained_wal")) bounds.set_retained_wal_bytes(*bytes);
  const auto unseen = co_await pace_unseen(connection, migration);
  if (!unseen.empty()) bounds.add_next_steps(unseen);
  std::cout << (options.json ? api::json_of(bounds) + "\n" : to_text(bounds, row.text("retained_wal_text")));
  if (!options.json && !unseen.empty()) std::cout << unseen << '\n';
  co_return ExitCode::kOk;
}

ExitCode throttle(const Options& options, const ThrottleOptions& own) {
  const auto migration = load(options).yaml.migration();
  asio::io_context io;
  return run_to_end(io, set_bounds(options, own, migration));
}

}  // namespace

Command throttle_command() {
  return {"throttle", "Steer", "Let the backfill wait while the server is busy; without options, what holds", with_options(declare, throttle), false, "pace"};
}

}  // namespace crossfade::app
