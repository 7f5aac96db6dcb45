#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>

#include "app/daemon/observers.h"
#include "verify/diff/verifier.h"

namespace crossfade::app {

/// The daemon's verification on `sessions` connections of its own, recorded and counted. Throws kNotReady while the engine has
/// no connection.
boost::asio::awaitable<verify::Verification> verify_live(Observed observed, verify::VerifierOptions how, int sessions);

/// Verifies every target whenever `every` has passed since that was done last, or since the present phase began: in short
/// snapshots and a quarter of the time, so that nobody waits for it. Only while v2 follows. Never ends.
boost::asio::awaitable<void> keep_verified(std::function<Observed()> now, std::chrono::milliseconds every);

}  // namespace crossfade::app
