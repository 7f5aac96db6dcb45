#include "verify/diff/differing_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/sql_text.h"

namespace crossfade::verify {

asio::awaitable<Compared> differing_rows(pg::Connection& connection, const mapping::Model& model, Comparison comparison) {
  const mapping::Statements statements(model, comparison.target);
  // The server counts them all and sends a few: a shadow that lacks everything must not come over as one result.
  auto sql = fmt::format(
      "select view_rows, shadow_rows, count(coalesce(in_view, in_shadow)) over (), walk, in_view, in_shadow\n"
      "from (\n{}\n) compared (view_rows, shadow_rows, walk, in_view, in_shadow) limit {}",
      statements.compare(comparison.filters), std::max<std::size_t>(comparison.most, 1));
  pg::Result rows;
  if (comparison.again) {
    rows = co_await connection.execute(std::move(sql), std::move(comparison.parameters));
  } else {
    rows = co_await connection.query(std::move(sql), std::move(comparison.parameters));
  }
  Compared compared;
  compared.in_view = static_cast<std::uint64_t>(rows.number(0, 0));
  compared.in_shadow = static_cast<std::uint64_t>(rows.number(0, 1));
  compared.differing = static_cast<std::uint64_t>(rows.number(0, 2));
  for (std::size_t row = 0; compared.differing > 0 && row < rows.size(); ++row) {
    Difference difference;
    difference.target = comparison.target;
    if (!rows.is_null(row, 3)) difference.walk = parse_array(rows.text(row, 3));
    difference.in_view = rows.optional_text(row, 4);
    difference.in_shadow = rows.optional_text(row, 5);
    compared.rows.push_back(std::move(difference));
  }
  co_return compared;
}

}  // namespace crossfade::verify
