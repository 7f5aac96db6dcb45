#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mapping/model/model.h"
#include "mapping/preflight/preflight.h"
#include "pg/connection.h"

/// A migration whose v1 and v2 are on two servers: the source's, which has the views, and the target's, which has v2 and what crossfade knows.
namespace crossfade::setup {

/// One of the two databases.
struct ServerFacts {
  std::string id;                 ///< system identifier and oid
  std::string database;
  std::string place;              ///< for people, without a password
  double started = 0;             ///< seconds since 1970: two that were copied from one have one id
  int major = 0;
  std::string encoding;
  std::string collation;          ///< of texts that say nothing else
  std::optional<std::string> collation_version;
  std::string role;
  bool may_create = false;
  bool standby = false;
};
boost::asio::awaitable<ServerFacts> read_server(pg::Connection& connection);

/// What is against moving from one to the other, whatever the tables are. Pure.
void compare_servers(const ServerFacts& source, const ServerFacts& target, std::vector<mapping::Finding>& findings);

/// Targets that are walked along a text, where the two databases put texts in another order. Pure.
void check_across(const ServerFacts& source, const ServerFacts& target, const mapping::Model& model, std::vector<mapping::Finding>& findings);

/// Writes down, in the caller's transactions on both, that they belong together.
boost::asio::awaitable<void> write_servers(pg::Connection& connection, std::string migration, const ServerFacts& source, const ServerFacts& target);

/// The migration is in this database: throws where the command names one server of two, two of one, or other ones than it was prepared on.
boost::asio::awaitable<void> expect_servers(pg::Connection& connection, std::string migration);

}  // namespace crossfade::setup
