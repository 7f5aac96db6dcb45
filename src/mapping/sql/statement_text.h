#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/text/sql_text.h"
#include "mapping/model/model.h"

namespace crossfade::mapping {

/// `each` for every element, joined by `separator`.
template <typename Elements, typename Each>
std::string joined(const Elements& elements, std::string_view separator, Each each) {
  std::vector<std::string> parts;
  for (const auto& element : elements) parts.push_back(each(element));
  return fmt::format("{}", fmt::join(parts, separator));
}

inline std::string columns_of(const std::string& alias, const std::vector<std::string>& names) {
  return joined(names, ", ", [&](const std::string& name) { return alias + "." + quote_identifier(name); });
}

/// Whether a value is an array itself. PostgreSQL has no arrays of arrays: such keys travel as an array of texts.
inline bool is_array(std::string_view type) { return type.ends_with("[]"); }

/// Whether values travel as an array of texts where several arrays are unnested side by side: a row would come out as its columns.
inline bool travels_as_text(const Model& model, const std::string& type) { return is_array(type) || model.row_types.contains(type); }

/// Whether a value is missing. A row whose columns are all null is there, although it `is null`.
inline std::string is_missing(const Model& model, const std::string& column, const std::string& type) {
  return column + (model.row_types.contains(type) ? " is not distinct from null" : " is null");
}
inline std::string is_there(const Model& model, const std::string& column, const std::string& type) {
  return column + (model.row_types.contains(type) ? " is distinct from null" : " is not null");
}

/// "$3::int[]", a parameter that brings many values of a type; each of them is `each_value()`.
inline std::string array_parameter(int number, std::string_view type) {
  return is_array(type) ? fmt::format("${}::text[]", number) : fmt::format("${}::{}[]", number, type);
}
/// The same where it is unnested.
inline std::string unnested_parameter(const Model& model, int number, const std::string& type) {
  return travels_as_text(model, type) ? fmt::format("${}::text[]", number) : fmt::format("${}::{}[]", number, type);
}
inline std::string each_value(const Model& model, const std::string& value, const std::string& type) {
  return travels_as_text(model, type) ? fmt::format("{}::{}", value, type) : value;
}

/// "a.x = b.y and …": columns pairwise, by their operators, of which there may be none.
inline std::string pairwise(const std::string& left, const std::vector<std::string>& lefts, const std::string& right,
                            const std::vector<std::string>& rights, const std::vector<Operators>& operators) {
  std::string equal;
  for (std::size_t n = 0; n < lefts.size(); ++n) {
    const auto sign = n < operators.size() ? operators[n].sql("=") : "=";
    equal += fmt::format("{}{}.{} {} {}.{}", n == 0 ? "" : " and ", left, quote_identifier(lefts[n]), sign, right, quote_identifier(rights[n]));
  }
  return equal;
}

/// Whether all are found by their names alone, so that `in` compares by them.
inline bool in_catalog(const std::vector<Operators>& operators) {
  return std::all_of(operators.begin(), operators.end(), [](const Operators& each) { return each.schema.empty(); });
}

inline std::string collate(const std::string& collation) { return collation.empty() ? "" : " collate " + collation; }

inline std::string collate(const std::vector<std::string>& collations, std::size_t n) { return n < collations.size() ? collate(collations[n]) : ""; }

inline std::vector<std::string> names_of(const std::vector<Column>& columns) {
  std::vector<std::string> names;
  for (const auto& column : columns) names.push_back(column.name);
  return names;
}

}  // namespace crossfade::mapping
