#pragma once

#include <string>
#include <vector>

#include "cutover/layout/sides.h"
#include "pg/connection.h"

namespace crossfade::cutover {

/// Names of tables as a parameter for text[].
std::string names_text(const std::vector<mapping::TableName>& tables);

/// The tables as a list for `lock table`, parents before children; of `if_allowed` those that we have the right to lock.
boost::asio::awaitable<std::string> lock_order(pg::Connection& connection, const std::vector<mapping::TableName>& tables,
                                               const std::vector<mapping::TableName>& if_allowed);

/// outline() of the forward direction with the columns of its stable views, as they are in the database; of one that is gone, as it was
/// made. v2's tables are at `naming`.
boost::asio::awaitable<mapping::Model> forward_outline(pg::Connection& connection, const v1::Migration& file, mapping::Naming naming);

}  // namespace crossfade::cutover
