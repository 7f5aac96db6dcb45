#pragma once

#include <functional>
#include <string>

#include "sync/state/runtime.h"

namespace crossfade::sync {

using Work = std::function<asio::awaitable<void>(pg::Connection&)>;

/// Runs `work` on as many sessions as the operator chose, side by side, and returns when all are done. `role` is what the
/// sessions are called on the server, with a number.
asio::awaitable<void> on_workers(const Runtime& run, std::string role, const Work& work);

}  // namespace crossfade::sync
