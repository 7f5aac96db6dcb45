#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "mapping/views/rule_tree.h"

namespace crossfade::mapping {

/// A place in a view that takes rows in some order: what comes of it is settled only if no two rows are alike in that order.
struct Order {
  /// Columns of a table, in the order and in what the rows are divided by before.
  struct Columns {
    std::uint32_t relation = 0;
    std::vector<int> ordered;  ///< both
    std::vector<int> divided;
  };

  std::string what = {};       ///< "distinct on", "a limit"; "" of a function
  std::uint32_t function = 0;
  bool alone = false;          ///< no other table is joined
  std::vector<Columns> columns = {};
};

/// Those of the view `of` that its rule does not settle by itself. `rules`: its rule, and those of the views that it reads, by oid. `equals`: the operators
/// by which a key's values are equal, by oid.
std::vector<Order> orders_of(std::uint32_t of, const std::map<std::uint32_t, RuleNode>& rules, const std::set<long>& equals);

}  // namespace crossfade::mapping
