#include "cutover/across/turn_rows.h"

#include <embedded_sql.h>

#include "pg/row.h"

namespace crossfade::cutover {
namespace {

namespace asio = boost::asio;

Side side_of(std::string_view word) { return word == "v2" ? Side::kV2 : Side::kV1; }

asio::awaitable<bool> read_one(pg::Connection& connection, std::string migration, Side side, TurnRows& into) {
  pg::Parameters name = {std::move(migration)};
  const auto rows = co_await connection.query(sql::queries::server_turn, std::move(name));
  if (rows.empty()) co_return false;
  const auto row = pg::first(rows);
  const auto n = static_cast<std::size_t>(side);
  into.turns.at(n) = {row.number("turn"), side_of(row.text("goes_to")), side_of(row.text("owned"))};
  into.barriers.at(n) = row.optional_text("barrier");
  // Each knows where the other one is.
  into.places.at(static_cast<std::size_t>(other(side))) = row.text("place");
  co_return true;
}

}  // namespace

const char* to_text(Side side) { return side == Side::kV1 ? "v1" : "v2"; }

asio::awaitable<std::optional<TurnRows>> read_turns(pg::Connection& connection, std::string migration) {
  if (!connection.apart()) co_return std::nullopt;
  TurnRows read;
  const bool at_v1 = co_await read_one(connection.source(), migration, Side::kV1, read);
  if (!at_v1) co_return std::nullopt;
  const bool at_v2 = co_await read_one(connection, migration, Side::kV2, read);
  if (!at_v2) co_return std::nullopt;
  co_return read;
}

}  // namespace crossfade::cutover
