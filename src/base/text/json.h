#pragma once

#include <string>
#include <string_view>

namespace crossfade {

/// `text` as a string of JSON, with its quotes.
std::string json_string(std::string_view text);

}  // namespace crossfade
