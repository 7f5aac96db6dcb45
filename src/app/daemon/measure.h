#pragma once

#include "app/daemon/observers.h"

namespace crossfade::app {

/// Measures, every few seconds, what others write into the database while the engine works: verifications, accounts, flips,
/// and what stands in the way of the next one. On a session of its own; a database that is away is asked again. `now`: the
/// direction may turn meanwhile.
boost::asio::awaitable<void> measure(std::function<Observed()> now);

}  // namespace crossfade::app
