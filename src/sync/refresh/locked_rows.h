#pragma once

#include <vector>

#include "sync/refresh/refresh.h"

namespace crossfade::sync {

/// Takes those of `keys` out of which another session has a row of v2 locked, so that nobody waits for these but they. In a
/// transaction; the rows of the others are locked then, as they are about to be written.
asio::awaitable<std::vector<Refused>> take_locked(pg::Connection& connection, const Refresh& refresh, std::vector<Key>& keys);

/// Where a key was refused for a lock, `refused` says who may have it: process, query and since when.
asio::awaitable<void> name_holders(pg::Connection& connection, const mapping::Model& model, std::vector<Refused>& refused);

}  // namespace crossfade::sync
