#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "pg/connection.h"

namespace crossfade::pg {

/// How long one lock of a Reading is waited for.
inline constexpr std::chrono::milliseconds kReadingPatience{200};

/// A transaction that begins by locking tables.
struct TablesLock {
  std::string begin;                   ///< "begin …", without its semicolon
  std::vector<std::string> relations;  ///< quoted
  std::string mode = "access share";
  std::string then = {};               ///< sent along
  std::chrono::milliseconds patience = kReadingPatience;  ///< for each table that has to be waited for
};

/// Begins it, and returns what `then` gave last. All locks are had at once, or none: what is held by another session is waited for with nothing
/// in hand, each table by itself. Somebody who changes two tables of v1 in one transaction would else wait for the one that we have while
/// we wait for the other that he has, and whom of the two the server ends is a matter of whose deadlock_timeout is over first.
///
/// Throws 55P03 where they were not to be had in time, and leaves a transaction to be rolled back then.
boost::asio::awaitable<Result> begin_locked(Connection& connection, TablesLock locked);

/// A transaction at one snapshot, and what it is going to read.
struct Reading {
  std::vector<std::string> relations;  ///< quoted; of a view, all that it reads, through the views between
  bool read_only = false;
  std::string then = {};               ///< sent along: `set local …`, the first query
  /// Of what views read, where v1 is on another server than v2: `relations` are v2's then.
  std::vector<std::string> at_source = {};
  std::string asked = {};              ///< the query behind it, about the snapshot that the views are read by
};

/// Begins it, and returns what `asked` gave, or `then` last.
///
/// Invariant 8: a snapshot is never older than a rewrite of what it reads. TRUNCATE, and every ALTER TABLE that writes a table
/// anew, is not MVCC-safe: for a snapshot from before its commit the table is empty, and whoever waited for its lock with such a
/// snapshot in hand would take every row for gone. So the locks come first, and the snapshot, which is taken by the first statement
/// after this, second: LOCK TABLE itself takes none.
///
/// Where v2 stands on another server its snapshot is taken first, and then, behind the locks there, the source's. Whoever has written a row of v2
/// that is seen here read the source before that; who writes one that is not seen is refused by the server, or refuses us (40001). The other way
/// round an older row of a view could be written over a younger one.
///
/// Throws 55P03 where a lock was not to be had in time, and leaves a transaction to be rolled back then.
boost::asio::awaitable<Result> begin_reading(Connection& connection, Reading reading);

/// The same for whoever has nothing else to do meanwhile: tried again until it is to be had.
boost::asio::awaitable<Result> await_reading(Connection& connection, Reading reading);

}  // namespace crossfade::pg
