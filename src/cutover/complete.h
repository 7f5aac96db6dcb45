#pragma once

#include <string>
#include <vector>

#include "mapping/file/migration_file.h"
#include "pg/connection.h"

namespace crossfade::cutover {

/// Ends a migration whose writes are on v2: there is no way back afterwards. Slots, publications, fences and the schemas of views
/// that crossfade made go; v1's tables stay as they are called now, or go where `drop_v1` says so. What applications use stays:
/// the stable views, crossfade.route, the audit. A daemon that works is refused from then on, and ends. Can be run again. Throws
/// kNotReady where v1 owns the data or a flip is going on; a table that something else depends on is not dropped, and nothing else
/// is then. Says what stays and why, and what else is worth knowing.
boost::asio::awaitable<std::vector<std::string>> complete(pg::Connection& connection, const mapping::MigrationFile& file, bool drop_v1, std::string who);

}  // namespace crossfade::cutover
