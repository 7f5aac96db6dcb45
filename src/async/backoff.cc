#include "async/backoff.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/telemetry/log.h"

namespace crossfade::async {

boost::asio::awaitable<void> Backoff::wait(Failure because) {
  const auto pause = std::exchange(next_, std::min(next_ * 2, kLongest));
  log::warn("connection is made anew", {{"because", because.what()}, {"doing", because.facts().doing}, {"wait_ms", pause.count()}});
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, pause);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

}  // namespace crossfade::async
