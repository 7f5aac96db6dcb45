#pragma once

#include <string>
#include <vector>

#include "pg/connection.h"

/// Foreign keys of v2's tables to tables that stay. Whoever makes one has its table locked against those who write it, until the transaction
/// ends: so they are made last, when nothing else is left to do, or not at all where all is rolled back.
namespace crossfade::setup {

struct OutwardKey {
  std::string table;       ///< quoted, with its schema
  std::string target;      ///< its bare name
  std::string name;
  std::string definition;  ///< FOREIGN KEY (…) REFERENCES …
  std::string refers_to;   ///< as people call it
};
using OutwardKeys = std::vector<OutwardKey>;

/// As run_script(), for a script that makes tables in `schema`, and without such keys, which are returned. A script that does not run without
/// them is run as it is.
boost::asio::awaitable<OutwardKeys> run_without_outward_keys(pg::Connection& connection, std::string file, std::string sql, std::string schema);

/// Makes them.
boost::asio::awaitable<void> add_outward_keys(pg::Connection& connection, OutwardKeys keys);

}  // namespace crossfade::setup
