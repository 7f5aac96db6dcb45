#pragma once

#include "sync/state/runtime.h"

namespace crossfade::sync {

/// The stream → follow rules → queue, and what is settled → the slot. Never waits for the refresher: when memory is full
/// it stops reading, and status updates go out all the same.
asio::awaitable<void> receive(Runtime& run);

}  // namespace crossfade::sync
