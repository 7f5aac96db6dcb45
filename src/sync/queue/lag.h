#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace crossfade::sync {

/// Lag by heartbeat: each beat carries the server's clock and is timed on that same clock when its effect is committed,
/// so the daemon's clock does not matter. While a beat is out longer than the last one took, its age is the lag; so lag
/// grows when the line is cut, is not 0 because nothing moved, and is never negative.
class LagGauge {
 public:
  using Clock = std::chrono::steady_clock;

  /// A beat is about to be sent; returns its number.
  std::uint64_t send(Clock::time_point now);
  /// Beat `number` was applied; both times by the server's clock, in seconds.
  void applied(std::uint64_t number, double sent_at, double applied_at);

  /// Nothing until the first beat was applied.
  std::optional<double> seconds(Clock::time_point now) const;

 private:
  struct Out {
    std::uint64_t number;
    Clock::time_point since;
  };
  std::deque<Out> out_;
  std::uint64_t next_ = 1;
  std::optional<double> latency_;
};

}  // namespace crossfade::sync
