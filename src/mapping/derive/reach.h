#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mapping/derive/known.h"
#include "mapping/derive/query_tree.h"

namespace crossfade::mapping::derive {

/// How far the changed rows of one table of the view can be followed.
struct Reach {
  std::map<std::string, Value> columns;  ///< of the view: those that are known in every row concerned
  std::vector<Bridge> bridges;           ///< that were joined, in their order
  std::vector<const Item*> near;         ///< tables that could be joined next …
  std::set<const Item*> to_one;          ///< … and those of them of which a changed row meets one row at most
  std::set<std::string> joined_by;       ///< the changed row's columns that lead to others
  std::map<std::pair<const Item*, std::string>, std::string> equal;  ///< columns of others that equal a column of the changed row
  std::vector<Restriction> restrictions;  ///< of the changed row
  bool lost = false;                     ///< a row of the view is no longer made of one changed row
  bool grouped = false;
  bool whole = true;                     ///< all that the last grouping groups by is known
  std::string blocked;                   ///< where nothing was left to tell rows by, and why; ""
  std::string way;                       ///< "left join, group by": what was passed
};

/// Of a condition that holds by one of several others (a = b or a = c) the one that is looked at.
struct Assumed {
  const Level* level;
  const Node* condition;
  const Node* holds;
};

/// Follows `table` up to the view, with `joined` joined wherever they can be; to all rows that it concerns, or to those for which `assumed` holds.
Reach reach(const Facts& facts, const Item& table, const std::vector<const Item*>& joined, const Assumed* assumed = nullptr);

}  // namespace crossfade::mapping::derive
