#pragma once

#include <cstdint>
#include <vector>

#include "sync/refresh/bisecting_refresh.h"
#include "sync/state/runtime.h"

/// Targets that the database refuses as a whole. Their keys are spilled and nothing of theirs is tried for a while; what is offered of
/// them meanwhile is spilled too. The others go on, and WAL is confirmed. When the pause is over they are on trial: tried like any
/// other, parked again for longer if it is still so, and free when nothing of theirs waits any more.
namespace crossfade::sync::parking {

/// In the caller's transaction. `progress`: some of it was written.
asio::awaitable<void> park(pg::Connection& connection, Runtime& run, Unwritable refused, bool progress);

/// Targets that the model leaves out are parked, and those that it has again are tried. Before anything is followed.
asio::awaitable<void> leave_out(pg::Connection& connection, const mapping::Model& model);

/// Who is parked, who is on trial by now, and who is free.
asio::awaitable<void> look(pg::Connection& connection, Runtime& run);

/// Adds those that refer to them: a row that refers to one that has to wait waits with it.
asio::awaitable<void> add_children(pg::Connection& connection, const mapping::Model& model, std::set<TargetId>& of);

/// Takes the keys of targets that rest, or wait while they are filled, out of `keys`.
std::vector<Key> take_resting(const Runtime& run, std::vector<Key>& keys);

/// Of `targets` those that can be written, or filled in `bulk`; the others are parked, and every row of theirs is spilled.
asio::awaitable<std::vector<TargetId>> writable(pg::Connection& connection, Runtime& run, std::vector<TargetId> targets, bool bulk = false);

}  // namespace crossfade::sync::parking
