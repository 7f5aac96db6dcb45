#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/sql_text.h"
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

inline std::vector<std::string> names_of(const std::vector<Column>& columns) {
  std::vector<std::string> names;
  for (const auto& column : columns) names.push_back(column.name);
  return names;
}

}  // namespace crossfade::mapping
