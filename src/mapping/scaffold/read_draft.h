#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "mapping/scaffold/draft.h"
#include "pg/connection.h"

namespace crossfade::mapping {

/// Reads what `schema` has, for a migration called `migration`; best in a transaction with one snapshot. Throws a usage
/// Failure where there is no such schema, nothing in it can be moved, or a schema that the migration would make is there.
boost::asio::awaitable<Draft> read_draft(pg::Connection& connection, std::string migration, std::string schema);

}  // namespace crossfade::mapping
