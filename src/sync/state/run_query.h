#pragma once

#include <boost/asio/awaitable.hpp>
#include <string_view>

#include "pg/connection.h"

namespace crossfade::sync {

/// One statement of sql/queries, prepared.
boost::asio::awaitable<pg::Result> run_query(pg::Connection& connection, std::string_view sql, pg::Parameters parameters);

}  // namespace crossfade::sync
