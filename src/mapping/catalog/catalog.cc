#include "mapping/catalog/catalog.h"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "base/text/sql_text.h"

namespace crossfade::mapping {

const ColumnCatalog* RelationCatalog::find(const std::string& column) const {
  for (const auto& candidate : columns) {
    if (candidate.name == column) return &candidate;
  }
  return nullptr;
}

std::vector<Operators> RelationCatalog::operators_of(const std::vector<std::string>& names) const {
  std::vector<Operators> operators;
  for (const auto& each : names) {
    const auto* column = find(each);
    operators.push_back(column == nullptr ? Operators{} : column->operators);
  }
  return operators;
}

std::string RelationCatalog::quoted() const { return quote_qualified(schema, name); }

std::optional<std::vector<LocateStep>> find_path(const std::map<std::string, TargetCatalog>& targets, const std::string& target,
                                                 const std::vector<std::string>& columns) {
  struct Place {
    std::string table;
    std::vector<LocateStep> path;
  };
  std::deque<Place> open = {{target, {}}};
  std::set<std::string> seen = {target};
  while (!open.empty()) {
    const auto place = std::move(open.front());
    open.pop_front();
    const auto& table = targets.at(place.table).table;
    const bool has_all = std::all_of(columns.begin(), columns.end(), [&](const auto& column) { return table.find(column) != nullptr; });
    if (has_all) return place.path;
    for (const auto& key : table.foreign_keys) {
      if (!targets.contains(key.parent) || !seen.insert(key.parent).second) continue;
      auto path = place.path;
      const auto& parent = targets.at(key.parent).table;
      path.push_back({{parent.schema, parent.name}, key.columns, key.parent_columns, table.operators_of(key.columns)});
      open.push_back({key.parent, std::move(path)});
    }
  }
  return std::nullopt;
}

TargetOrder order_targets(const std::map<std::string, TargetCatalog>& targets) {
  TargetOrder order;
  std::set<std::string> left;
  for (const auto& [name, target] : targets) left.insert(name);
  while (!left.empty()) {
    const auto leads_back = [&](const std::string& name, const ForeignKeyCatalog& key) { return key.parent != name && left.contains(key.parent); };
    const auto waits = [&](const std::string& name) {
      const auto& keys = targets.at(name).table.foreign_keys;
      return std::any_of(keys.begin(), keys.end(), [&](const auto& key) { return leads_back(name, key); });
    };
    const auto checked_later = [&](const std::string& name) {
      const auto& keys = targets.at(name).table.foreign_keys;
      return std::all_of(keys.begin(), keys.end(), [&](const auto& key) { return key.deferred || !leads_back(name, key); });
    };
    // A row whose reference may be null is there first, and refers second.
    const auto cannot_begin = [&](const std::string& name) {
      const auto& table = targets.at(name).table;
      return std::any_of(table.foreign_keys.begin(), table.foreign_keys.end(), [&](const auto& key) {
        const bool required = std::all_of(key.columns.begin(), key.columns.end(), [&](const auto& column) {
          const auto* found = table.find(column);
          return found != nullptr && found->required;
        });
        return required && !key.deferred && leads_back(name, key);
      });
    };
    auto next = std::find_if_not(left.begin(), left.end(), waits);
    if (next == left.end()) {
      next = std::find_if(left.begin(), left.end(), checked_later);
      if (next == left.end()) {
        order.cycle.assign(left.begin(), left.end());
        next = std::find_if_not(left.begin(), left.end(), cannot_begin);
      }
      if (next == left.end()) next = left.begin();
    }
    order.names.push_back(*next);
    left.erase(next);
  }
  return order;
}

}  // namespace crossfade::mapping
