#include "verify/queries/query_result.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

namespace crossfade::verify {
namespace {

using Row = QueryResult::Row;

std::vector<Row> sorted(std::vector<Row> rows) {
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<std::optional<std::string>> sorted_column(const QueryResult& answer, std::size_t column) {
  std::vector<std::optional<std::string>> values;
  for (const auto& row : answer.rows) values.push_back(row[column]);
  std::sort(values.begin(), values.end());
  return values;
}

std::string text(const std::optional<std::string>& value) { return value ? fmt::format("\"{}\"", *value) : "null"; }

std::string text(const Row& row) {
  std::vector<std::string> values;
  for (const auto& value : row) values.push_back(text(value));
  return fmt::format("({})", fmt::join(values, ", "));
}

/// ", only in v1: (…)": the first row that `left` has and `right` has not.
std::string only_in(const char* side, const std::vector<Row>& left, const std::vector<Row>& right) {
  std::vector<Row> rest;
  std::set_difference(left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(rest));
  return rest.empty() ? "" : fmt::format(", only in {}: {}", side, text(rest.front()));
}

}  // namespace

QueryResult result_of(const pg::Result& result) {
  QueryResult answer;
  for (std::size_t column = 0; column < result.columns(); ++column) answer.columns.emplace_back(result.column_name(column));
  for (std::size_t row = 0; row < result.size(); ++row) {
    auto& values = answer.rows.emplace_back();
    for (std::size_t column = 0; column < result.columns(); ++column) values.push_back(result.optional_text(row, column));
  }
  return answer;
}

bool Nondeterminism::learn(const QueryResult& once, const QueryResult& again) {
  if (once.rows.size() != again.rows.size()) return false;
  for (std::size_t column = 0; column < once.columns.size(); ++column) {
    if (sorted_column(once, column) != sorted_column(again, column)) columns.insert(column);
  }
  const auto left = without(once).rows;
  const auto right = without(again).rows;
  if (left == right) return true;
  order = true;
  return sorted(left) == sorted(right);
}

QueryResult Nondeterminism::without(const QueryResult& answer) const {
  const auto kept = [&](const auto& values) {
    std::remove_cvref_t<decltype(values)> rest;
    for (std::size_t n = 0; n < values.size(); ++n) {
      if (!columns.contains(n)) rest.push_back(values[n]);
    }
    return rest;
  };
  QueryResult quiet;
  quiet.columns = kept(answer.columns);
  for (const auto& row : answer.rows) quiet.rows.push_back(kept(row));
  if (order) quiet.rows = sorted(std::move(quiet.rows));
  return quiet;
}

std::optional<std::string> difference(const QueryResult& v1, const QueryResult& v2) {
  if (v1.columns != v2.columns) return fmt::format("columns: v1 ({}), v2 ({})", fmt::join(v1.columns, ", "), fmt::join(v2.columns, ", "));
  if (v1.rows == v2.rows) return std::nullopt;
  const auto left = sorted(v1.rows);
  const auto right = sorted(v2.rows);
  if (left == right) return "the same rows in another order";
  if (left.size() != right.size()) {
    return fmt::format("{} rows in v1, {} in v2{}{}", left.size(), right.size(), only_in("v1", left, right), only_in("v2", right, left));
  }
  for (std::size_t row = 0;; ++row) {
    for (std::size_t column = 0; column < v1.columns.size(); ++column) {
      const auto& one = v1.rows[row][column];
      const auto& other = v2.rows[row][column];
      if (one != other) return fmt::format("row {}, {}: v1 {}, v2 {}", row + 1, v1.columns[column], text(one), text(other));
    }
  }
}

}  // namespace crossfade::verify
