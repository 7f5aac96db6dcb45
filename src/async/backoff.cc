#include "async/backoff.h"

#include <algorithm>
#include <utility>

#include "async/sleep.h"
#include "base/telemetry/log.h"

namespace crossfade::async {

boost::asio::awaitable<void> Backoff::wait(Failure because) {
  const auto pause = std::exchange(next_, std::min(next_ * 2, kLongest));
  log::warn("connection is made anew", {{"because", because.what()}, {"doing", because.facts().doing}, {"wait_ms", pause.count()}});
  co_await sleep_for(pause);
}

}  // namespace crossfade::async
