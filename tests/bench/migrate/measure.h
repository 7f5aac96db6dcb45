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

/// Seconds that the machine's clock and the server's processors spent on one round of a work. The latter hardly depends on what else
/// the machine is doing. Where it was not taken it is 0.
struct Cost {
  double elapsed = 0;
  double server = 0;
};

/// The same work done by us and by another, round by round, by turns; less is better.
struct Comparison {
  std::string what;
  std::string unit;   ///< of what is compared; "s" or "ms"
  std::string other;  ///< what the other way is called
  std::vector<Cost> ours;
  std::vector<Cost> theirs;

  void add(const Cost& own, const Cost& others) {
    ours.push_back(own);
    theirs.push_back(others);
  }
};

inline std::vector<double> elapsed(const std::vector<Cost>& costs) {
  std::vector<double> values;
  for (const auto& cost : costs) values.push_back(cost.elapsed);
  return values;
}

/// Of each round how many times as long the other way takes, because a round's two halves stand next to each other.
inline std::vector<double> ratios(const Comparison& comparison) {
  std::vector<double> values;
  for (std::size_t n = 0; n < comparison.ours.size(); ++n) values.push_back(comparison.theirs[n].elapsed / comparison.ours[n].elapsed);
  return values;
}

}  // namespace crossfade::bench
