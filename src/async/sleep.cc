#include "async/sleep.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace crossfade::async {

boost::asio::awaitable<void> sleep_for(std::chrono::steady_clock::duration pause) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, pause);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

}  // namespace crossfade::async
