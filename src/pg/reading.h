#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "pg/connection.h"

namespace crossfade::pg {

/// How long the locks of a Reading are waited for at a time: well below deadlock_timeout (a second). Where a change of a table's
/// shape waits for us and we for it, we give way before the server has to choose.
inline constexpr std::chrono::milliseconds kReadingPatience{200};

/// A transaction at one snapshot, and what it is going to read.
struct Reading {
  std::vector<std::string> relations;  ///< quoted; of a view, all that it reads, through the views between
  bool read_only = false;
  std::string then = {};               ///< sent along: `set local …`, the first query
};

/// Begins it, and returns what `then` gave last.
///
/// Invariant 8: a snapshot is never older than a rewrite of what it reads. TRUNCATE, and every ALTER TABLE that writes a table
/// anew, is not MVCC-safe: for a snapshot from before its commit the table is empty, and whoever waited for its lock with such a
/// snapshot in hand would take every row for gone. So the locks come first, and the snapshot, which is taken by the first statement
/// after this, second: LOCK TABLE itself takes none.
///
/// Throws 55P03 where a lock was not to be had in time, and leaves a transaction to be rolled back then.
boost::asio::awaitable<Result> begin_reading(Connection& connection, Reading reading);

/// The same for whoever has nothing else to do meanwhile: tried again until it is to be had.
boost::asio::awaitable<Result> await_reading(Connection& connection, Reading reading);

}  // namespace crossfade::pg
