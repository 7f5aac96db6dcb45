#pragma once

#include "app/cli/options.h"
#include "base/exit_code.h"
#include "mapping/file/migration_file.h"
#include "mapping/model/model.h"
#include "mapping/preflight/preflight.h"
#include "pg/connection.h"
#include "sync/state/runtime.h"

namespace crossfade::app {

/// Prepares a migration that is not prepared: all in one transaction, then the slot. What stands against it is printed,
/// and nothing is left behind.
boost::asio::awaitable<ExitCode> install_migration(pg::Connection& connection, const mapping::MigrationFile& file,
                                                   const sync::Settings& settings);

/// The same as SQL for somebody who runs it by hand.
std::string prepare_sql(const mapping::MigrationFile& file, const mapping::Model& model, const std::string& slot);

/// The same as an ordered list of what is done.
std::string prepare_steps(const mapping::MigrationFile& file, const mapping::Model& model, const std::string& slot);

/// Everything that prepare would make, made, looked at, and rolled back. Once the writes have moved, the one direction that is
/// left until they move back.
boost::asio::awaitable<mapping::Preflight> look(const Options& options, const mapping::MigrationFile& file);

}  // namespace crossfade::app
