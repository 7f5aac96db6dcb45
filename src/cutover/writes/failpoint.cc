#include "cutover/writes/failpoint.h"

#ifdef CROSSFADE_FAILPOINTS
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "async/sleep.h"
#include "base/telemetry/log.h"
#endif

namespace crossfade::cutover {

boost::asio::awaitable<void> failpoint([[maybe_unused]] std::string step) {
#ifdef CROSSFADE_FAILPOINTS
  namespace asio = boost::asio;
  const char* wanted = std::getenv("CROSSFADE_FAILPOINT");
  if (wanted == nullptr) co_return;
  std::istringstream points(wanted);
  for (std::string point; std::getline(points, point, ',');) {
    const auto colon = point.find(':');
    if (point.substr(0, colon) != step) continue;
    log::info("failpoint", {{"before", step}});
    while (std::filesystem::exists(point.substr(colon + 1))) {
      co_await async::sleep_for(std::chrono::milliseconds(5));
    }
  }
#endif
  co_return;
}

}  // namespace crossfade::cutover
