#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "pg/connection.h"

namespace crossfade::wal {

/// Throws a precondition Failure where a slot of that name is there, and not this database's.
boost::asio::awaitable<void> refuse_foreign_slot(pg::Connection& connection, std::string name);

}  // namespace crossfade::wal
