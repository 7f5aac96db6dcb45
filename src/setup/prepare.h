#pragma once

#include <string>
#include <vector>

#include "mapping/file/migration_file.h"
#include "mapping/model/model.h"
#include "sync/state/runtime.h"

namespace crossfade::sync {

/// Schema crossfade with its functions; can be run again. In the order given.
std::vector<std::string> engine_scripts();

/// How far the preparation of a migration is. It ends with the slot and its checkpoint.
enum class Prepared { kNot, kHalf, kWhole };
asio::awaitable<Prepared> how_prepared(pg::Connection& connection, std::string migration);
asio::awaitable<bool> is_prepared(pg::Connection& connection, std::string migration);

/// From here to the end of the session nobody else prepares or cancels the migration. Throws kNotLeader, and names the session,
/// where somebody does: one whose command was killed may still wait for a transaction.
asio::awaitable<void> prepare_alone(pg::Connection& connection, std::string migration);

/// Runs engine_scripts() and the migration's own (each schema that is not there yet is made and filled) in the
/// caller's transaction, and returns the schemas it made.
asio::awaitable<std::vector<std::string>> install(pg::Connection& connection, const mapping::MigrationFile& file);

/// The rows that say the migration is there, in the caller's transaction.
asio::awaitable<void> enter(pg::Connection& connection, const mapping::Model& model, std::vector<std::string> made_schemas);

/// The slot and its first checkpoint; waits for every transaction that is running. A slot that is there from a preparation
/// that was broken off is made anew.
asio::awaitable<void> begin_stream(pg::Connection& connection, std::string migration, const Settings& settings);

/// Takes everything away again, however far prepare came: slot, publication, fences, schemas that install() made, and schema
/// crossfade with the last migration. v1 was never touched. False where nothing was there. Throws a precondition Failure once
/// v2 owns the data.
asio::awaitable<bool> cancel(pg::Connection& connection, std::string migration);

}  // namespace crossfade::sync
