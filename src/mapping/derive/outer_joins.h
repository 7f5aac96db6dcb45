#pragma once

#include <map>
#include <set>
#include <vector>

#include "mapping/derive/query_tree.h"

namespace crossfade::mapping::derive {

/// Which outer joins of a level are any, and which of them have matched.
class OuterJoins {
 public:
  /// Items that an outer join may make null in a row that is there.
  std::set<const Item*> nullable(const Level& level);

  /// Whether the join has matched where the items in `present` are there.
  bool hold(const Level& level, const Join& join, const std::set<const Item*>& present);

  /// Whether the side is a column that no row has without a value, as far as the level's outer joins leave it its own.
  bool never_null(const Level& level, const Node* side);

 private:
  std::map<const Level*, std::set<const Item*>> nullable_;
  std::map<const Level*, std::vector<const Join*>> outer_;
};

}  // namespace crossfade::mapping::derive
