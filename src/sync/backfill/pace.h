#pragma once

#include "sync/state/runtime.h"

namespace crossfade::sync {

/// Looks how busy the server is, and holds the backfill back while that is beyond the bounds the operator set: foreign
/// sessions at work, the standby furthest behind, the WAL kept for the slot. And while the slot is in danger, whatever was set. What is followed is never held back: it would only pile up.
asio::awaitable<void> keep_pace(Runtime& run, pg::Connection& connection);

/// A person holds the migration, or lets it go on. Kept in the database, so that a restart does not let it go.
/// Returns when what had begun is finished, or after two seconds.
asio::awaitable<void> set_paused(Runtime& run, pg::Connection& connection, bool paused);
/// As it was when the last daemon ended.
asio::awaitable<void> restore_paused(Runtime& run, pg::Connection& connection);

}  // namespace crossfade::sync
