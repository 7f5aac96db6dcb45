#pragma once

#include "app/daemon/observers.h"
#include "mapping/file/migration_file.h"

namespace crossfade::app {

/// While targets are left out, because the database has no place for them, looks every few seconds whether it has one again, and
/// then has the engine begin with the model that it makes now. `now`: the direction may turn meanwhile.
boost::asio::awaitable<void> keep_fitting(const mapping::MigrationFile& file, std::function<Observed()> now);

}  // namespace crossfade::app
