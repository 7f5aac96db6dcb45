#include "wal/hindrance.h"

#include <embedded_sql.h>

#include <utility>

#include "pg/row.h"

namespace crossfade::wal {

asio::awaitable<std::optional<Hindrance>> find_hindrance(pg::Connection& source, std::string slot) {
  pg::Parameters name = {std::move(slot)};
  const auto rows = co_await source.query(sql::queries::hindrance, std::move(name));
  if (rows.empty()) co_return std::nullopt;
  const auto row = pg::first(rows);
  co_return Hindrance{std::string(row.text("what")), std::string(row.text("fix"))};
}

}  // namespace crossfade::wal
