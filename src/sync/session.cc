#include <fmt/format.h>

#include "base/sql_text.h"
#include "sync/runtime.h"

namespace crossfade::sync {

asio::awaitable<pg::Connection> open_engine_session(const Settings& settings, std::string migration, std::string role) {
  auto endpoint = settings.endpoint;
  endpoint.application_name = fmt::format("crossfade {} {}", migration, role);
  pg::Connection connection = co_await pg::Connection::open(endpoint);
  // idle_in_transaction_session_timeout ends what a frozen daemon left open, so that a successor need not wait for it.
  auto settings_sql = fmt::format(
      "set jit = off; set synchronous_commit = local; set idle_in_transaction_session_timeout = '60s'; "
      "set lock_timeout = 0; set statement_timeout = 0; select pg_catalog.set_config('crossfade.writer', {}, false)",
      quote_literal(migration));
  co_await connection.script(std::move(settings_sql));
  co_return connection;
}

}  // namespace crossfade::sync
