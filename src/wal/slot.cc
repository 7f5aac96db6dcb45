#include "wal/slot.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include "wal/foreign_slot.h"

namespace crossfade::wal {

asio::awaitable<std::optional<SlotState>> inspect_slot(pg::Connection& connection, std::string name) {
  const std::string sql(sql::queries::slot_inspect);
  const pg::Parameters parameters = {name};
  const auto rows = co_await connection.query(sql, parameters);
  if (rows.empty()) co_return std::nullopt;
  SlotState state;
  state.database = rows.text(0, 0);
  state.plugin = rows.text(0, 1);
  state.active = rows.truth(0, 2);
  state.active_pid = static_cast<int>(rows.number(0, 3));
  state.restart_lsn = parse_lsn(rows.text(0, 4)).value_or(Lsn{});
  state.confirmed_flush = parse_lsn(rows.text(0, 5)).value_or(Lsn{});
  state.wal_status = rows.text(0, 6);
  if (!rows.is_null(0, 7)) state.safe_bytes = rows.number(0, 7);
  state.retained_bytes = rows.number(0, 8);
  state.synced = rows.truth(0, 9);
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

asio::awaitable<void> drop_slot(pg::Connection& connection, std::string name) {
  const std::string sql(sql::queries::slot_drop);
  const pg::Parameters parameters = {name};
  co_await connection.query(sql, parameters);
}

asio::awaitable<Incarnation> identify(pg::Connection& connection) {
  const std::string sql(sql::queries::server_identity);
  const auto rows = co_await connection.query(sql);
  Incarnation incarnation;
  incarnation.system_identifier = rows.text(0, 0);
  incarnation.timeline = static_cast<int>(rows.number(0, 1));
  co_return incarnation;
}

asio::awaitable<std::string> oldest_writer(pg::Connection& connection) {
  const std::string sql(sql::queries::oldest_writer);
  const auto rows = co_await connection.query(sql);
  co_return rows.empty() ? std::string{} : std::string(rows.text(0, 0));
}

}  // namespace crossfade::wal
