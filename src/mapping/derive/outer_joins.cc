#include "mapping/derive/outer_joins.h"

#include <algorithm>

#include "mapping/derive/trace.h"

namespace crossfade::mapping::derive {
namespace {

bool within(const Join& join, const Join& outer) {
  return std::all_of(join.items.begin(), join.items.end(), [&](const Item* each) { return outer.nullable.contains(each); });
}

}  // namespace

std::set<const Item*> OuterJoins::nullable(const Level& level) {
  const auto found = nullable_.find(&level);
  if (found != nullable_.end()) return found->second;
  std::vector<const Join*> outer;
  for (const auto& join : level.joins) {
    if (!join.nullable.empty()) outer.push_back(&join);
  }
  // A condition that does not hold for nulls makes an inner join of an outer one.
  for (bool again = true; again;) {
    again = false;
    std::set<const Item*> needed;
    const auto need = [&](const Node* condition) {
      for (const auto* reference : strict_references(*condition)) needed.insert(resolve(level, *reference).item);
    };
    for (const auto* condition : level.where) need(condition);
    for (const auto& join : level.joins) {
      const bool under = std::any_of(outer.begin(), outer.end(), [&](const Join* each) { return each != &join && within(join, *each); });
      const bool still_outer = std::find(outer.begin(), outer.end(), &join) != outer.end();
      if (!under && !still_outer) std::for_each(join.conditions.begin(), join.conditions.end(), need);
    }
    for (const auto* join : outer) {
      const bool inner = !join->full && std::any_of(join->nullable.begin(), join->nullable.end(), [&](const Item* each) { return needed.contains(each); });
      if (!inner) continue;
      std::erase(outer, join);
      again = true;
      break;
    }
  }
  std::set<const Item*> all;
  for (const auto* join : outer) all.insert(join->nullable.begin(), join->nullable.end());
  outer_[&level] = std::move(outer);
  return nullable_[&level] = all;
}

bool OuterJoins::hold(const Level& level, const Join& join, const std::set<const Item*>& present) {
  nullable(level);
  const auto& outer = outer_.at(&level);
  const auto matched = [&](const Join& each) {
    return !each.full && std::any_of(each.nullable.begin(), each.nullable.end(), [&](const Item* item) { return present.contains(item); });
  };
  const bool still_outer = std::find(outer.begin(), outer.end(), &join) != outer.end();
  if (still_outer && !matched(join)) return false;
  return std::all_of(outer.begin(), outer.end(), [&](const Join* each) { return each == &join || !within(join, *each) || matched(*each); });
}

bool OuterJoins::never_null(const Level& level, const Node* side) {
  const auto* reference = as(uncast(level, side), "ColumnRef");
  const auto place = reference == nullptr ? Place{} : resolve(level, *reference);
  if (place.item == nullptr || !place.item->is_table() || nullable(*place.item->level).contains(place.item)) return false;
  const auto* column = place.item->table->find(place.column);
  return column != nullptr && column->required;
}

}  // namespace crossfade::mapping::derive
