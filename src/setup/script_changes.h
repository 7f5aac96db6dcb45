#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <string>
#include <vector>

#include "mapping/file/migration_file.h"
#include "pg/connection.h"

namespace crossfade::sync {

/// A hash of each file of the folder that a preparation rests on: its scripts and migration.yaml.
std::map<std::string, std::string> content_hashes(const mapping::MigrationFile& file);

/// A file that is not as it was when the migration was prepared.
struct ScriptChange {
  std::string file;
  std::string message;
  std::string fix;
};
/// Only notices; nothing is installed anew. Empty where the migration was prepared by a version that kept no hashes.
boost::asio::awaitable<std::vector<ScriptChange>> script_changes(pg::Connection& connection, const mapping::MigrationFile& file);

}  // namespace crossfade::sync
