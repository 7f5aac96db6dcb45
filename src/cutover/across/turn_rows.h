#pragma once

#include <array>
#include <optional>
#include <string>

#include "cutover/across/turns.h"
#include "pg/connection.h"

namespace crossfade::cutover {

/// What both servers say of the writes, one after the other; v1's first.
struct TurnRows {
  Turns turns;
  std::array<pg::Parameter, 2> barriers;   ///< where the one that is to open has to have come; nothing: nowhere
  std::array<std::string, 2> places;       ///< of each server, for people

  const pg::Parameter& barrier() const { return barriers[static_cast<std::size_t>(ahead(turns))]; }
};
/// Nothing where the migration is not on two servers, or one of them does not know of it (any more).
boost::asio::awaitable<std::optional<TurnRows>> read_turns(pg::Connection& connection, std::string migration);

/// The words of the tables: "v1" and "v2".
const char* to_text(Side side);

}  // namespace crossfade::cutover
