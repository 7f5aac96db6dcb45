#pragma once

#include <boost/asio/awaitable.hpp>

#include "mapping/catalog/catalog.h"
#include "mapping/file/directed_migration.h"
#include "pg/connection.h"

namespace crossfade::mapping {

/// Asks the database about everything that `directed` names. Wants an open transaction, and leaves temporary functions in it:
/// the server's own reading of the rules' selects. What is missing is a relation without oid, not a failure.
boost::asio::awaitable<Catalog> read_catalog(pg::Connection& connection, const DirectedMigration& directed);

/// What follows what in both directions, with the tables at `naming`; and the views of the way back, where somebody wants them as they were
/// read on the way. Wants an open transaction.
boost::asio::awaitable<RulesInForce> rules_in_force(pg::Connection& connection, const v1::Migration& file, Naming naming, derive::Reading* back = nullptr);

}  // namespace crossfade::mapping
