#pragma once

#include <optional>
#include <string>

#include "sync/state/checkpoint.h"
#include "sync/state/runtime.h"
#include "sync/state/store.h"

namespace crossfade::sync {

/// Invariant 7: may the engine go on where the checkpoint says? "" if so; else why there is a gap, after which all keys
/// are offered again. Pure.
std::string gap_between(const std::optional<store::Checkpoint>& checkpoint, const wal::Incarnation& server,
                        const std::optional<wal::SlotState>& slot);

/// Does `work`, which waits for transactions: says, once it lasts, for which.
asio::awaitable<void> tell_what_is_waited_for(const Settings& settings, asio::awaitable<void> work);

/// Makes a slot, and returns once every snapshot sees all that committed before it. Tells what it waits for.
asio::awaitable<wal::Incarnation> make_slot(pg::Connection& connection, const Settings& settings);

}  // namespace crossfade::sync
