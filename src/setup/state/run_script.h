#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "pg/connection.h"

namespace crossfade::setup {

/// Runs a script of the migration's folder in the caller's transaction, which it cannot leave: the server refuses `commit`, `end`,
/// `rollback` and their kin before they have done anything. Throws a Failure that names `file`.
boost::asio::awaitable<void> run_script(pg::Connection& connection, std::string file, std::string sql);

}  // namespace crossfade::setup
