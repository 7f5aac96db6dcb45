#pragma once

#include <memory>
#include <string>
#include <vector>

#include "crossfade/v1/status.pb.h"
#include "pg/connection.h"
#include "setup/state/editions.h"
#include "sync/state/runtime.h"

namespace crossfade::app {

/// What the database knows, which is enough where no daemon runs, and what `run` knows beyond it: lag, the queue, the slot.
/// Throws kNotReady for a migration that is not prepared.
boost::asio::awaitable<v1::Status> read_status(pg::Connection& connection, std::string migration,
                                               std::shared_ptr<const sync::Runtime> run = nullptr);

/// Says which files of a folder are not as the database has them, in place of what was said of another folder.
void say_of_folder(v1::Status& status, const std::vector<setup::ScriptChange>& changes);

/// "grant pg_read_all_stats to mover": shows a role what the sessions of others do.
std::string grant_of_sight(const std::string& role);

/// What to do where bounds of `throttle` hold nothing back, because our role cannot see what they are about; "" they do.
boost::asio::awaitable<std::string> pace_unseen(pg::Connection& connection, std::string migration);

}  // namespace crossfade::app
