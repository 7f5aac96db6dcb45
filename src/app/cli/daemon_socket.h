#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "api/server.h"
#include "app/cli/options.h"
#include "pg/connection.h"

/// How a command finds the daemon of its database. The same migration may be on its way in several (production, and a copy of it
/// on the same server or another), so neither socket nor request goes by the migration's name alone.
namespace crossfade::app {

/// Which database it is among all that there are.
struct DatabaseIdentity {
  std::string id;    ///< system identifier and oid: a rename changes nothing
  std::string name;  ///< for people
};
boost::asio::awaitable<DatabaseIdentity> identify_database(pg::Connection& connection);

/// Where the daemon of `migration` in `database` listens: as the options say, else a place of its own.
std::string control_path(const Options& options, const std::string& migration, const DatabaseIdentity& database);

/// Where to ask, and about which database.
struct DaemonAddress {
  std::string socket;
  std::string database;
};
DaemonAddress find_daemon(const Options& options, const std::string& migration);

/// Asks the daemon that serves `migration` in the database of the options. Throws as api::ask does; kNotReady, too, where the
/// daemon that answers serves another database.
api::Response ask_daemon(const Options& options, const std::string& migration, api::Request request);

}  // namespace crossfade::app
