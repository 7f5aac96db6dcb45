#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mapping/derive/expression.h"

namespace crossfade::mapping::views {

/// An expression for people: without quotes that the name does not need, and without the parser's own words for types; "…" where it
/// is of a kind that is not known.
std::string say(const derive::Node& node);
std::string say(const std::vector<const derive::Node*>& nodes, std::string_view between = ", ");

/// A name as SQL has to write it, in quotes where it must be.
std::string sql_name(const std::string& name);

}  // namespace crossfade::mapping::views
