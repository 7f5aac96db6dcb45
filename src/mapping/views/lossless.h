#pragma once

#include <boost/json/object.hpp>

#include "mapping/derive/facts.h"

namespace crossfade::mapping::views {

/// Whether a cast of the column to the type (the parser's TypeName) can be taken back: no two values become one.
bool lossless(const derive::ColumnFacts& column, const boost::json::object& type);

}  // namespace crossfade::mapping::views
