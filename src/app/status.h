#pragma once

#include "crossfade/v1/status.pb.h"
#include "pg/connection.h"
#include "sync/runtime.h"

namespace crossfade::app {

/// What the database knows; enough where no daemon runs. Throws kNotReady for a migration that is not prepared.
boost::asio::awaitable<v1::Status> read_status(pg::Connection& connection, std::string migration);

/// What only the running engine knows: lag, the queue, the slot as last sampled.
void add_runtime(v1::Status& status, const sync::Runtime& run);

/// What a person would do next.
void add_next_steps(v1::Status& status);

}  // namespace crossfade::app
