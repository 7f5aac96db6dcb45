#include "sync/state/runtime.h"

#include <fmt/format.h>

#include "base/text/sql_text.h"

namespace crossfade::sync {

std::vector<std::string> Runtime::behind() const {
  std::set<TargetId> targets = applied.waiting;
  targets.insert(shape.amended.begin(), shape.amended.end());
  for (const auto& [target, why] : applied.parked) targets.insert(target);
  std::vector<std::string> names;
  for (const auto& each : model.left_out) names.push_back(each.target);
  for (const auto target : targets) names.push_back(model.targets[target].name);
  return names;
}

asio::awaitable<pg::Connection> open_engine_session(const Settings& settings, std::string migration, std::string role) {
  auto endpoint = settings.endpoint;
  endpoint.application_name = fmt::format("crossfade {} {}", migration, role);
  pg::Connection connection = co_await pg::Connection::open(endpoint);
  // idle_in_transaction_session_timeout ends what a frozen daemon left open, so that a successor need not wait for it.
  // random_page_cost: what is asked for are keys. At its default the planner reads a table of a million rows from end to end
  // rather than look up ten thousand of them, at three times the cost.
  auto settings_sql = fmt::format(
      "set random_page_cost = 1.1; set idle_in_transaction_session_timeout = '60s'; "
      "select pg_catalog.set_config('crossfade.writer', {}, false)",
      quote_literal(migration));
  co_await connection.script(std::move(settings_sql));
  // The source's session reads by the same guesses, and is left behind as long.
  if (connection.apart()) {
    co_await connection.source().script("set random_page_cost = 1.1; set idle_in_transaction_session_timeout = '60s'");
    co_await connection.script(settings.stand_ins);
  }
  co_return connection;
}

}  // namespace crossfade::sync
