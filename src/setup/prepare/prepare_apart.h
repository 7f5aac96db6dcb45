#pragma once

#include "mapping/file/migration_file.h"
#include "mapping/preflight/preflight.h"
#include "sync/state/runtime.h"

/// Preparing a migration whose v2 grows on another server than its v1. An empty copy of v2 stands beside v1 too: by its types the views are made,
/// and by its catalog and theirs they are checked, as on one server.
namespace crossfade::setup {

/// As prepare(), on both servers of `connection`. Broken off anywhere it goes on where it was.
boost::asio::awaitable<mapping::Preflight> prepare_apart(pg::Connection& connection, const mapping::MigrationFile& file, const sync::Settings& settings);

/// As look(): all of it made on both, looked at, and rolled back.
boost::asio::awaitable<mapping::Preflight> look_apart(pg::Connection& connection, const mapping::MigrationFile& file);

}  // namespace crossfade::setup
