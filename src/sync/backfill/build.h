#pragma once

#include <cstdint>

#include "sync/state/runtime.h"

/// Keys, indexes and foreign keys that a bulk load takes off its tables and builds again. crossfade.deferred has them in
/// between, so that a restart goes on where it was.
namespace crossfade::sync {

asio::awaitable<void> drop_deferred(pg::Connection& connection, const Runtime& run, TargetId target);

/// Keys and indexes, several at a time. Rows that a unique one does not admit twice are removed and offered again.
asio::awaitable<void> build_keys(Runtime& run);

/// Foreign keys, each time that the targets have become consistent with each other. What a quarantined parent keeps from validating
/// stays enforced for new rows and is tried again the next time.
asio::awaitable<void> build_foreign_keys(pg::Connection& connection, Runtime& run);

}  // namespace crossfade::sync
