#pragma once

#include <string>

namespace crossfade::mapping {

/// Where the views stand that show v2 throughout, beside the stable views of schema `stable`.
std::string canary_schema(const std::string& stable);

}  // namespace crossfade::mapping
