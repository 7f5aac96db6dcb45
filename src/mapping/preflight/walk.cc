#include "mapping/preflight/walk.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace crossfade::mapping {

bool choose_walk(Model& model, Target& target, std::size_t first_rule) {
  const auto begin = model.rules.begin() + static_cast<std::ptrdiff_t>(first_rule);
  const auto weight = [&](std::uint16_t number) -> std::ptrdiff_t {
    const auto& locator = target.locators[number];
    if (locator.indirect() || locator.columns.size() != 1) return 0;
    if (locator.columns == target.key) return PTRDIFF_MAX;
    return std::count_if(begin, model.rules.end(), [&](const FollowRule& rule) { return rule.locator == number; });
  };
  std::uint16_t best = 0;
  for (std::uint16_t n = 1; n < target.locators.size(); ++n) {
    if (weight(n) > weight(best)) best = n;
  }
  if (target.locators.empty() || weight(best) == 0) return false;

  std::swap(target.locators[0], target.locators[best]);
  const FollowRule* walk = nullptr;
  const auto by_key = [&](const FollowRule& rule) { return model.sources[rule.source].key == rule.source_columns; };
  for (auto rule = begin; rule != model.rules.end(); ++rule) {
    if (rule->locator == best) {
      rule->locator = 0;
    } else if (rule->locator == 0) {
      rule->locator = best;
    }
    if (rule->locator == 0 && (walk == nullptr || (by_key(*rule) && !by_key(*walk)))) walk = &*rule;
  }
  target.walk_source = walk->source;
  target.walk_column = walk->source_columns.front();
  return true;
}

}  // namespace crossfade::mapping
