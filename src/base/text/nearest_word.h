#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crossfade {

/// The word that somebody who wrote `written` is likely to have meant: at most two letters changed, added or left out, and
/// fewer than half of them. Nothing where no word is that near.
std::optional<std::string> nearest_word(std::string_view written, const std::vector<std::string>& words);

}  // namespace crossfade
