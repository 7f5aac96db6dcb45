#include "sync/state/workers.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "async/when_all.h"

namespace crossfade::sync {

asio::awaitable<void> on_workers(const Runtime& run, std::string role, const Work& work) {
  const auto worker = [&](int number) -> asio::awaitable<void> {
    auto name = fmt::format("{} {}", role, number);
    pg::Connection connection = co_await open_engine_session(run.settings, run.model.name, std::move(name));
    co_await work(connection);
  };
  std::vector<asio::awaitable<void>> workers;
  for (int number = 0; number < run.settings.workers; ++number) workers.push_back(worker(number));
  co_await async::when_all(std::move(workers));
}

}  // namespace crossfade::sync
