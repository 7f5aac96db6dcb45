#pragma once

#include "sync/state/runtime.h"

namespace crossfade::sync {

/// Once a second: a heartbeat into the log, the lease renewed, slot and backlog sampled. Throws when the lease is lost or
/// the slot is.
asio::awaitable<void> heartbeat_loop(Runtime& run, pg::Connection& connection);

}  // namespace crossfade::sync
