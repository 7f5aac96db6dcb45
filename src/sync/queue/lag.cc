#include "sync/queue/lag.h"

#include <algorithm>

namespace crossfade::sync {

std::uint64_t LagGauge::send(Clock::time_point now) {
  // Beats that could not be sent are out too; one of them tells how long it lasts, so the middle is dropped.
  if (out_.size() > 1000) out_.erase(out_.begin() + 1);
  out_.push_back({next_, now});
  return next_++;
}

void LagGauge::applied(std::uint64_t number, double sent_at, double applied_at) {
  latency_ = std::max(0.0, applied_at - sent_at);
  while (!out_.empty() && out_.front().number <= number) out_.pop_front();
}

std::optional<double> LagGauge::seconds(Clock::time_point now) const {
  const auto age = out_.empty() ? 0.0 : std::chrono::duration<double>(now - out_.front().since).count();
  if (!latency_) return out_.empty() ? std::nullopt : std::optional(age);
  return std::max(*latency_, age);
}

}  // namespace crossfade::sync
