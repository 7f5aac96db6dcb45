#include "lint/source_shape.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <utility>

#include "base/text/sql_text.h"
#include "pg/row.h"

namespace crossfade::lint {

asio::awaitable<ById<SourceId, SourceShape>> read_shapes(pg::Connection& connection, const mapping::Model& model, bool whole) {
  ById<SourceId, SourceShape> shapes;
  for (const auto number : model.sources.ids()) {
    SourceShape shape;
    shape.number = number;
    shape.source = &model.sources[number];
    shape.whole = whole;
    const std::string of_table(sql::queries::lint_columns);
    pg::Parameters table = {std::to_string(shape.source->oid)};
    const auto columns = co_await connection.execute(of_table, table);
    for (const auto column : pg::rows(columns)) {
      shape.columns.push_back({std::string(column.text("name")), std::string(column.text("type")), column.truth("generated"), column.text("category")[0]});
    }
    shapes.push_back(std::move(shape));
  }
  co_return shapes;
}

std::string table_of(const SourceShape& shape) { return quote_qualified(shape.source->schema, shape.source->name); }

std::string copy_of(const SourceShape& shape) { return fmt::format("pg_temp.crossfade_source_{}", shape.number.place()); }

std::string seeds_of(const SourceShape& shape) { return fmt::format("pg_temp.crossfade_seeds_{}", shape.number.place()); }

std::string near_of(const SourceShape& shape) { return fmt::format("pg_temp.crossfade_near_{}", shape.number.place()); }

std::string looked_at(const SourceShape& shape) {
  if (shape.whole) return table_of(shape);
  return fmt::format("(select t.* from {} t where exists (select from {} k where {}))", table_of(shape), near_of(shape), same_key(shape, "k", "t"));
}

std::string same_key(const SourceShape& shape, const std::string& left, const std::string& right) {
  std::string same;
  for (const auto& column : shape.source->key) {
    same += fmt::format("{}{}.{} = {}.{}", same.empty() ? "" : " and ", left, quote_identifier(column), right, quote_identifier(column));
  }
  return same;
}

}  // namespace crossfade::lint
