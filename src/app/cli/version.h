#pragma once

#include <string>
#include <string_view>

namespace crossfade::app {

/// "0.1.0".
std::string_view version();

/// The commit that was built: "53b9df1c02ab", with "-dirty" where files differed from it; empty where the source came without one.
/// It stands in one object file, so that a commit makes nothing else new.
std::string_view commit();

/// "crossfade 0.1.0 (53b9df1c02ab)".
std::string version_line();

}  // namespace crossfade::app
