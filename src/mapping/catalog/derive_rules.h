#pragma once

#include <boost/asio/awaitable.hpp>

#include "mapping/catalog/catalog.h"
#include "mapping/file/directed_migration.h"
#include "pg/connection.h"

namespace crossfade::mapping {

/// Follows each target's view back to its tables. For a source that the file says nothing about, what the view says becomes rules of the
/// catalog; what the file says is left alone, and what it lacks of the view's is remembered.
boost::asio::awaitable<void> derive_rules(pg::Connection& connection, const DirectedMigration& directed, Catalog& catalog);

}  // namespace crossfade::mapping
