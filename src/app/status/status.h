#pragma once

#include <memory>

#include "crossfade/v1/status.pb.h"
#include "cutover/layout/blockers.h"
#include "pg/connection.h"
#include "sync/state/runtime.h"

namespace crossfade::app {

/// What the database knows, which is enough where no daemon runs, and what `run` knows beyond it: lag, the queue, the slot.
/// Throws kNotReady for a migration that is not prepared.
boost::asio::awaitable<v1::Status> read_status(pg::Connection& connection, std::string migration,
                                               std::shared_ptr<const sync::Runtime> run = nullptr);

/// A line of the checklist, and a blocker where it is not met.
void add_condition(v1::Status& status, const cutover::Condition& condition);

}  // namespace crossfade::app
