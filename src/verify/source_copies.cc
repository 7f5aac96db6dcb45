#include "verify/source_copies.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>
#include <string>
#include <utility>

#include "base/sql_text.h"

namespace crossfade::verify {
namespace {

std::string copy_of(std::size_t source) { return fmt::format("pg_temp.crossfade_source_{}", source); }

std::string table_of(const mapping::Source& source) { return quote_qualified(source.schema, source.name); }

/// Rows of a source that differ from its copy: its number, and both images as text arrays, null where there is none.
std::string changed_rows(const SourceShape& shape, std::size_t number) {
  const auto list = [&](const std::string& alias, const char* cast) {
    std::vector<std::string> columns;
    for (const auto& column : shape.columns) columns.push_back(alias + "." + quote_identifier(column.name) + cast);
    return fmt::format("{}", fmt::join(columns, ", "));
  };
  std::vector<std::string> same;
  for (const auto& column : shape.source->key) same.push_back(fmt::format("o.{0} = n.{0}", quote_identifier(column)));
  const auto first = quote_identifier(shape.source->key.front());
  return fmt::format(
      "select {8}, case when o.{0} is not null then array[{1}] end, case when n.{0} is not null then array[{2}] end\n"
      "from {3} o full join {4} n on {5}\n"
      "where o.{0} is null or n.{0} is null or row({6})::record *<> row({7})::record",
      first, list("o", "::text"), list("n", "::text"), copy_of(number), table_of(*shape.source), fmt::join(same, " and "), list("o", ""), list("n", ""),
      number);
}

}  // namespace

asio::awaitable<void> make_source_copies(pg::Connection& connection, const mapping::Model& model) {
  for (std::size_t source = 0; source < model.sources.size(); ++source) {
    auto copy = fmt::format("create temp table crossfade_source_{} as select * from {}", source, table_of(model.sources[source]));
    co_await connection.script(std::move(copy));
  }
}

asio::awaitable<std::vector<RowImages>> find_changed(pg::Connection& connection, const std::vector<SourceShape>& shapes) {
  std::vector<std::string> of_sources;
  for (std::size_t source = 0; source < shapes.size(); ++source) of_sources.push_back(changed_rows(shapes[source], source));
  auto of_all = fmt::format("{}", fmt::join(of_sources, "\nunion all\n"));
  const auto rows = co_await connection.execute(std::move(of_all), {});
  std::vector<RowImages> changed;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    RowImages images;
    images.source = static_cast<std::uint16_t>(rows.number(row, 0));
    if (!rows.is_null(row, 1)) images.before = parse_array(rows.text(row, 1));
    if (!rows.is_null(row, 2)) images.after = parse_array(rows.text(row, 2));
    changed.push_back(std::move(images));
  }
  co_return changed;
}

asio::awaitable<void> renew_copies(pg::Connection& connection, const std::vector<SourceShape>& shapes, const std::vector<RowImages>& changed) {
  std::set<std::uint16_t> sources;
  for (const auto& row : changed) sources.insert(row.source);
  for (const auto source : sources) {
    auto again = fmt::format("delete from {0}; insert into {0} select * from {1}", copy_of(source), table_of(*shapes[source].source));
    co_await connection.script(std::move(again));
  }
}

}  // namespace crossfade::verify
