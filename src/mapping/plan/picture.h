#pragma once

#include <string>

#include "mapping/preflight/preflight.h"

namespace crossfade::mapping {

/// The whole migration as an SVG: tables that are followed on the left, tables that are filled on the right, a line for each rule with the
/// columns that rows are found by; what is written, what is derived and what asks by a select told apart. The way back below it. Pure.
std::string picture(const Preflight& preflight);

}  // namespace crossfade::mapping
