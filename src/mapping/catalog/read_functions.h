#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <vector>

#include "mapping/catalog/catalog.h"
#include "pg/connection.h"

namespace crossfade::mapping {

/// What view `oid` uses whose result the rows alone do not settle.
boost::asio::awaitable<std::vector<FunctionCatalog>> read_functions(pg::Connection& connection, std::uint32_t oid);

/// Functions that find what they name by the search path, which the engine does not have: those that the view uses, and those that
/// `table` computes or checks its rows by.
boost::asio::awaitable<std::vector<FunctionCatalog>> read_lost_names(pg::Connection& connection, std::uint32_t view, std::uint32_t table);

}  // namespace crossfade::mapping
