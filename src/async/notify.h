#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <utility>
#include <vector>

namespace crossfade::async {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

/// Lets coroutines of one thread wait for a change of something they look at themselves.
class Notify {
 public:
  explicit Notify(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  /// Wakes all that wait now.
  void notify_all() {
    for (auto* waiting : waiting_) waiting->cancel();
  }

  /// Returns when notified, or at `until`.
  asio::awaitable<void> wait(Clock::time_point until) {
    asio::steady_timer timer(executor_, until);
    waiting_.push_back(&timer);
    const Leave leave{waiting_, &timer};
    boost::system::error_code woken;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    // A cancelled coroutine must not take this for a notification.
    const auto cancelled = co_await asio::this_coro::cancellation_state;
    if (cancelled.cancelled() != asio::cancellation_type::none) throw boost::system::system_error(asio::error::operation_aborted);
  }
  asio::awaitable<void> wait(Clock::duration at_most) { return wait(Clock::now() + at_most); }

 private:
  struct Leave {
    std::vector<asio::steady_timer*>& waiting;
    asio::steady_timer* timer;
    ~Leave() { std::erase(waiting, timer); }
  };

  asio::any_io_executor executor_;
  std::vector<asio::steady_timer*> waiting_;
};

}  // namespace crossfade::async
