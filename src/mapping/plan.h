#pragma once

#include <string>

#include "mapping/preflight.h"

namespace crossfade::mapping {

/// What `crossfade plan` prints: the findings with what mends them, then the targets in their order, each with the locators
/// its rows are found by, the rules that lead to them and the columns that matter. Ends with one line of verdict.
std::string plan_text(const Preflight& preflight);

}  // namespace crossfade::mapping
