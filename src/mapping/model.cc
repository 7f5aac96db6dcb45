#include "mapping/model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace crossfade::mapping {

std::string Locator::name() const { return fmt::format("{}", fmt::join(columns, ", ")); }

std::optional<std::uint16_t> Model::find_target(const std::string& target_name) const {
  const auto found = std::find_if(targets.begin(), targets.end(), [&](const Target& target) { return target.name == target_name; });
  if (found == targets.end()) return std::nullopt;
  return static_cast<std::uint16_t>(found - targets.begin());
}

}  // namespace crossfade::mapping
