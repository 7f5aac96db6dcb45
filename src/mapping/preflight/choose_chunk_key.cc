#include "mapping/preflight/choose_chunk_key.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace crossfade::mapping {
namespace {

void make_first(Model& model, Target& target, std::vector<FollowRule>::iterator first_rule, LocatorId number) {
  std::swap(target.locators.front(), target.locators[number]);
  for (auto rule = first_rule; rule != model.rules.end(); ++rule) {
    if (rule->locator == number) {
      rule->locator = kChunkKey;
    } else if (rule->locator == kChunkKey) {
      rule->locator = number;
    }
  }
}

class Choice {
 public:
  Choice(Model& model, Target& target, std::size_t first_rule, const Ordered& ordered)
      : model_(model), target_(target), begin_(model.rules.begin() + static_cast<std::ptrdiff_t>(first_rule)), ordered_(ordered) {}

  bool make() {
    std::optional<LocatorId> best;
    for (const auto n : target_.locators.ids()) {
      if (weight(n) > (best ? weight(*best) : 0)) best = n;
    }
    if (!best) return false;
    make_first(model_, target_, begin_, *best);
    const auto place = place_in(first_rule_of(kChunkKey)->source_columns, model_.sources[first_rule_of(kChunkKey)->source].key);
    target_.locators.front().chunk_place = place;
    const auto* chunk_key = rule_along(place);
    if (chunk_key == nullptr) return false;
    target_.chunk_source = chunk_key->source;
    target_.chunk_column = chunk_key->source_columns[place];
    return true;
  }

 private:
  /// Any of a single column before any of several.
  std::ptrdiff_t weight(LocatorId number) const {
    constexpr std::ptrdiff_t kSingle = 1'000'000;
    const auto& locator = target_.locators[number];
    if (locator.indirect()) return 0;
    const bool single = locator.columns.size() == 1;
    if (single && locator.columns == target_.key) return PTRDIFF_MAX;
    const auto rules = std::count_if(begin_, model_.rules.end(), [&](const FollowRule& rule) { return rule.locator == number; });
    return rules + (single && rules > 0 ? kSingle : 0);
  }

  bool by_key(const FollowRule& rule) const { return model_.sources[rule.source].key == rule.source_columns; }

  /// By the key of its source, if there is such a rule.
  const FollowRule* first_rule_of(LocatorId number) const {
    const FollowRule* found = nullptr;
    for (auto rule = begin_; rule != model_.rules.end(); ++rule) {
      if (rule->locator == number && (found == nullptr || (by_key(*rule) && !by_key(*found)))) found = &*rule;
    }
    return found;
  }

  static std::size_t place_in(const std::vector<std::string>& columns, const std::vector<std::string>& key) {
    const auto first = key.empty() ? columns.end() : std::find(columns.begin(), columns.end(), key.front());
    return first == columns.end() ? 0 : static_cast<std::size_t>(first - columns.begin());
  }

  /// The rule of the first locator whose source gives the bounds.
  const FollowRule* rule_along(std::size_t place) const {
    const auto* first = first_rule_of(kChunkKey);
    if (first->source_columns.size() == 1 || ordered_(first->source, first->source_columns[place])) return first;
    const auto other = std::find_if(begin_, model_.rules.end(), [&](const FollowRule& rule) { return rule.locator == kChunkKey && ordered_(rule.source, rule.source_columns[place]); });
    return other == model_.rules.end() ? nullptr : &*other;
  }

  Model& model_;
  Target& target_;
  const std::vector<FollowRule>::iterator begin_;
  const Ordered& ordered_;
};

}  // namespace

bool choose_chunk_key(Model& model, Target& target, std::size_t first_rule, const Ordered& ordered) { return Choice(model, target, first_rule, ordered).make(); }

bool has_rule(const Model& model, TargetId target, LocatorId locator) {
  return std::any_of(model.rules.begin(), model.rules.end(), [&](const FollowRule& rule) { return rule.target == target && rule.locator == locator; });
}

void put_first(Model& model, Target& target, std::size_t first_rule, Locator locator) {
  const auto number = target.locators.next_id();
  target.locators.push_back(std::move(locator));
  make_first(model, target, model.rules.begin() + static_cast<std::ptrdiff_t>(first_rule), number);
}

}  // namespace crossfade::mapping
