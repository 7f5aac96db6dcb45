#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "crossfade/v1/migration.pb.h"
#include "pg/connection.h"

namespace crossfade::mapping {

/// Sources and shadow tables by the file's own words, quoted; those that there are. For whoever reads them before, or without, a
/// model.
boost::asio::awaitable<std::vector<std::string>> tables_there(pg::Connection& connection, const v1::Migration& yaml);

}  // namespace crossfade::mapping
