#include "wal/slot.h"

#include <embedded_sql.h>
#include <fmt/format.h>


#include "async/sleep.h"
#include "pg/row.h"
#include "wal/foreign_slot.h"

namespace crossfade::wal {

asio::awaitable<std::optional<SlotState>> inspect_slot(pg::Connection& connection, std::string name) {
  const std::string sql(sql::queries::slot_inspect);
  const pg::Parameters parameters = {name};
  const auto rows = co_await connection.query(sql, parameters);
  if (rows.empty()) co_return std::nullopt;
  const auto row = pg::first(rows);
  SlotState state;
  state.database = row.text("database");
  state.plugin = row.text("plugin");
  state.active = row.truth("active");
  state.active_pid = static_cast<int>(row.number("active_pid"));
  state.restart_lsn = parse_lsn(row.text("restart_lsn")).value_or(Lsn{});
  state.confirmed_flush = parse_lsn(row.text("confirmed_flush_lsn")).value_or(Lsn{});
  state.wal_status = row.text("wal_status");
  if (!row.is_null("safe_wal_size")) state.safe_bytes = row.number("safe_wal_size");
  state.retained_bytes = row.number("retained_bytes");
  state.synced = row.truth("synced");
  co_return state;
}

std::string slot_call(std::string_view name, int server_version) {
  constexpr int kFirstWithFailover = 170000;
  return fmt::format("pg_create_logical_replication_slot({}, 'pgoutput'{})", name, server_version >= kFirstWithFailover ? ", failover => true" : "");
}

asio::awaitable<Lsn> create_slot(pg::Connection& connection, std::string name) {
  co_await refuse_foreign_slot(connection, name);
  const pg::Parameters parameters = {name};
  const auto sql = "select lsn from " + slot_call("$1", connection.server_version());
  const auto rows = co_await connection.query(sql, parameters);
  co_return parse_lsn(rows.text(0, 0)).value_or(Lsn{});
}

asio::awaitable<void> drop_slot(pg::Connection& connection, std::string name, std::chrono::milliseconds patience) {
  const std::string sql(sql::queries::slot_drop);
  const pg::Parameters parameters = {name};
  for (const auto give_up_at = pg::Clock::now() + patience;;) {
    try {
      co_await connection.query(sql, parameters);
      co_return;
    } catch (const Failure& failure) {
      // Somebody else dropped it between the look and this.
      if (failure.sqlstate() == "42704") co_return;
      if (failure.sqlstate() != "55006" || pg::Clock::now() >= give_up_at) throw;
    }
    co_await async::sleep_for(std::chrono::milliseconds(50));
  }
}

asio::awaitable<Incarnation> identify(pg::Connection& connection) {
  const std::string sql(sql::queries::server_identity);
  const auto rows = co_await connection.query(sql);
  const auto row = pg::first(rows);
  Incarnation incarnation;
  incarnation.system_identifier = row.text("system_identifier");
  incarnation.timeline = static_cast<int>(row.number("timeline"));
  co_return incarnation;
}

asio::awaitable<std::string> oldest_writer(pg::Connection& connection) {
  const std::string sql(sql::queries::oldest_writer);
  const auto rows = co_await connection.query(sql);
  co_return rows.empty() ? std::string{} : std::string(rows.text(0, 0));
}

}  // namespace crossfade::wal
