#pragma once

#include "sync/state/runtime.h"

namespace crossfade::sync {

/// Once a second: a heartbeat into the log, the lease renewed, slot and backlog sampled, and whether keys, indexes or checks are `left_open`.
/// Throws when the lease is lost or the slot is.
asio::awaitable<void> heartbeat_loop(Runtime& run, pg::Connection& connection, bool& left_open);

}  // namespace crossfade::sync
