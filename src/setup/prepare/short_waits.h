#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <utility>

#include "async/sleep.h"
#include "base/error/failure.h"
#include "pg/connection.h"

/// A lock of a table that applications use. Whoever queues behind us waits as long as we do, a writer of a table that a foreign key of v2
/// refers to among them: each lock is waited for a moment, then all are let go, and asked for again.
namespace crossfade::setup {

/// How such a transaction begins.
inline constexpr auto kBriefly = "begin; set local lock_timeout = '100ms'";

/// Lets go of the locks, and waits until they are asked for again. Throws `refused` where that was no lock's, and where it was the last
/// try: then with what it was about, and how to see who is in the way.
boost::asio::awaitable<void> before_next_try(pg::Connection& connection, Failure refused, int attempt);

/// Does `work`, which begins and ends its transactions by itself, until it has its locks.
template <typename Done>
boost::asio::awaitable<Done> in_short_waits(pg::Connection& connection, std::function<boost::asio::awaitable<Done>()> work) {
  for (int attempt = 1;; ++attempt) {
    std::optional<Failure> refused;
    try {
      auto done = co_await work();
      co_return std::move(done);
    } catch (const Failure& failure) {
      refused = failure;
    }
    co_await before_next_try(connection, std::move(*refused), attempt);
  }
}

}  // namespace crossfade::setup
