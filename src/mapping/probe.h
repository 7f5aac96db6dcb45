#pragma once

#include <boost/asio/awaitable.hpp>

#include "mapping/preflight.h"
#include "pg/connection.h"

namespace crossfade::mapping {

/// Tries the views and the engine's statements on the data that is there: whether a view is unique by its target's key,
/// whether its keys are answered by indexes, how many rows are to be expected (Target::estimated_rows). Each question is
/// bounded in time. Wants an open transaction; writes nothing.
boost::asio::awaitable<void> probe(pg::Connection& connection, Preflight& preflight);

}  // namespace crossfade::mapping
