#include "lint/mutation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "base/text/sql_text.h"

namespace crossfade::lint {
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

Mutation takes_made(const SourceShape& shape, const Row& row, std::size_t column, const std::string& next, std::string_view what) {
  const auto& name = shape.columns[column].name;
  auto words = fmt::format("{}: {} {} → {}", name_of(shape, row), name, shown(row[column]), what);
  auto sql = fmt::format("update {} t set {} = {} where {}", table_of(shape), quote_identifier(name), next, is_the_row(shape, 1));
  return {{std::move(words), std::move(sql), key_of(shape, row)}};
}

/// The rows and values of a source that changes are made of.
class Samples {
 public:
  Samples(pg::Connection& connection, const SourceShape& shape) : connection_(connection), shape_(shape) {
    std::vector<std::string> texts;
    std::vector<std::string> key;
    for (const auto& column : shape.columns) texts.push_back(text_of(column));
    for (const auto& column : shape.source->key) key.push_back("t." + quote_identifier(column));
    columns_ = fmt::format("{}", fmt::join(texts, ", "));
    order_ = fmt::format("md5(row({})::text)", fmt::join(key, ", "));
  }

  asio::awaitable<std::vector<Row>> some(std::size_t count) {
    auto sample = fmt::format("select {} from {} t order by {} limit {}", columns_, shape_.whole ? table_of(shape_) : seeds_of(shape_), order_, count);
    const auto rows = co_await connection_.query(std::move(sample));
    co_return rows_of(rows);
  }

  /// Three values of the column, one of which a row does not have where there is more than one.
  asio::awaitable<std::vector<std::string>> values(std::size_t column) {
    auto others = fmt::format("select value from (select distinct {} as value from {} t) v where value is not null order by md5(value) limit 3",
                              text_of(shape_.columns[column]), shape_.whole ? table_of(shape_) : copy_of(shape_));
    const auto rows = co_await connection_.query(std::move(others));
    std::vector<std::string> values;
    for (std::size_t n = 0; n < rows.size(); ++n) values.emplace_back(rows.text(n, 0));
    co_return values;
  }

  /// One row without a value in the column, and one with the rarest of few.
  asio::awaitable<std::vector<Row>> unlike_the_others(std::size_t column) {
    // The first rows are enough: what is rare there is tried, and the whole table would take long.
    const auto from = fmt::format("(select * from {} limit 50000) t", shape_.whole ? table_of(shape_) : seeds_of(shape_));
    const auto value = text_of(shape_.columns[column]);
    auto unlike = fmt::format(
        "(select {0} from {1} where {2} is null order by {3} limit 1)\nunion all\n"
        "(select {0} from {1} where {2} = (select value from (select {2} as value, count(*) as rows, count(*) over () as values from {1} group by 1) v\n"
        "  where value is not null and values between 2 and 50 order by rows, md5(value) limit 1) order by {3} limit 1)",
        columns_, from, value, order_);
    const auto rows = co_await connection_.query(std::move(unlike));
    co_return rows_of(rows);
  }

 private:
  static std::string text_of(const SourceShape::Column& column) { return fmt::format("t.{}::text", quote_identifier(column.name)); }

  std::vector<Row> rows_of(const pg::Result& result) const {
    std::vector<Row> rows;
    for (std::size_t n = 0; n < result.size(); ++n) {
      auto& row = rows.emplace_back();
      for (std::size_t column = 0; column < shape_.columns.size(); ++column) row.push_back(result.optional_text(n, column));
    }
    return rows;
  }

  pg::Connection& connection_;
  const SourceShape& shape_;
  std::string columns_, order_;
};

/// The column of the row takes another value, one of `values` where that is possible.
void add_another(const SourceShape& shape, const Row& row, std::size_t column, const std::vector<std::string>& values, std::vector<Mutation>& mutations) {
  const auto other = std::find_if(values.begin(), values.end(), [&](const std::string& value) { return row[column] != value; });
  if (other != values.end()) {
    mutations.push_back(takes(shape, row, column, *other));
  } else if (const auto next = next_to(shape.columns[column]); !next.empty()) {
    mutations.push_back(takes_made(shape, row, column, next, "another value"));
  }
}

/// How long a text of the column can be; a length that most demands find too much where it has no end.
std::string longest(const SourceShape::Column& column) {
  const auto open = column.type.rfind('(');
  return open == std::string::npos ? "300" : column.type.substr(open + 1, column.type.find(')', open) - open - 1);
}

/// Values that no row has, by the type's category. The new schema may refuse some.
void add_odd(const SourceShape& shape, const Row& row, std::size_t column, std::vector<Mutation>& mutations) {
  const auto& [name, type, generated, category] = shape.columns[column];
  const auto own = "t." + quote_identifier(name);
  const auto add = [&](const std::string& made, std::string_view what) { mutations.push_back(takes_made(shape, row, column, fmt::format("({})::{}", made, type), what)); };
  if (category == 'N') {
    add(fmt::format("select max(m.{}) + 1 from {} m", quote_identifier(name), table_of(shape)), "a number that no row has");
    add("-1", "-1");
    add(type == "integer" ? "100000" : "3000000000", "a large number");
  } else if (category == 'S') {
    add(fmt::format("coalesce({}::text, '') || '~'", own), "a text that no row has");
    add("''", "an empty text");
    add(fmt::format("rpad(coalesce({}::text, ''), {}, 'x')", own, longest(shape.columns[column])), "a long text");
  } else if (category == 'D') {
    add(own + " - interval '100 years'", "a hundred years earlier");
  } else if (type == "uuid") {
    add("pg_catalog.gen_random_uuid()", "a value that no row has");
  }
}

}  // namespace

asio::awaitable<std::vector<Mutation>> make_mutations(pg::Connection& connection, const SourceShape& shape, std::size_t samples, bool odd) {
  Samples of(connection, shape);
  const auto sampled = co_await of.some(samples);
  std::vector<std::vector<Mutation>> by_row(sampled.size());
  for (std::size_t n = 0; n < sampled.size(); ++n) by_row[n].push_back(goes_and_comes_back(shape, sampled[n]));
  std::vector<Mutation> unlike;
  for (std::size_t column = 0; column < shape.columns.size(); ++column) {
    if (shape.columns[column].generated || in_key(shape, shape.columns[column].name)) continue;
    const auto values = co_await of.values(column);
    for (std::size_t n = 0; n < sampled.size(); ++n) {
      add_another(shape, sampled[n], column, values, by_row[n]);
      if (sampled[n][column]) by_row[n].push_back(takes(shape, sampled[n], column, std::nullopt));
    }
    if (odd && !sampled.empty()) add_odd(shape, sampled.front(), column, unlike);
    const auto rare = co_await of.unlike_the_others(column);
    for (const auto& row : rare) {
      add_another(shape, row, column, values, unlike);
      if (!sampled.empty() && row[column] && row[column] != sampled.front()[column]) unlike.push_back(takes(shape, sampled.front(), column, row[column]));
    }
  }
  std::vector<Mutation> mutations;
  for (std::size_t n = 0; n < by_row.size(); ++n) {
    std::move(by_row[n].begin(), by_row[n].end(), std::back_inserter(mutations));
    if (n == 0) std::move(unlike.begin(), unlike.end(), std::back_inserter(mutations));
  }
  co_return mutations;
}

}  // namespace crossfade::lint
