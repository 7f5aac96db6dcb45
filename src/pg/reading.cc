#include "pg/reading.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/sleep.h"
#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "pg/row.h"

namespace crossfade::pg {

namespace asio = boost::asio;

namespace {

/// The locks of `waiting` one by one, none of them kept; 55P03 where one is not to be had in time.
asio::awaitable<void> wait_for(Connection& connection, TablesLock waiting) {
  std::vector<std::optional<std::string>> names(waiting.relations.begin(), waiting.relations.end());
  const std::string behind(sql::queries::tables_behind);
  Parameters parameters = {array_text(names)};
  const auto tables = co_await connection.query(behind, std::move(parameters));
  for (const auto table : rows(tables)) {
    // No view, whose lock is one of several; and no table's parts, which are asked for by themselves.
    auto lock = fmt::format("begin; set local lock_timeout = {}; lock table only {} in {} mode; rollback", waiting.patience.count(), table.text("name"),
                            waiting.mode);
    bool gone = false;
    try {
      co_await connection.script(std::move(lock));
    } catch (const Failure& failure) {
      if (failure.sqlstate() == "55P03" || !connection.usable()) throw;
      // What has another name by now is missed, or not, by whoever asks for all of them.
      gone = true;
    }
    if (gone) co_await connection.script("rollback");
  }
}

}  // namespace

asio::awaitable<Result> begin_locked(Connection& connection, TablesLock locked) {
  auto script = locked.begin + ";";
  if (!locked.relations.empty()) script += fmt::format("lock table {} in {} mode nowait;", fmt::join(locked.relations, ", "), locked.mode);
  script += locked.then;
  try {
    co_return co_await connection.script(script);
  } catch (const Failure& failure) {
    if (failure.sqlstate() != "55P03" || locked.relations.empty()) throw;
  }
  co_await connection.script("rollback");
  co_await wait_for(connection, std::move(locked));
  co_return co_await connection.script(std::move(script));
}

asio::awaitable<Result> begin_reading(Connection& connection, Reading reading) {
  // What views give is written down here, even to be read only.
  const bool apart = connection.apart();
  const auto begin = [](bool read_only) { return fmt::format("begin isolation level repeatable read{}", read_only ? " read only" : ""); };
  TablesLock here;
  here.begin = begin(reading.read_only && !apart);
  here.relations = std::move(reading.relations);
  here.then = std::move(reading.then);
  if (!apart) {
    here.then += reading.asked;
    co_return co_await begin_locked(connection, std::move(here));
  }
  const std::string snapshot = "select pg_catalog.pg_current_snapshot()";
  // Nothing of an earlier one is in the way of a new snapshot.
  co_await connection.end_at_source("rollback");
  here.then += "; " + snapshot;
  co_await begin_locked(connection, std::move(here));
  TablesLock at_source;
  at_source.begin = begin(reading.read_only);
  at_source.relations = std::move(reading.at_source);
  at_source.then = reading.asked.empty() ? snapshot : std::move(reading.asked);
  co_return co_await begin_locked(connection.source(), std::move(at_source));
}

asio::awaitable<Result> await_reading(Connection& connection, Reading reading) {
  for (bool told = false;; told = true) {
    std::optional<Failure> held;
    try {
      co_return co_await begin_reading(connection, reading);
    } catch (const Failure& failure) {
      if (failure.sqlstate() != "55P03") throw;
      held = failure;
    }
    co_await connection.script("rollback");
    if (!told) log::info("waiting for tables that another session has locked", {log::quoting("because", held->what())});
    co_await async::sleep_for(std::chrono::milliseconds(100));
  }
}

}  // namespace crossfade::pg
