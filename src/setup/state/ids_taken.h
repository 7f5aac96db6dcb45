#pragma once

#include <set>
#include <string>
#include <vector>

#include "mapping/file/migration_file.h"
#include "mapping/preflight/preflight.h"
#include "pg/connection.h"

namespace crossfade::setup {

/// Surrogates whose table of ids cannot be made, because another migration's, or a table of our own, has its name; but for those of `there`, which
/// is made. Schema crossfade is there.
boost::asio::awaitable<std::vector<mapping::Finding>> taken_ids(pg::Connection& connection, const mapping::MigrationFile& file, const std::set<std::string>& there = {});

}  // namespace crossfade::setup
