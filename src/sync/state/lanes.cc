#include "sync/state/lanes.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "async/when_all.h"

namespace crossfade::sync {

asio::awaitable<void> in_lanes(const Runtime& run, std::string role, const LaneWork& work) {
  const auto lane = [&](int number) -> asio::awaitable<void> {
    auto name = fmt::format("{} {}", role, number);
    pg::Connection connection = co_await open_engine_session(run.settings, run.model.name, std::move(name));
    co_await work(connection);
  };
  std::vector<asio::awaitable<void>> lanes;
  for (int number = 0; number < run.settings.lanes; ++number) lanes.push_back(lane(number));
  co_await async::when_all(std::move(lanes));
}

}  // namespace crossfade::sync
