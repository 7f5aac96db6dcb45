#pragma once

#include "sync/state/runtime.h"

namespace crossfade::sync {

/// Foreign keys of v2 to tables that stay. Each row that is refreshed would lock the row that it refers to, which v1's writers want:
/// they would wait for us, and we for them. So the keys are left out until v2 owns the data; the flip brings them back.
class KeysOutside {
 public:
  explicit KeysOutside(Runtime& run) : run_(run) {}

  /// Leaves out those that are there. Taking one off needs its table for a moment, for which nobody is made to wait long: where it is
  /// not to be had, it is tried again at a later call.
  asio::awaitable<void> leave_out(pg::Connection& connection);

 private:
  asio::awaitable<bool> leave_out(pg::Connection& connection, std::string target, std::string key);

  Runtime& run_;
  Clock::time_point next_{};
  Clock::duration pause_{};
  bool told_ = false;
};

}  // namespace crossfade::sync
