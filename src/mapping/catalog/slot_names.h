#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "mapping/model/model.h"
#include "pg/connection.h"

namespace crossfade::mapping {

/// What the slots of a migration's two directions are called.
struct SlotNames {
  std::string forward;
  std::string reverse;

  const std::string& of(Direction direction) const { return direction == Direction::kForward ? forward : reverse; }
};

/// Slots are the cluster's and not a database's, so their names carry the database (its oid, which a rename leaves): the same
/// migration in a copy beside the original has slots of its own. A name that would not fit into the server's 63 bytes is cut
/// and told apart by a hash. Pure.
SlotNames slot_names(const std::string& migration, const std::string& database_oid);

/// Those of the database that `connection` leads to. A slot made by a version that named slots by the migration alone keeps its
/// name for as long as it lives, if it is this database's.
boost::asio::awaitable<SlotNames> find_slot_names(pg::Connection& connection, std::string migration);

}  // namespace crossfade::mapping
