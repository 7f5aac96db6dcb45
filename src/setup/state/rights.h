#pragma once

#include <boost/asio/awaitable.hpp>
#include <vector>

#include "mapping/file/migration_file.h"
#include "mapping/preflight/preflight.h"
#include "pg/connection.h"

namespace crossfade::setup {

/// What our role may not, of what a preparation needs before anything can be tried: as one fault, with all that an administrator has
/// to grant. Empty where nothing is missing.
boost::asio::awaitable<std::vector<mapping::Finding>> missing_rights(pg::Connection& connection, const mapping::MigrationFile& file);

/// What `prepare --print-sql --for ROLE` grants first. Pure.
std::string grants(const mapping::Model& model, const std::string& database, const std::string& role);

}  // namespace crossfade::setup
