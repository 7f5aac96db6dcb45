#pragma once

#include <string>

#include "pg/connection.h"

namespace crossfade::cutover {

/// From here to the end of the session nobody else moves the writes of the migration or completes it. Throws kNotReady, and names the
/// session, where somebody does.
boost::asio::awaitable<void> refuse_other_flip(pg::Connection& connection, std::string migration);

}  // namespace crossfade::cutover
