#pragma once

#include "sync/state/runtime.h"

namespace crossfade::sync {

/// In the transaction of the cut at which the targets are first consistent: rows of theirs that no key found while foreign
/// keys were off. Does nothing where none is.
asio::awaitable<void> remove_orphans(pg::Connection& connection, const Runtime& run);

}  // namespace crossfade::sync
