#include "lint/source_copies.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>
#include <string>
#include <utility>

#include "base/sql_text.h"

namespace crossfade::verify {
namespace {

std::string columns_of(const SourceShape& shape, const std::string& alias, const char* cast) {
  std::vector<std::string> columns;
  for (const auto& column : shape.columns) columns.push_back(alias + "." + quote_identifier(column.name) + cast);
  return fmt::format("{}", fmt::join(columns, ", "));
}

/// Rows of a source that differ from its copy: its number, and both images as text arrays, null where there is none.
std::string changed_rows(const SourceShape& shape) {
  const auto first = quote_identifier(shape.source->key.front());
  return fmt::format(
      "select {8}, case when o.{0} is distinct from null then array[{1}] end, case when n.{0} is distinct from null then array[{2}] end\n"
      "from {3} o full join {4} n on {5}\n"
      "where o.{0} is not distinct from null or n.{0} is not distinct from null or pg_catalog.record_image_ne(row({6}), row({7}))",
      first, columns_of(shape, "o", "::text"), columns_of(shape, "n", "::text"), copy_of(shape), looked_at(shape), same_key(shape, "o", "n"),
      columns_of(shape, "o", ""), columns_of(shape, "n", ""), shape.number);
}

asio::awaitable<std::vector<RowImages>> read_images(pg::Connection& connection, std::vector<std::string> of_sources) {
  auto of_all = fmt::format("{}", fmt::join(of_sources, "\nunion all\n"));
  const auto rows = co_await connection.execute(std::move(of_all), {});
  std::vector<RowImages> read;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    RowImages images;
    images.source = static_cast<std::uint16_t>(rows.number(row, 0));
    if (!rows.is_null(row, 1)) images.before = parse_array(rows.text(row, 1));
    if (!rows.is_null(row, 2)) images.after = parse_array(rows.text(row, 2));
    read.push_back(std::move(images));
  }
  co_return read;
}

}  // namespace

asio::awaitable<void> make_source_copies(pg::Connection& connection, const std::vector<SourceShape>& shapes) {
  for (const auto& shape : shapes) {
    auto copy = fmt::format("create temp table crossfade_source_{0} as select * from {1} t; analyze crossfade_source_{0}", shape.number, looked_at(shape));
    co_await connection.script(std::move(copy));
  }
}

asio::awaitable<std::vector<RowImages>> read_copies(pg::Connection& connection, const std::vector<SourceShape>& shapes) {
  std::vector<std::string> of_sources;
  for (const auto& shape : shapes) {
    of_sources.push_back(fmt::format("select {}, null::text[], array[{}] from {} c", shape.number, columns_of(shape, "c", "::text"), copy_of(shape)));
  }
  co_return co_await read_images(connection, std::move(of_sources));
}

asio::awaitable<std::vector<RowImages>> find_changed(pg::Connection& connection, const std::vector<SourceShape>& shapes) {
  std::vector<std::string> of_sources;
  for (const auto& shape : shapes) of_sources.push_back(changed_rows(shape));
  co_return co_await read_images(connection, std::move(of_sources));
}

asio::awaitable<void> renew_copies(pg::Connection& connection, const std::vector<SourceShape>& shapes, const std::vector<RowImages>& changed) {
  std::set<std::uint16_t> sources;
  for (const auto& row : changed) sources.insert(row.source);
  for (const auto source : sources) {
    auto again = fmt::format("delete from {0}; insert into {0} select * from {1} t", copy_of(shapes[source]), looked_at(shapes[source]));
    co_await connection.script(std::move(again));
  }
}

asio::awaitable<std::uint64_t> count_written(pg::Connection& connection, const std::vector<SourceShape>& shapes) {
  std::vector<std::optional<std::string>> oids;
  for (const auto& shape : shapes) oids.emplace_back(std::to_string(shape.source->oid));
  pg::Parameters tables = {array_text(oids)};
  const auto counted = co_await connection.execute(std::string(sql::queries::lint_written), std::move(tables));
  co_return static_cast<std::uint64_t>(counted.number(0, 0));
}

}  // namespace crossfade::verify
