#pragma once

#include <string>

#include "mapping/amend/side.h"

namespace crossfade::mapping {

/// `side` as it is written where what stands in schema `from` stands in `to`. Pure.
Side moved_side(const Side& side, const std::string& from, const std::string& to);

/// Both as one; of what both have, `first`'s.
Side together(Side first, Side second);

}  // namespace crossfade::mapping
