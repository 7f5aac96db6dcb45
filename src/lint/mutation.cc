#include "lint/mutation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/sql_text.h"

namespace crossfade::verify {
namespace {

using Row = std::vector<std::optional<std::string>>;

std::string shown(const std::optional<std::string>& value) {
  constexpr std::size_t kShown = 40;
  if (!value) return "null";
  return value->size() > kShown ? value->substr(0, kShown) + "…" : *value;
}

bool in_key(const SourceShape& shape, const std::string& column) {
  const auto& key = shape.source->key;
  return std::find(key.begin(), key.end(), column) != key.end();
}

/// `t.k = $2::int and …` with the parameters from `first` on.
std::string is_the_row(const SourceShape& shape, std::size_t first) {
  std::vector<std::string> parts;
  for (const auto& column : shape.columns) {
    if (in_key(shape, column.name)) parts.push_back(fmt::format("t.{} = ${}::{}", quote_identifier(column.name), first++, column.type));
  }
  return fmt::format("{}", fmt::join(parts, " and "));
}

pg::Parameters key_of(const SourceShape& shape, const Row& row) {
  pg::Parameters key;
  for (std::size_t n = 0; n < row.size(); ++n) {
    if (in_key(shape, shape.columns[n].name)) key.push_back(row[n]);
  }
  return key;
}

std::string name_of(const SourceShape& shape, const Row& row) {
  auto name = shape.source->schema + "." + shape.source->name;
  for (std::size_t n = 0; n < row.size(); ++n) {
    if (in_key(shape, shape.columns[n].name)) name += fmt::format(" {} {}", shape.columns[n].name, shown(row[n]));
  }
  return name;
}

Mutation goes_and_comes_back(const SourceShape& shape, const Row& row) {
  std::vector<std::string> columns;
  std::vector<std::string> values;
  pg::Parameters parameters;
  for (std::size_t n = 0; n < row.size(); ++n) {
    if (shape.columns[n].generated) continue;
    columns.push_back(quote_identifier(shape.columns[n].name));
    parameters.push_back(row[n]);
    values.push_back(fmt::format("${}::{}", parameters.size(), shape.columns[n].type));
  }
  auto remove = fmt::format("delete from {} t where {}", table_of(shape), is_the_row(shape, 1));
  auto insert = fmt::format("insert into {} ({}) overriding system value values ({})", table_of(shape), fmt::join(columns, ", "), fmt::join(values, ", "));
  return {{name_of(shape, row) + " deleted", std::move(remove), key_of(shape, row)},
          {name_of(shape, row) + " inserted", std::move(insert), std::move(parameters)}};
}

Mutation takes(const SourceShape& shape, const Row& row, std::size_t column, std::optional<std::string> value) {
  const auto& [name, type, generated, category] = shape.columns[column];
  auto words = fmt::format("{}: {} {} → {}", name_of(shape, row), name, shown(row[column]), shown(value));
  auto sql = fmt::format("update {} t set {} = $1::{} where {}", table_of(shape), quote_identifier(name), type, is_the_row(shape, 2));
  pg::Parameters parameters = key_of(shape, row);
  parameters.insert(parameters.begin(), std::move(value));
  return {{std::move(words), std::move(sql), std::move(parameters)}};
}

/// Where all rows have the same value, one next to it; "" for types that have no next to.
std::string next_to(const SourceShape::Column& column) {
  const auto name = "t." + quote_identifier(column.name);
  switch (column.category) {
    case 'N': return fmt::format("({} + 1)::{}", name, column.type);
    case 'S': return fmt::format("({}::text || 'x')::{}", name, column.type);
    case 'D': return fmt::format("({} + interval '1 day')::{}", name, column.type);
    case 'B': return "not " + name;
    default: return "";
  }
}

Mutation takes_next(const SourceShape& shape, const Row& row, std::size_t column, const std::string& next) {
  const auto& name = shape.columns[column].name;
  auto words = fmt::format("{}: {} {} → another value", name_of(shape, row), name, shown(row[column]));
  auto sql = fmt::format("update {} t set {} = {} where {}", table_of(shape), quote_identifier(name), next, is_the_row(shape, 1));
  return {{std::move(words), std::move(sql), key_of(shape, row)}};
}

}  // namespace

asio::awaitable<std::vector<Mutation>> make_mutations(pg::Connection& connection, const SourceShape& shape, std::size_t samples) {
  std::vector<std::string> texts;
  std::vector<std::string> key;
  for (const auto& column : shape.columns) texts.push_back(fmt::format("t.{}::text", quote_identifier(column.name)));
  for (const auto& column : shape.source->key) key.push_back("t." + quote_identifier(column));
  auto sample = fmt::format("select {} from {} t order by md5(row({})::text) limit {}", fmt::join(texts, ", "), shape.whole ? table_of(shape) : seeds_of(shape),
                            fmt::join(key, ", "), samples);
  const auto rows = co_await connection.query(std::move(sample));
  std::vector<Row> sampled;
  std::vector<Mutation> mutations;
  for (std::size_t n = 0; n < rows.size(); ++n) {
    auto& row = sampled.emplace_back();
    for (std::size_t column = 0; column < shape.columns.size(); ++column) row.push_back(rows.optional_text(n, column));
    mutations.push_back(goes_and_comes_back(shape, row));
  }
  for (std::size_t column = 0; column < shape.columns.size(); ++column) {
    const auto& of = shape.columns[column];
    if (of.generated || in_key(shape, of.name)) continue;
    auto others = fmt::format("select value from (select distinct {} as value from {} t) v where value is not null order by md5(value) limit 3",
                              texts[column], shape.whole ? table_of(shape) : copy_of(shape));
    const auto values = co_await connection.query(std::move(others));
    for (const auto& row : sampled) {
      std::optional<std::string> other;
      for (std::size_t n = 0; n < values.size() && !other; ++n) {
        const std::string value(values.text(n, 0));
        if (row[column] != value) other = value;
      }
      if (other) {
        mutations.push_back(takes(shape, row, column, std::move(other)));
      } else if (const auto next = next_to(of); !next.empty()) {
        mutations.push_back(takes_next(shape, row, column, next));
      }
      if (row[column]) mutations.push_back(takes(shape, row, column, std::nullopt));
    }
  }
  co_return mutations;
}

}  // namespace crossfade::verify
