#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "mapping/views/rule_tree.h"

namespace crossfade::mapping {

/// What a column of a view is made with, through the views and queries between: a function and the type of an argument of it, by oid. Function 0:
/// a cast by way of text, of or to the type. Column "": which rows there are.
struct MadeWith {
  std::string column;
  std::uint32_t function = 0;
  std::uint32_t type = 0;

  auto operator<=>(const MadeWith&) const = default;
};

/// `rules`: the view's, and those of the views that it reads, by oid.
std::set<MadeWith> made_with(std::uint32_t view, const std::map<std::uint32_t, RuleNode>& rules);

}  // namespace crossfade::mapping
