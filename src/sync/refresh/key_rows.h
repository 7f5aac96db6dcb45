#pragma once

#include <vector>

#include "sync/refresh/refresh.h"

/// What a key that is refused leads to.
namespace crossfade::sync {

/// The primary keys of the rows of view and shadow that it leads to. None: it is a row's own key, the target has no locator of its primary key,
/// what the view makes of one of them cannot be computed, or they are too many.
asio::awaitable<std::vector<Key>> rows_of(pg::Connection& connection, const mapping::Model& model, const Key& key);

/// Whether its select fails for its values by themselves, and no row of v1 has these any more: then no row was made of them, and none is to come.
asio::awaitable<bool> leads_nowhere(pg::Connection& connection, const Refresh& refresh, const Key& key);

}  // namespace crossfade::sync
