#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>

namespace crossfade::async {

/// Nothing for so long. A cancelled coroutine does not sleep on: this throws then.
boost::asio::awaitable<void> sleep_for(std::chrono::steady_clock::duration pause);

}  // namespace crossfade::async
