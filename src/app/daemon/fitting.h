#pragma once

#include <memory>

#include "app/daemon/observers.h"
#include "async/backoff.h"
#include "mapping/file/migration_file.h"
#include "setup/amend/amend_auto.h"
#include "setup/state/editions.h"

namespace crossfade::app {

/// What is known of v1 and of the folder, from one look to the next.
struct Kept {
  std::shared_ptr<const mapping::MigrationFile> file;  ///< the folder as it was read last
  std::vector<setup::ScriptChange> changed = {};       ///< files of it that are not as the database has them
  setup::FollowedV1 followed = {};
  async::Clock::time_point at = {};                    ///< when that was looked into
};

/// Follows what v1's team has renamed or widened, where the folder allows it, and says so. What does not come through comes the next time.
boost::asio::awaitable<void> follow_v1(pg::Connection& connection, pg::Endpoint endpoint, Kept& kept);

/// Looks every few seconds: at the folder, at v1, and whether targets that are left out, because the database has no place for them, have
/// one again; then the engine begins with the model that is made now. `now`: the direction may turn meanwhile.
boost::asio::awaitable<void> keep_fitting(Kept& kept, std::function<Observed()> now);

}  // namespace crossfade::app
