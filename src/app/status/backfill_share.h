#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "mapping/model/model.h"
#include "pg/connection.h"

namespace crossfade::app {

/// How much of a target's walk the ledger of the backfill covers, 0 to 1; nothing where nobody can tell. The planner's guess for a
/// view with joins may be wrong by any factor; how far along the column of the source a chunk has come is known.
boost::asio::awaitable<std::optional<double>> covered_share(pg::Connection& connection, const mapping::Model& model, TargetId target);

/// How many rows a target will have that is being filled, of which `done` are there, by how far it is; `guessed` where nobody can tell.
boost::asio::awaitable<double> expected_rows(pg::Connection& connection, const mapping::Model& model, TargetId target, double done, double guessed);

/// What is asked, by the type of the column and its comparison: of the server's statistics …
std::string share_by_statistics(const std::string& type, const std::string& less_or_equal);
/// … and, where it has none, of the ends of the column; "" for a type that has no distances.
std::string share_by_ends(const mapping::Source& source, const std::string& column, const std::string& type);

}  // namespace crossfade::app
