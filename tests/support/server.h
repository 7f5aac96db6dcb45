#pragma once

#include <gtest/gtest.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "app/ephemeral/throwaway_server.h"

struct pg_conn;

namespace crossfade::test {

/// The server that all tests of this program share. Started when first asked for, gone when the program ends.
ThrowawayServer& shared_server();

/// Whether the shared server came without this program of its own version, as those do that CROSSFADE_POSTGRES names and that have
/// nothing but a server: pg_dump and pg_basebackup of another version refuse it.
bool server_lacks(const std::string& program);

/// First in a test (or its SetUp) that runs pg_dump, pg_restore, pg_basebackup or pg_recvlogical: the test is said not to have run
/// where the server that CROSSFADE_POSTGRES names came without it. An installed PostgreSQL has it, so nothing is left out by default.
#define CROSSFADE_NEEDS(program) \
  if (::crossfade::test::server_lacks(program)) GTEST_SKIP() << "this server came without its " program

/// A plain, blocking session: the test's own view of the world, independent of the code under test. Statements that fail
/// throw std::runtime_error with the server's message.
class Sql {
 public:
  explicit Sql(const std::string& conninfo);
  Sql(const Sql&) = delete;
  Sql& operator=(const Sql&) = delete;
  ~Sql();

  /// Any number of statements.
  void exec(const std::string& statements);
  /// The first column of the first row; "" for NULL and for no row.
  std::string value(const std::string& query);
  /// Every row as its columns joined by "|", NULL as "NULL".
  std::vector<std::string> rows(const std::string& query);
  int backend_pid() const;
  /// The payloads of what was notified since the last call, on the channels that this session listens on.
  std::vector<std::string> notifications();

 private:
  pg_conn* session_;
};

/// A database of one's own on the shared server, dropped at the end together with the slots that decode it.
class Database {
 public:
  Database();
  /// Empty, or a copy of `as_in`, a database of that server.
  explicit Database(ThrowawayServer& server, const std::string& as_in = "");
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  const std::string& name() const { return name_; }
  std::string conninfo() const { return server_.conninfo(name_); }
  ThrowawayServer& server() { return server_; }

 private:
  ThrowawayServer& server_;
  std::string name_;
};

/// For tests that want a database and a session on it.
class Postgres : public testing::Test {
 protected:
  Database database;
  Sql sql{database.conninfo()};
};

/// Asks `predicate` again and again until it says true; false once `limit` has passed. For states that come about by
/// themselves: EXPECT_TRUE(eventually([&] { return sql.value(…) == "3"; })).
bool eventually(const std::function<bool()>& predicate, std::chrono::milliseconds limit = std::chrono::seconds(20));

/// Runs a coroutine on an io_context of its own until it is done; gives what it returns, throws what it throws.
template <typename T>
T run(boost::asio::io_context& io, boost::asio::awaitable<T> coroutine) {
  std::exception_ptr thrown;
  if constexpr (std::is_void_v<T>) {
    co_spawn(io, std::move(coroutine), [&](std::exception_ptr error) {
      thrown = std::move(error);
      io.stop();
    });
    io.restart();
    io.run();
    if (thrown) std::rethrow_exception(thrown);
  } else {
    std::optional<T> result;
    co_spawn(io, std::move(coroutine), [&](std::exception_ptr error, T value) {
      thrown = std::move(error);
      if (!thrown) result.emplace(std::move(value));
      io.stop();
    });
    io.restart();
    io.run();
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*result);
  }
}

template <typename T>
T run(boost::asio::awaitable<T> coroutine) {
  boost::asio::io_context io;
  return run(io, std::move(coroutine));
}

}  // namespace crossfade::test
