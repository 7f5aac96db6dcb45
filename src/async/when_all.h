#pragma once

#include <boost/asio/awaitable.hpp>
#include <vector>

namespace crossfade::async {

/// Runs all of them and returns when all are done. The first that throws cancels the others; they are awaited, then its
/// exception goes on. So nothing outlives the caller.
boost::asio::awaitable<void> when_all(std::vector<boost::asio::awaitable<void>> parts);

}  // namespace crossfade::async
