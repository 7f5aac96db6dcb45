#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>

#include "pg/connection.h"

namespace crossfade::cutover {

/// A flip whose commit was sent and not answered.
struct InDoubt {
  pg::Endpoint endpoint;
  std::string migration;
  std::string flip;                       ///< its id in crossfade.audit
  std::chrono::milliseconds patience{0};  ///< for a server that is not there at once
};

/// Whether it is there. The lost session may be in the middle of its commit: until it has let go of the route, an answer would
/// mean nothing. Throws kOutcomeUnknown where it cannot be looked up.
boost::asio::awaitable<bool> was_committed(InDoubt doubt);

/// A pause that others use to get through: drawn from `least` to four times as long, so that two who wait for each other do not
/// meet again.
boost::asio::awaitable<void> sleep_with_jitter(std::chrono::milliseconds least);

}  // namespace crossfade::cutover
