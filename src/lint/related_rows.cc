#include "lint/related_rows.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/text/sql_text.h"
#include "pg/row.h"

namespace crossfade::lint {
namespace {

/// How far, and how many new rows of a source each step brings.
constexpr int kSteps = 4;
constexpr int kNewRows = 30;

/// Rows of two sources belong together where these columns are equal.
struct Relation {
  SourceId one;
  std::vector<std::string> columns_of_one;
  SourceId other;
  std::vector<std::string> columns_of_other;
};

std::string list(const std::string& alias, const std::vector<std::string>& columns) {
  std::vector<std::string> quoted;
  for (const auto& column : columns) quoted.push_back((alias.empty() ? "" : alias + ".") + quote_identifier(column));
  return fmt::format("{}", fmt::join(quoted, ", "));
}

/// By foreign keys, and where direct rules give the same locator of a target its values.
asio::awaitable<std::vector<Relation>> find_relations(pg::Connection& connection, const mapping::Model& model) {
  std::vector<Relation> relations;
  std::vector<std::optional<std::string>> sources;
  for (const auto& source : model.sources) sources.emplace_back(std::to_string(source.oid));
  pg::Parameters parameters = {array_text(sources)};
  const auto foreign_keys = co_await connection.query(sql::queries::lint_relations, std::move(parameters));
  const auto names = [](std::string_view array) {
    std::vector<std::string> read;
    for (auto& name : parse_array(array)) read.push_back(std::move(name).value_or(""));
    return read;
  };
  for (const auto key : pg::rows(foreign_keys)) {
    relations.push_back({SourceId(key.number("one")), names(key.text("columns_of_one")),
                         SourceId(key.number("other")), names(key.text("columns_of_other"))});
  }
  for (const auto& one : model.rules) {
    for (const auto& other : model.rules) {
      const bool same = one.target == other.target && one.locator == other.locator && one.source < other.source;
      if (!same || model.targets[one.target].locators[one.locator].indirect()) continue;
      relations.push_back({one.source, one.source_columns, other.source, other.source_columns});
    }
  }
  co_return relations;
}

/// What belongs to near rows of one source is near in the other.
std::string step(const ById<SourceId, SourceShape>& shapes, const Relation& relation) {
  const auto& from = shapes[relation.one];
  const auto& to = shapes[relation.other];
  return fmt::format(
      "insert into {near} select {key} from {table} t\nwhere ({columns}) in (select {known} from {looked_at} a) and not exists (select from {near} k where {same})\n"
      "limit {limit} on conflict do nothing; analyze {near}",
      fmt::arg("near", near_of(to)), fmt::arg("key", list("t", to.source->key)), fmt::arg("table", table_of(to)),
      fmt::arg("columns", list("t", relation.columns_of_other)), fmt::arg("known", list("a", relation.columns_of_one)),
      fmt::arg("looked_at", looked_at(from)), fmt::arg("same", same_key(to, "k", "t")), fmt::arg("limit", kNewRows));
}

asio::awaitable<void> sow(pg::Connection& connection, const SourceShape& shape, std::size_t seeds) {
  // Not the first rows of the table: they are the oldest.
  constexpr double kPlenty = 50;
  auto count = fmt::format("select reltuples from pg_catalog.pg_class where oid = {}", shape.source->oid);
  const auto all = co_await connection.query(std::move(count));
  const auto rows = std::stod(std::string(all.text(0, 0)));
  const auto wanted = kPlenty * static_cast<double>(seeds);
  const auto percent = rows > wanted ? 100 * wanted / rows : 100.0;
  const auto key = list("", shape.source->key);
  auto make = fmt::format(
      "create temp table crossfade_seeds_{0} as select * from {1} tablesample bernoulli ({2}) repeatable (1) limit {3};\n"
      "create temp table crossfade_near_{0} as select {4} from crossfade_seeds_{0}; alter table crossfade_near_{0} add primary key ({4});\n"
      "analyze crossfade_near_{0}",
      shape.number.place(), table_of(shape), percent, seeds, key);
  co_await connection.script(std::move(make));
}

}  // namespace

asio::awaitable<void> find_related_rows(pg::Connection& connection, const mapping::Model& model, const ById<SourceId, SourceShape>& shapes,
                                        std::size_t seeds) {
  for (const auto& shape : shapes) co_await sow(connection, shape, seeds);
  const auto relations = co_await find_relations(connection, model);
  for (int n = 0; n < kSteps; ++n) {
    for (const auto& [one, columns_of_one, other, columns_of_other] : relations) {
      auto there = step(shapes, {one, columns_of_one, other, columns_of_other});
      auto back = step(shapes, {other, columns_of_other, one, columns_of_one});
      co_await connection.script(std::move(there));
      co_await connection.script(std::move(back));
    }
  }
}

}  // namespace crossfade::lint
