#pragma once

#include <boost/asio/awaitable.hpp>

#include "mapping/catalog/catalog.h"
#include "mapping/file/directed_migration.h"
#include "pg/connection.h"

namespace crossfade::mapping {

/// Asks the database about everything that `directed` names. Wants an open transaction, and leaves temporary functions in it:
/// the server's own reading of the rules' selects. What is missing is a relation without oid, not a failure.
boost::asio::awaitable<Catalog> read_catalog(pg::Connection& connection, const DirectedMigration& directed);

/// Follows each target's view back to its tables. For a source that the file says nothing about, what the view says becomes rules of the
/// catalog; what the file says is left alone, and what it lacks of the view's is remembered.
boost::asio::awaitable<void> derive_rules(pg::Connection& connection, const DirectedMigration& directed, Catalog& catalog);

/// What follows what in both directions, with the tables at `places`; and the views of the way back, where somebody wants them as they were
/// read on the way. Wants an open transaction.
boost::asio::awaitable<RulesInForce> rules_in_force(pg::Connection& connection, const v1::Migration& file, Places places, derive::Reading* back = nullptr);

}  // namespace crossfade::mapping
