#pragma once

#include <optional>

#include "crossfade/v1/migration.pb.h"
#include "cutover/layout/blockers.h"
#include "mapping/model/model.h"
#include "pg/connection.h"

namespace crossfade::cutover {

/// Before the writes move to v2: whether reverse.sql gives v1's rows back as they are. Bounded, and it holds nothing up: what comes back
/// otherwise stays in v1 until its row is written, or until somebody repairs it. None where v1 is on another server. Wants no open transaction.
boost::asio::awaitable<std::optional<Condition>> look_at_rows_back(pg::Connection& connection, const v1::Migration& file, const mapping::Model& way_back);

}  // namespace crossfade::cutover
