#include <embedded_sql.h>
#include <fmt/format.h>

#include <cstdlib>
#include <iostream>

#include "app/cli/commands.h"
#include "app/cli/context.h"
#include "app/cli/daemon_socket.h"
#include "base/failure.h"
#include "base/sql_text.h"
#include "setup/prepare.h"

namespace crossfade::app {
namespace {

namespace queries = sql::queries;

asio::awaitable<ExitCode> list_quarantine(const Options& options, const std::string& migration) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "quarantine"));
  co_await sync::require_prepared(connection, migration);
  pg::Parameters name = {migration};
  const auto rows = co_await connection.query(std::string(queries::quarantine_list), name);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    std::cout << fmt::format("{} {} {}  {} {}: {}  (tried {} times since {})\n", rows.text(row, 0), rows.text(row, 1), rows.text(row, 2), rows.text(row, 3),
                             rows.text(row, 4), log::redact(rows.text(row, 5)), rows.text(row, 6), rows.text(row, 7));
  }
  if (rows.empty()) std::cout << "The quarantine is empty.\n";
  co_return ExitCode::kOk;
}

asio::awaitable<ExitCode> retry_quarantine(const Options& options, const std::string& migration) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "quarantine"));
  co_await sync::require_prepared(connection, migration);
  pg::Parameters name = {migration};
  const auto result = co_await connection.query(std::string(queries::quarantine_retry), name);
  std::cout << fmt::format("{} keys are tried again.\n", result.affected());
  co_return ExitCode::kOk;
}

asio::awaitable<ExitCode> accept_key(const Options& options, const std::string& migration) {
  if (options.words.size() != 2) throw usage_failure("accept wants one key", "write `crossfade quarantine accept KEY`, as `crossfade quarantine list` shows it");
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "quarantine"));
  co_await sync::require_prepared(connection, migration);
  const char* user = std::getenv("USER");
  pg::Parameters parameters = {migration, options.words[1], user == nullptr ? "" : user};
  const auto result = co_await connection.query(std::string(queries::quarantine_accept), parameters);
  if (result.affected() == 0) throw usage_failure(fmt::format("no key {} waits in quarantine", options.words[1]), "`crossfade quarantine list` shows them");
  std::cout << fmt::format("{} keys are accepted: the writes may move without what they were to bring.\n", result.affected());
  co_return ExitCode::kOk;
}

asio::awaitable<ExitCode> touch_keys(const Options& options, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "touch"));
  const auto model = co_await prepared_model(connection, file);
  const auto& target = options.words.front();
  if (!model.find_target(target)) throw usage_failure("there is no target " + target, "`crossfade plan` lists the targets");
  const std::vector<std::optional<std::string>> keys(options.words.begin() + 1, options.words.end());
  if (keys.empty()) throw usage_failure("no key is named", "write crossfade touch TARGET KEY…");
  pg::Parameters parameters = {model.name, target, array_text(keys)};
  try {
    co_await connection.query(std::string(queries::touch), parameters);
  } catch (const Failure& refused) {
    if (refused.sqlstate() != "22023") throw;
    throw usage_failure(refused.what(), refused.advice());
  }
  std::cout << fmt::format("{} keys are offered.\n", keys.size());
  co_return ExitCode::kOk;
}

asio::awaitable<ExitCode> set_pace(const Options& options, const std::string& migration) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "pace"));
  co_await sync::require_prepared(connection, migration);
  pg::Parameters parameters = {migration, options.pace_sessions, options.pace_replica_lag, options.pace_retained_wal};
  const auto rows = co_await connection.query(std::string(queries::pace_set), parameters);
  if (rows.is_null(0, 0) && rows.is_null(0, 1) && rows.is_null(0, 2)) std::cout << "The backfill goes as fast as it can.\n";
  if (!rows.is_null(0, 0)) std::cout << fmt::format("The backfill waits while more than {} sessions are at work.\n", rows.text(0, 0));
  if (!rows.is_null(0, 1)) std::cout << fmt::format("The backfill waits while a standby is more than {:g} s behind.\n", rows.real(0, 1));
  if (!rows.is_null(0, 2)) std::cout << fmt::format("The backfill waits while the server keeps more than {} of WAL for the slot.\n", rows.text(0, 2));
  co_return ExitCode::kOk;
}

ExitCode tell(const Options& options, const std::string& path) {
  ask_daemon(options, load(options).yaml.migration(), {"POST", path, "{}"});
  return ExitCode::kOk;
}

}  // namespace

ExitCode quarantine(const Options& options) {
  const auto migration = load(options).yaml.migration();
  const auto action = options.words.empty() ? std::string("list") : options.words.front();
  asio::io_context io;
  if (action == "list") return run_to_end(io, list_quarantine(options, migration));
  if (action == "retry") return run_to_end(io, retry_quarantine(options, migration));
  if (action == "accept") return run_to_end(io, accept_key(options, migration));
  throw usage_failure(fmt::format("quarantine cannot {}", action), "write `crossfade quarantine list`, `retry` or `accept KEY`");
}

ExitCode touch(const Options& options) {
  const auto file = load(options);
  asio::io_context io;
  return run_to_end(io, touch_keys(options, file));
}

ExitCode pace(const Options& options) {
  const auto migration = load(options).yaml.migration();
  asio::io_context io;
  return run_to_end(io, set_pace(options, migration));
}

ExitCode pause(const Options& options) { return tell(options, "/v1/pause"); }
ExitCode resume(const Options& options) { return tell(options, "/v1/resume"); }

}  // namespace crossfade::app
