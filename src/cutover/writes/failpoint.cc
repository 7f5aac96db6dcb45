#include "cutover/writes/failpoint.h"

#ifdef CROSSFADE_FAILPOINTS
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "base/telemetry/log.h"
#endif

namespace crossfade::cutover {

boost::asio::awaitable<void> failpoint([[maybe_unused]] std::string step) {
#ifdef CROSSFADE_FAILPOINTS
  namespace asio = boost::asio;
  const char* wanted = std::getenv("CROSSFADE_FAILPOINT");
  if (wanted == nullptr) co_return;
  const auto executor = co_await asio::this_coro::executor;
  std::istringstream points(wanted);
  for (std::string point; std::getline(points, point, ',');) {
    const auto colon = point.find(':');
    if (point.substr(0, colon) != step) continue;
    log::info("failpoint", {{"before", step}});
    while (std::filesystem::exists(point.substr(colon + 1))) {
      asio::steady_timer timer(executor, std::chrono::milliseconds(5));
      co_await timer.async_wait(asio::use_awaitable);
    }
  }
#endif
  co_return;
}

}  // namespace crossfade::cutover
