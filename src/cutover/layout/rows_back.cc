#include "cutover/layout/rows_back.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "async/sleep.h"
#include "mapping/file/directed_migration.h"
#include "mapping/preflight/inspect.h"
#include "mapping/views/unsaid.h"
#include "pg/reading.h"
#include "verify/diff/given_back.h"

namespace crossfade::cutover {
namespace {

namespace asio = boost::asio;
using Rows = std::vector<verify::GivenBack>;

/// What was on its way to v2 is there by then.
constexpr auto kBetweenLooks = std::chrono::milliseconds(500);

asio::awaitable<Rows> look(pg::Connection& connection, const mapping::Model& way_back) {
  pg::Reading reading{way_back.relations_read(), true, "set local statement_timeout = '5s'", {}};
  co_await pg::await_reading(connection, std::move(reading));
  const verify::GivenBackBounds bounds;
  auto rows = co_await verify::compare_given_back(connection, way_back, bounds);
  co_await connection.script("rollback");
  co_return rows;
}

bool any_differs(const Rows& rows) { return std::any_of(rows.begin(), rows.end(), [](const auto& each) { return each.differs(); }); }

/// The columns of which `plan` says that v2 has no word of them.
asio::awaitable<std::vector<mapping::views::Unsaid>> unsaid(pg::Connection& connection, const v1::Migration& file) {
  co_await connection.script("begin");
  const auto directed = mapping::forward_migration(file);
  const auto preflight = co_await mapping::inspect_catalog(connection, directed);
  co_await connection.script("rollback");
  co_return mapping::views::not_in_v2(preflight.reading);
}

std::string told(const verify::GivenBack& rows, const std::vector<mapping::views::Unsaid>& unsaid) {
  std::vector<std::string> without_a_word;
  for (const auto& each : unsaid) {
    const bool differs = std::find(rows.columns.begin(), rows.columns.end(), each.column) != rows.columns.end();
    if (differs && each.table.name == rows.table) without_a_word.push_back(each.column);
  }
  const auto text = describe(rows);
  return without_a_word.empty() ? text : fmt::format("{}, and of {} v2 does not say enough", text, fmt::join(without_a_word, ", "));
}

}  // namespace

asio::awaitable<std::optional<Condition>> look_at_rows_back(pg::Connection& connection, const v1::Migration& file, const mapping::Model& way_back) {
  if (connection.apart()) co_return std::nullopt;
  auto rows = co_await look(connection, way_back);
  if (any_differs(rows)) {
    co_await async::sleep_for(kBetweenLooks);
    rows = co_await look(connection, way_back);
  }
  Condition condition{"rows back", "", "", true};
  if (!any_differs(rows)) {
    condition.detail = "reverse.sql gives v1's rows back as they are, as far as they were looked at";
    co_return condition;
  }
  const auto no_word = co_await unsaid(connection, file);
  for (const auto& each : rows) {
    if (each.differs()) condition.detail += (condition.detail.empty() ? "" : "; ") + told(each, no_word);
  }
  condition.noted = true;
  condition.fix = "mend reverse.sql, as docs/cutover.md#what-does-not-come-back has it, then crossfade amend; or go on: v1 keeps what it has until its row is written in v2, "
                  "and crossfade verify --repair, once v2 is written, would overwrite it";
  co_return condition;
}

}  // namespace crossfade::cutover
