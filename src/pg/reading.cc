#include "pg/reading.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <utility>

#include "base/telemetry/log.h"

namespace crossfade::pg {

namespace asio = boost::asio;

asio::awaitable<Result> begin_reading(Connection& connection, Reading reading) {
  auto script = fmt::format("begin isolation level repeatable read{};", reading.read_only ? " read only" : "");
  if (!reading.relations.empty()) {
    script += fmt::format("set local lock_timeout = {}; lock table {} in access share mode; set local lock_timeout = 0;",
                          kReadingPatience.count(), fmt::join(reading.relations, ", "));
  }
  script += reading.then;
  co_return co_await connection.script(std::move(script));
}

asio::awaitable<Result> await_reading(Connection& connection, Reading reading) {
  const auto executor = co_await asio::this_coro::executor;
  for (bool told = false;; told = true) {
    std::optional<Failure> held;
    try {
      co_return co_await begin_reading(connection, reading);
    } catch (const Failure& failure) {
      if (failure.sqlstate() != "55P03") throw;
      held = failure;
    }
    co_await connection.script("rollback");
    if (!told) log::info("waiting for tables that another session has locked", {log::quoting("because", held->what())});
    asio::steady_timer timer(executor, std::chrono::milliseconds(100));
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace crossfade::pg
