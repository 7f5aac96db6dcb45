#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>
#include <string>

#include "pg/connection.h"
#include "support/server.h"

namespace crossfade::pg::test {

using crossfade::test::run;

/// What a piece of work throws; fails the test if it throws nothing.
template <typename T>
asio::awaitable<Failure> failure_of(asio::awaitable<T> work) {
  try {
    co_await std::move(work);
  } catch (const Failure& failure) {
    co_return failure;
  }
  ADD_FAILURE() << "was expected to fail";
  co_return Failure({});
}

/// A database, the test's own session on it, and sessions of the class under test.
class ConnectionTest : public crossfade::test::Postgres {
 protected:
  Endpoint endpoint() const {
    Endpoint endpoint;
    endpoint.conninfo = database.conninfo();
    endpoint.application_name = "under test";
    return endpoint;
  }

  /// What `open` throws for a server that cannot be reached as asked.
  static Failure refusal(Endpoint endpoint) {
    std::optional<Failure> refused;
    const auto attempt = [&]() -> asio::awaitable<void> { refused = co_await failure_of(Connection::open(std::move(endpoint))); };
    run(attempt());
    return refused.value();
  }

  /// Calls `act` once the session under test is inside pg_sleep().
  asio::awaitable<void> once_asleep(std::function<void()> act) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (sql.value("select count(*) from pg_stat_activity where application_name = 'under test' and wait_event = 'PgSleep'") != "1") {
      timer.expires_after(std::chrono::milliseconds(5));
      co_await timer.async_wait(asio::use_awaitable);
    }
    act();
  }

  boost::asio::io_context io;
};

/// A socket that listens on 127.0.0.1 and takes no call: who connects is let in by the kernel and never answered.
class SilentServer {
 public:
  SilentServer();
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;
  ~SilentServer();

  int port() const { return port_; }
  /// From now on the kernel refuses.
  void close();

 private:
  int socket_;
  int port_;
};

}  // namespace crossfade::pg::test
