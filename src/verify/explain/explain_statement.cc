#include "verify/explain/explain_statement.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <vector>

#include "base/text/sql_text.h"
#include "mapping/sql/scan.h"
#include "mapping/sql/statement_text.h"

namespace crossfade::verify {
namespace {

using fmt::format;

/// The source's row; a name that no lookup gives to a table of its own, which would hide it.
constexpr auto kRow = "crossfade_row";

/// The lookup for one row: each of its parameters is an array of that row's value.
std::string lookup_of_row(const mapping::Locator& locator, const mapping::FollowRule& rule) {
  return mapping::with_tokens_replaced(locator.lookup, [&](const mapping::Token& token) -> std::optional<std::string> {
    if (token.kind != mapping::Token::Kind::kParameter) return std::nullopt;
    return format("array[{}.{}]", kRow, quote_identifier(rule.source_columns.at(token.number - 1)));
  });
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
    if (!locator.indirect()) {
      const auto column = quote_identifier(rule.source_columns[n]);
      keys.push_back(format("{}.{} {} k.k{}::{}", kRow, column, locator.compared(n, "="), n, locator.types[n]));
    }
  }
  const auto wanted = format("unnest({}) k({})", fmt::join(arrays, ", "), fmt::join(fields, ", "));
  const auto leads = locator.indirect()
                         ? format("exists (select 1 from ({}) l({}) where ({}::text) in (select {} from {}))", lookup_of_row(locator, rule), fmt::join(found, ", "),
                                  fmt::join(found, "::text, "), fmt::join(fields, ", "), wanted)
                         : format("exists (select 1 from {} where {})", wanted, fmt::join(keys, " and "));
  const auto values = mapping::joined(rule.source_columns, ", ", [](const std::string& name) { return format("{}.{}::text", kRow, quote_identifier(name)); });
  return format("select to_jsonb({0}.*) as image, array[{1}] as key from {2} {0} where {3}", kRow, values, quote_qualified(source.schema, source.name), leads);
}

}  // namespace crossfade::verify
