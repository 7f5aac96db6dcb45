#include "async/when_all.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <exception>
#include <memory>

namespace crossfade::async {

namespace asio = boost::asio;

namespace {

/// Shared with handlers that can still be queued when the last part has ended.
struct Parts {
  Parts(const asio::any_io_executor& executor, std::size_t parts)
      : stops(parts), running(parts), all_done(executor, asio::steady_timer::time_point::max()) {}

  void cancel_all() {
    for (auto& stop : stops) stop.emit(asio::cancellation_type::terminal);
  }

  std::deque<asio::cancellation_signal> stops;
  std::size_t running;
  std::exception_ptr first;
  asio::steady_timer all_done;
};

}  // namespace

asio::awaitable<void> when_all(std::vector<asio::awaitable<void>> parts) {
  const auto executor = co_await asio::this_coro::executor;
  const auto joint = std::make_shared<Parts>(executor, parts.size());
  for (std::size_t n = 0; n < parts.size(); ++n) {
    auto finished = [joint, executor](std::exception_ptr failure) {
      --joint->running;
      if (failure && !joint->first) {
        joint->first = failure;
        // From a turn of its own: a part must not be cancelled from inside another's completion.
        asio::post(executor, [joint] { joint->cancel_all(); });
      }
      if (joint->running == 0) asio::post(executor, [joint] { joint->all_done.cancel(); });
    };
    asio::co_spawn(executor, std::move(parts[n]), asio::bind_cancellation_slot(joint->stops[n].slot(), std::move(finished)));
  }
  // Cancellation from above is passed on, and the parts are awaited all the same.
  co_await asio::this_coro::throw_if_cancelled(false);
  bool passed_on = false;
  while (joint->running > 0) {
    boost::system::error_code woken;
    co_await joint->all_done.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none && !passed_on) {
      passed_on = true;
      joint->cancel_all();
      co_await asio::this_coro::reset_cancellation_state();
    }
  }
  if (joint->first && !passed_on) std::rethrow_exception(joint->first);
  if (passed_on) throw boost::system::system_error(asio::error::operation_aborted);
}

}  // namespace crossfade::async
