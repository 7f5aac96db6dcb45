#pragma once

#include <boost/asio/awaitable.hpp>

#include "mapping/file/directed_migration.h"
#include "mapping/file/migration_file.h"
#include "mapping/preflight/preflight.h"
#include "pg/connection.h"

namespace crossfade::mapping {

/// Holds `file` against the database, both directions before the writes have moved: every precondition as a finding, and the
/// models the engine runs.
///
/// Wants an open transaction in which shadow and mapping schema exist, and that the caller rolls back: it leaves temporary
/// functions behind. Before `prepare` the caller runs install_scripts() in the same transaction first, so that a plan
/// writes nothing.
boost::asio::awaitable<Preflight> inspect(pg::Connection& connection, const MigrationFile& file);

/// One direction of it.
boost::asio::awaitable<Preflight> inspect_directed(pg::Connection& connection, DirectedMigration directed);

/// One direction by the catalog alone, in a fraction of a second whatever the size of the data: for a migration that is under
/// way, where rows that do not fit are a matter for quarantine and no reason to stand still.
boost::asio::awaitable<Preflight> inspect_catalog(pg::Connection& connection, const DirectedMigration& directed);

/// As inspect_catalog, for who has to go on with what there is: a target that does not fit, or that refers to one, is left out of the
/// model, which says why. Where nothing fits all is as inspect_catalog found it; `or_nothing`: the model has no target then.
boost::asio::awaitable<Preflight> inspect_what_fits(pg::Connection& connection, DirectedMigration directed, bool or_nothing);

}  // namespace crossfade::mapping
