#include "lint/source_copies.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "base/text/sql_text.h"
#include "pg/row.h"

namespace crossfade::lint {
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
      "select {8} as source, case when o.{0} is distinct from null then array[{1}] end as before,\n"
      "       case when n.{0} is distinct from null then array[{2}] end as after\n"
      "from {3} o full join {4} n on {5}\n"
      "where o.{0} is not distinct from null or n.{0} is not distinct from null or pg_catalog.record_image_ne(row({6}), row({7}))",
      first, columns_of(shape, "o", "::text"), columns_of(shape, "n", "::text"), copy_of(shape), looked_at(shape), same_key(shape, "o", "n"),
      columns_of(shape, "o", ""), columns_of(shape, "n", ""), shape.number.place());
}

asio::awaitable<std::vector<RowImages>> read_images(pg::Connection& connection, std::vector<std::string> of_sources) {
  auto of_all = fmt::format("{}", fmt::join(of_sources, "\nunion all\n"));
  const auto rows = co_await connection.execute(std::move(of_all), {});
  std::vector<RowImages> read;
  for (const auto row : pg::rows(rows)) {
    RowImages images;
    images.source = SourceId(row.number("source"));
    if (!row.is_null("before")) images.before = parse_array(row.text("before"));
    if (!row.is_null("after")) images.after = parse_array(row.text("after"));
    read.push_back(std::move(images));
  }
  co_return read;
}

}  // namespace

asio::awaitable<void> make_source_copies(pg::Connection& connection, const ById<SourceId, SourceShape>& shapes) {
  for (const auto& shape : shapes) {
    auto copy = fmt::format("create temp table crossfade_source_{0} as select * from {1} t; analyze crossfade_source_{0}", shape.number.place(), looked_at(shape));
    co_await connection.script(std::move(copy));
  }
}

asio::awaitable<std::vector<RowImages>> read_copies(pg::Connection& connection, const ById<SourceId, SourceShape>& shapes) {
  std::vector<std::string> of_sources;
  for (const auto& shape : shapes) {
    of_sources.push_back(fmt::format("select {} as source, null::text[] as before, array[{}] as after from {} c", shape.number.place(), columns_of(shape, "c", "::text"), copy_of(shape)));
  }
  co_return co_await read_images(connection, std::move(of_sources));
}

asio::awaitable<ById<SourceId, Written>> read_written(pg::Connection& connection, const ById<SourceId, SourceShape>& shapes) {
  std::vector<std::optional<std::string>> oids;
  for (const auto& shape : shapes) oids.emplace_back(std::to_string(shape.source->oid));
  pg::Parameters tables = {array_text(oids)};
  const auto rows = co_await connection.execute(sql::queries::lint_written, std::move(tables));
  ById<SourceId, Written> written;
  for (const auto row : pg::rows(rows)) {
    written.push_back({static_cast<std::uint64_t>(row.number("rows")), std::string(row.text("otherwise"))});
  }
  co_return written;
}

asio::awaitable<std::vector<RowImages>> find_changed(pg::Connection& connection, const ById<SourceId, SourceShape>& shapes,
                                                     const ById<SourceId, Written>& before, const ById<SourceId, Written>& after) {
  std::vector<std::string> of_sources;
  for (const auto n : shapes.ids()) {
    if (before.at(n) != after.at(n)) of_sources.push_back(changed_rows(shapes[n]));
  }
  if (of_sources.empty()) co_return std::vector<RowImages>{};
  co_return co_await read_images(connection, std::move(of_sources));
}

namespace {

/// The rows of a source in `changed` by their keys, as they were or as they are, for an in list; "" where there are none.
std::string keys_in(const SourceShape& shape, const std::vector<RowImages>& changed, bool as_they_were) {
  std::vector<std::string> keys;
  for (const auto& row : changed) {
    const auto& image = as_they_were ? row.before : row.after;
    if (row.source != shape.number || !image) continue;
    std::vector<std::string> values;
    for (const auto& column : shape.source->key) {
      const auto place = std::find_if(shape.columns.begin(), shape.columns.end(), [&](const auto& known) { return known.name == column; });
      const auto& value = image->at(static_cast<std::size_t>(place - shape.columns.begin()));
      values.push_back(fmt::format("{}::{}", value ? quote_literal(*value) : "null", place->type));
    }
    keys.push_back(fmt::format("({})", fmt::join(values, ", ")));
  }
  return fmt::format("{}", fmt::join(keys, ", "));
}

std::string key_columns(const SourceShape& shape) {
  std::vector<std::string> columns;
  for (const auto& column : shape.source->key) columns.push_back("t." + quote_identifier(column));
  return fmt::format("({})", fmt::join(columns, ", "));
}

/// Of a source that many rows changed of, all.
std::string renew(const SourceShape& shape, const std::vector<RowImages>& changed) {
  constexpr std::ptrdiff_t kFew = 100;
  const auto rows = std::count_if(changed.begin(), changed.end(), [&](const RowImages& row) { return row.source == shape.number; });
  if (rows > kFew) return fmt::format("delete from {0}; insert into {0} select * from {1} t;", copy_of(shape), looked_at(shape));
  std::string sql;
  const auto gone = keys_in(shape, changed, true);
  const auto come = keys_in(shape, changed, false);
  if (!gone.empty()) sql += fmt::format("delete from {} t where {} in ({});", copy_of(shape), key_columns(shape), gone);
  if (!come.empty()) sql += fmt::format("insert into {} select t.* from {} t where {} in ({});", copy_of(shape), looked_at(shape), key_columns(shape), come);
  return sql;
}

}  // namespace

asio::awaitable<void> renew_copies(pg::Connection& connection, const ById<SourceId, SourceShape>& shapes, const std::vector<RowImages>& changed) {
  std::set<SourceId> sources;
  for (const auto& row : changed) sources.insert(row.source);
  for (const auto source : sources) {
    auto again = renew(shapes[source], changed);
    co_await connection.script(std::move(again));
  }
}

}  // namespace crossfade::lint
