#include "mapping/model/model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace crossfade::mapping {

std::string Locator::name() const {
  // Two rules may look up the same columns in different ways; the lookup tells them apart.
  return indirect() ? fmt::format("{} by {}", fmt::join(columns, ", "), lookup) : fmt::format("{}", fmt::join(columns, ", "));
}

std::vector<Operators> Target::key_operators() const {
  std::vector<Operators> operators;
  for (const auto& of_key : key) {
    const auto column = std::find_if(columns.begin(), columns.end(), [&](const Column& each) { return each.name == of_key; });
    operators.push_back(column == columns.end() ? Operators{} : column->operators);
  }
  return operators;
}

std::string rejects_name(const std::string& source) { return "rejected_" + source; }

std::optional<std::uint16_t> Model::find_target(const std::string& target_name) const {
  for (std::uint16_t n = 0; n < targets.size(); ++n) {
    if (targets[n].name == target_name) return n;
  }
  return std::nullopt;
}

}  // namespace crossfade::mapping
