#pragma once

#include <string>
#include <vector>

#include "pg/connection.h"

namespace crossfade::cutover {

/// Sessions that had a lock which a flip could not get.
struct Holders {
  std::string text;           ///< pid, user, state, since when, query, of each; "" where nobody is seen
  std::vector<int> sessions;  ///< those of applications, which may be ended
};

/// Looks for them once a lock_timeout has passed. `relations` are quoted names; `readers` are in the way too where the lock was
/// an exclusive one.
boost::asio::awaitable<Holders> lock_holders(pg::Connection& connection, const std::vector<std::string>& relations, bool readers);

boost::asio::awaitable<void> end_sessions(pg::Connection& connection, const Holders& holders);

}  // namespace crossfade::cutover
