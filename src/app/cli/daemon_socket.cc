#include "app/cli/daemon_socket.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <cstdlib>

#include "api/client.h"
#include "app/cli/context.h"
#include "base/text/short_hash.h"
#include "pg/row.h"

namespace crossfade::app {
namespace {

asio::awaitable<DatabaseIdentity> identify_source(const Options& options) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "ask"));
  co_return co_await identify_database(connection);
}

}  // namespace

asio::awaitable<DatabaseIdentity> identify_database(pg::Connection& connection) {
  const auto rows = co_await connection.query(sql::queries::database_identity);
  const auto row = pg::first(rows);
  co_return DatabaseIdentity{std::string(row.text("id")), std::string(row.text("name"))};
}

std::string control_path(const Options& options, const std::string& migration, const DatabaseIdentity& database) {
  if (!options.control.empty()) return options.control;
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  return fmt::format("{}/crossfade/{}-{}.sock", runtime && *runtime ? runtime : "/run", migration, short_hash(database.id));
}

DaemonAddress find_daemon(const Options& options, const std::string& migration) {
  asio::io_context io;
  const auto database = run_to_end(io, identify_source(options));
  return {control_path(options, migration, database), database.id};
}

api::Response ask_daemon(const Options& options, const std::string& migration, api::Request request) {
  const auto daemon = find_daemon(options, migration);
  request.database = daemon.database;
  return api::ask(daemon.socket, request);
}

}  // namespace crossfade::app
