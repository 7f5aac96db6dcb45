#pragma once

#include <string>

namespace crossfade {

/// Quantities as people read them.

/// "3.2 GiB".
std::string human_bytes(double bytes);

/// "1,204".
std::string human_count(double count);

/// "40 ms", "3.1 s", "12 min", "1.5 days".
std::string human_seconds(double seconds);

}  // namespace crossfade
