#pragma once

#include <string>
#include <vector>

#include "mapping/file/migration_file.h"
#include "mapping/model/model.h"
#include "sync/state/runtime.h"

namespace crossfade::sync {

/// Schema crossfade with its functions; can be run again. In the order given.
std::vector<std::string> engine_scripts();

/// True once prepare() has committed for this migration.
asio::awaitable<bool> is_prepared(pg::Connection& connection, std::string migration);

/// Runs engine_scripts() and the migration's own (each schema that is not there yet is made and filled) in the
/// caller's transaction, and returns the schemas it made.
asio::awaitable<std::vector<std::string>> install(pg::Connection& connection, const mapping::MigrationFile& file);

/// The rows that say the migration is there, in the caller's transaction.
asio::awaitable<void> enter(pg::Connection& connection, const mapping::Model& model, std::vector<std::string> made_schemas);

/// The slot and its first checkpoint; waits for every transaction that is running.
asio::awaitable<void> begin_stream(pg::Connection& connection, const mapping::Model& model, const Settings& settings);

/// Takes everything away again: slot, publication, fences, schemas that install() made, and schema crossfade with the
/// last migration. v1 was never touched. Throws a precondition Failure once v2 owns the data.
asio::awaitable<void> cancel(pg::Connection& connection, std::string migration);

}  // namespace crossfade::sync
