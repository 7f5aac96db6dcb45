#pragma once

#include <boost/asio/awaitable.hpp>

#include "mapping/preflight/preflight.h"
#include "pg/connection.h"

namespace crossfade::mapping {

/// Asks the planner how many rows each view has: Target::estimated_rows. Wants an open transaction.
boost::asio::awaitable<void> estimate_rows(pg::Connection& connection, Model& model);

/// Tries the views and the engine's statements on the data that is there: whether a view is unique by its target's key,
/// and whether its keys are answered by indexes. Wants the rows estimated and an open transaction; each question is
/// bounded in time. Writes nothing.
boost::asio::awaitable<void> probe(pg::Connection& connection, Preflight& preflight);

}  // namespace crossfade::mapping
