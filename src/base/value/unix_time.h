#pragma once

#include <chrono>

namespace crossfade {

/// Seconds since 1970 by this machine's clock.
inline double unix_seconds() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

}  // namespace crossfade
