#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mapping/catalog/catalog.h"
#include "mapping/model/model.h"

namespace crossfade::mapping {

/// The shortest way along foreign keys from `target`'s shadow table to a target's shadow table that has all of `columns`;
/// empty where it has them itself, nothing where there is no way.
std::optional<std::vector<LocateStep>> find_path(const std::map<std::string, TargetCatalog>& targets, const std::string& target,
                                                 const std::vector<std::string>& columns);

/// Targets in an order in which every parent comes before its children, by name where that leaves a choice.
struct TargetOrder {
  std::vector<std::string> names;
  std::vector<std::string> cycle;  ///< targets that refer to each other in a ring, where there is one
};
TargetOrder order_targets(const std::map<std::string, TargetCatalog>& targets);

}  // namespace crossfade::mapping
