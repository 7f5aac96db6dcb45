#include "verify/explain/explain_statement.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "base/sql_text.h"
#include "mapping/sql/statement_text.h"

namespace crossfade::verify {
namespace {

using fmt::format;

/// The source's row; a name that no lookup gives to a table of its own, which would hide it.
constexpr auto kRow = "crossfade_row";

/// The lookup for one row: each of its parameters is an array of that row's value.
std::string lookup_of_row(const mapping::Locator& locator, const mapping::FollowRule& rule) {
  auto lookup = locator.lookup;
  // The last first, because $1 is the beginning of $10.
  for (std::size_t n = rule.source_columns.size(); n > 0; --n) {
    const auto written = format("${}", n);
    const auto meant = format("array[{}.{}]", kRow, quote_identifier(rule.source_columns[n - 1]));
    for (auto at = lookup.find(written); at != std::string::npos; at = lookup.find(written, at + meant.size())) lookup.replace(at, written.size(), meant);
  }
  return lookup;
}

}  // namespace

std::string source_rows_statement(const mapping::Model& model, const mapping::FollowRule& rule) {
  const auto& source = model.sources.at(rule.source);
  const auto& locator = model.targets.at(rule.target).locators.at(rule.locator);
  std::vector<std::string> found, fields, arrays, keys;
  for (std::size_t n = 0; n < locator.columns.size(); ++n) {
    found.push_back(format("l{}", n));
    fields.push_back(format("k{}", n));
    arrays.push_back(format("${}::text[]", n + 1));
    keys.push_back(locator.indirect() ? fields.back() : format("k{}::{}", n, locator.types[n]));
  }
  const auto wanted = format("(select {} from unnest({}) k({}))", fmt::join(keys, ", "), fmt::join(arrays, ", "), fmt::join(fields, ", "));
  const auto leads = locator.indirect()
                         ? format("exists (select from ({}) l({}) where ({}::text) in {})", lookup_of_row(locator, rule), fmt::join(found, ", "),
                                  fmt::join(found, "::text, "), wanted)
                         : format("({}) in {}", mapping::columns_of(kRow, rule.source_columns), wanted);
  const auto values = mapping::joined(rule.source_columns, ", ", [](const std::string& name) { return format("{}.{}::text", kRow, quote_identifier(name)); });
  return format("select to_jsonb({0}), array[{1}] from {2} {0} where {3}", kRow, values, quote_qualified(source.schema, source.name), leads);
}

}  // namespace crossfade::verify
