#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <vector>

#include "mapping/catalog/catalog.h"
#include "pg/connection.h"

namespace crossfade::mapping {

/// What each of `views` uses whose result the rows alone do not settle; none of a view that uses nothing.
boost::asio::awaitable<std::map<std::uint32_t, std::vector<FunctionCatalog>>> read_functions(pg::Connection& connection, std::vector<std::uint32_t> views);

/// A view, and the table that is filled by it; 0 where there is none.
struct ViewOfTable {
  std::uint32_t view = 0;
  std::uint32_t table = 0;
};

/// Functions that find what they name by the search path, which the engine does not have: by view those that it uses, and those that
/// its table computes or checks its rows by.
boost::asio::awaitable<std::map<std::uint32_t, std::vector<FunctionCatalog>>> read_lost_names(pg::Connection& connection,
                                                                                              std::vector<ViewOfTable> views);

}  // namespace crossfade::mapping
