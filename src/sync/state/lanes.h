#pragma once

#include <functional>
#include <string>

#include "sync/state/runtime.h"

namespace crossfade::sync {

using LaneWork = std::function<asio::awaitable<void>(pg::Connection&)>;

/// Runs `work` on as many sessions as the operator chose, side by side, and returns when all are done. `role` is what the
/// sessions are called on the server, with a number.
asio::awaitable<void> in_lanes(const Runtime& run, std::string role, const LaneWork& work);

}  // namespace crossfade::sync
