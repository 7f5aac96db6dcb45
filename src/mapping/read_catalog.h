#pragma once

#include <boost/asio/awaitable.hpp>

#include "mapping/catalog.h"
#include "pg/connection.h"

namespace crossfade::mapping {

/// Asks the database about everything that `file` names. Wants an open transaction, and leaves temporary functions in it:
/// the server's own reading of the rules' selects. What is missing is a relation without oid, not a failure.
boost::asio::awaitable<Catalog> read_catalog(pg::Connection& connection, const MigrationFile& file);

}  // namespace crossfade::mapping
