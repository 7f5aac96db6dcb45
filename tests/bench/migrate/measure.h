#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace crossfade::bench {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }

/// The value below which `part` (0 to 1) of the values lie; 0.5 is the median.
inline double quantile(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  return values.at(static_cast<std::size_t>(part * static_cast<double>(values.size() - 1) + 0.5));
}

/// The same work done by us and by another, round by round; less is better.
struct Comparison {
  std::string what;
  std::string unit;
  std::string other;  ///< what the other way is called
  std::vector<double> ours;
  std::vector<double> theirs;
};

}  // namespace crossfade::bench
