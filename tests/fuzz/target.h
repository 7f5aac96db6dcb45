#pragma once

#include <string>
#include <string_view>
#include <vector>

/// What a fuzz target defines. A main of its own feeds it: ours with mutated seeds, or libFuzzer's.
namespace crossfade::fuzz {

/// Feeds `bytes` to the code under test; ends the process where a promise is broken.
void run_once(std::string_view bytes);

/// Well-formed inputs to begin with.
std::vector<std::string> seeds();

}  // namespace crossfade::fuzz
