#pragma once

#include "sync/state/runtime.h"

namespace crossfade::sync {

/// Keys, indexes and checks that were left out after a target was filled, or that do not hold for all of its rows yet, are tried again beside the
/// following: at a growing pace, and at once where fewer rows are set aside than before. crossfade.left_open has what each is refused for.
/// A session is opened where something is `left_open`, as the heartbeat finds it. Ends by being cancelled.
asio::awaitable<void> build_again_loop(Runtime& run, const bool& left_open);

}  // namespace crossfade::sync
