#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "pg/connection.h"

namespace crossfade::setup {

/// Takes everything away again, however far prepare came: slot, publication, stable views, fences, schemas that it made, and schema
/// crossfade with the last migration. v1 was never touched. False where nothing was there. Throws a precondition Failure once
/// v2 owns the data, and kNotLeader where a daemon is at work.
boost::asio::awaitable<bool> cancel(pg::Connection& connection, std::string migration);

}  // namespace crossfade::setup
