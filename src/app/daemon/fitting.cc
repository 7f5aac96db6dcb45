#include "app/daemon/fitting.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

#include "app/cli/context.h"
#include "base/failure.h"
#include "base/log.h"

namespace crossfade::app {
namespace {

constexpr std::chrono::seconds kEvery{2};

/// Whether what would be left out now is not what was.
asio::awaitable<bool> fits_otherwise(const mapping::MigrationFile& file, Observed o) {
  auto endpoint = o.settings.endpoint;
  endpoint.application_name = "crossfade " + o.model.name + " fit";
  pg::Connection connection = co_await pg::Connection::open(endpoint);
  const auto model = co_await fitting_model(connection, file);
  if (model.direction != o.model.direction) co_return false;
  co_return model.left_out != o.model.left_out;
}

}  // namespace

asio::awaitable<void> keep_fitting(const mapping::MigrationFile& file, std::function<Observed()> now) {
  const auto executor = co_await asio::this_coro::executor;
  for (;;) {
    asio::steady_timer timer(executor, kEvery);
    co_await timer.async_wait(asio::use_awaitable);
    const auto observed = now();
    if (observed.model.left_out.empty()) continue;
    std::optional<Failure> failure;
    bool otherwise = false;
    try {
      otherwise = co_await fits_otherwise(file, observed);
    } catch (const Failure& caught) {
      failure = caught;
    }
    if (otherwise) observed.engine.begin_with_another_model();
    if (failure) log::debug("it cannot be seen whether all targets fit again", {log::quoting("because", failure->what())});
  }
}

}  // namespace crossfade::app
