#include "verify/diff/differing_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text/sql_text.h"
#include "pg/row.h"
#include "sync/refresh/bring.h"

namespace crossfade::verify {

asio::awaitable<Compared> differing_rows(pg::Connection& connection, const mapping::Model& model, Comparison comparison) {
  const mapping::Statements statements(model, comparison.target);
  if (model.apart) {
    ByTarget<mapping::Statements> all;
    for (const auto target : model.targets.ids()) all.emplace_back(model, target);
    std::map<TargetId, sync::Selection> selections;
    selections[comparison.target].filters = comparison.filters;
    selections[comparison.target].parameters = comparison.parameters;
    co_await sync::look_up(connection, model, all, selections);
    const auto& selection = selections.at(comparison.target);
    std::vector<sync::Wanted> alone;
    alone.push_back(sync::wanted(statements, selection));
    co_await sync::bring(connection, std::move(alone));
    comparison.filters = selection.filters;
    comparison.parameters = selection.parameters;
  }
  // The server counts them all and sends a few: a shadow that lacks everything must not come over as one result.
  auto sql = fmt::format(
      "select view_rows, shadow_rows, count(coalesce(in_view, in_shadow)) over () as differing, walk, in_view, in_shadow\n"
      "from (\n{}\n) compared (view_rows, shadow_rows, walk, in_view, in_shadow) limit {}",
      statements.compare(comparison.filters), std::max<std::size_t>(comparison.most, 1));
  pg::Result rows;
  if (comparison.again) {
    rows = co_await connection.execute(std::move(sql), std::move(comparison.parameters));
  } else {
    rows = co_await connection.query(std::move(sql), std::move(comparison.parameters));
  }
  const auto first = pg::first(rows);
  Compared compared;
  compared.in_view = static_cast<std::uint64_t>(first.number("view_rows"));
  compared.in_shadow = static_cast<std::uint64_t>(first.number("shadow_rows"));
  compared.differing = static_cast<std::uint64_t>(first.number("differing"));
  if (compared.differing == 0) co_return compared;
  for (const auto row : pg::rows(rows)) {
    Difference difference;
    difference.target = comparison.target;
    if (!row.is_null("walk")) difference.chunk_key = parse_array(row.text("walk"));
    difference.in_view = row.optional_text("in_view");
    difference.in_shadow = row.optional_text("in_shadow");
    compared.rows.push_back(std::move(difference));
  }
  co_return compared;
}

}  // namespace crossfade::verify
