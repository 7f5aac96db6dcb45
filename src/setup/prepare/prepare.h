#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error/failure.h"
#include "mapping/file/directed_migration.h"
#include "mapping/file/migration_file.h"
#include "mapping/preflight/preflight.h"
#include "setup/prepare/prepare_steps.h"
#include "setup/state/outward_keys.h"
#include "sync/state/runtime.h"

namespace crossfade::setup {

namespace asio = boost::asio;

/// How far the preparation of a migration is. It ends with the slot and its checkpoint.
enum class Prepared { kNot, kHalf, kWhole };
asio::awaitable<Prepared> how_prepared(pg::Connection& connection, std::string migration);
/// The same as yes or no. A schema crossfade with an earlier layout is brought up to date first.
asio::awaitable<bool> is_prepared(pg::Connection& connection, std::string migration);

/// The direction that a migration goes.
asio::awaitable<mapping::DirectedMigration> directed_now(pg::Connection& connection, const mapping::MigrationFile& file);

/// From here to the end of the session nobody else prepares or cancels the migration. Throws kNotLeader, and names the session,
/// where somebody does: one whose command was killed may still wait for a transaction.
asio::awaitable<void> prepare_alone(pg::Connection& connection, std::string migration);

/// What every command says that needs a migration to be there: kNotReady, with the command that mends it.
Failure not_prepared(const std::string& migration);

/// Throws not_prepared() unless is_prepared().
asio::awaitable<void> require_prepared(pg::Connection& connection, std::string migration);

/// Performs install_steps() in the caller's transaction, which is to be rolled back: foreign keys to tables that stay are left out.
asio::awaitable<void> install(pg::Connection& connection, const mapping::MigrationFile& file);

/// Before anything is done: what is there, and whether it can be trusted.
asio::awaitable<There> look_around(pg::Connection& connection, const mapping::MigrationFile& file);

/// Performs steps of a preparation in the caller's transaction, all but the keys that it returns: those are made when all else is done.
asio::awaitable<OutwardKeys> perform(pg::Connection& connection, PrepareSteps steps);

/// What a preparation would do, and what is against it.
struct Preparation {
  mapping::Preflight preflight;
  PrepareLists steps;         ///< the whole only where preflight is ok()
  std::size_t performed = 0;  ///< so many of steps.together have been, because the look rests on them …
  OutwardKeys outward_keys = {};  ///< … but for these
};
/// In the caller's transaction, in which the installing steps are performed, because the rest rests on what they make.
asio::awaitable<Preparation> lay_out(pg::Connection& connection, const mapping::MigrationFile& file, There there, std::string slot);

/// All that is left to do, for the slot of that name; nothing is written.
asio::awaitable<Preparation> plan_preparation(pg::Connection& connection, const mapping::MigrationFile& file, std::string slot);

/// Prepares, or goes on with what was broken off: all in one transaction, then the slot. Where the preflight that it returns is
/// not ok(), nothing is left behind.
asio::awaitable<mapping::Preflight> prepare(pg::Connection& connection, const mapping::MigrationFile& file, const sync::Settings& settings);

/// Everything that prepare would make, made, looked at, and rolled back. Once the writes have moved, the one direction that is
/// left until they move back. `further` looks at what v2 is to be in the same transaction, where nothing is against it and v1 owns
/// the data.
using Further = std::function<asio::awaitable<void>(mapping::Preflight&)>;
asio::awaitable<mapping::Preflight> look(pg::Connection& connection, const mapping::MigrationFile& file, Further further);

}  // namespace crossfade::setup
