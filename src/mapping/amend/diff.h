#pragma once

#include <string>

namespace crossfade::mapping {

/// The lines that went ("- …") and came ("+ …"), in the order of the texts; "" where they are the same. Of texts of some thousand
/// lines that have little in common, all of one and then all of the other. Pure.
std::string line_diff(const std::string& before, const std::string& now);

}  // namespace crossfade::mapping
