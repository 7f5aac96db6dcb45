#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "pg/connection.h"

/// Schema crossfade: which layout its tables have, and how an earlier one becomes ours.
namespace crossfade::setup {

/// The layout that this version of the program reads and writes. 1 had no number.
inline constexpr int kLayout = 6;

/// The layout that is there; 0 where none is. Throws a precondition Failure where it is a later version's.
boost::asio::awaitable<int> read_layout(pg::Connection& connection);

/// What makes the schema with its functions, or makes layout `from` ours; can be run again. Pure.
std::string engine_sql(int from);

/// Makes an earlier layout ours, in one transaction of its own, and says so. Throws kNotLeader while a daemon works with it: that
/// would be one of the earlier version.
boost::asio::awaitable<void> bring_up_to_date(pg::Connection& connection);

/// Throws a precondition Failure where the schema, or anything in it, belongs to somebody who could have us run what they like.
boost::asio::awaitable<void> refuse_foreign_state(pg::Connection& connection);

}  // namespace crossfade::setup
