#include "pg/name_lookup.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <netdb.h>

#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <cstring>
#include <mutex>

#include "async/when_all.h"
#include "pg/pg/connection_fixture.h"

namespace crossfade::pg::test {
namespace {

/// A resolver that does not answer until it is told to.
struct SlowResolver {
  std::mutex mutex;
  std::condition_variable changed;
  bool answers = false;

  void wait() {
    std::unique_lock lock(mutex);
    // Not for ever: a test that asks on its own thread fails, and does not hang.
    changed.wait_for(lock, std::chrono::seconds(20), [this] { return answers; });
  }
  void answer() {
    const std::lock_guard lock(mutex);
    answers = true;
    changed.notify_all();
  }
};

SlowResolver& slow_resolver() {
  static SlowResolver resolver;
  return resolver;
}

}  // namespace
}  // namespace crossfade::pg::test

/// In place of libc's, for Asio and for libpq.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** found) {
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto libc = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "getaddrinfo"));
  if (node != nullptr && std::strcmp(node, "slow.invalid") == 0) {
    crossfade::pg::test::slow_resolver().wait();
    return EAI_NONAME;
  }
  if (node != nullptr && std::strcmp(node, "two.invalid") == 0) node = "127.0.0.1";
  return libc(node, service, hints, found);
}

namespace crossfade::pg::test {
namespace {

using namespace std::chrono_literals;

TEST(HostsTest, AreReadAsLibpqReadsThem) {
  EXPECT_EQ(read_hosts("", "", ""), (std::vector<Host>{{"", "", ""}}));
  EXPECT_EQ(read_hosts("a,b", "", "1"), (std::vector<Host>{{"a", "", "1"}, {"b", "", "1"}}));
  EXPECT_EQ(read_hosts("a,/tmp,", "", "1,,3"), (std::vector<Host>{{"a", "", "1"}, {"/tmp", "", ""}, {"", "", "3"}}));
  EXPECT_EQ(read_hosts("a,b", ",10.0.0.1", ""), (std::vector<Host>{{"a", "", ""}, {"b", "10.0.0.1", ""}}));
  EXPECT_EQ(read_hosts("", "10.0.0.1,10.0.0.2", "1"), (std::vector<Host>{{"", "10.0.0.1", "1"}, {"", "10.0.0.2", "1"}}));
  EXPECT_TRUE(read_hosts("a,b", "10.0.0.1", "").empty());
  EXPECT_TRUE(read_hosts("a,b", "", "1,2,3").empty());
}

TEST(HostsTest, NamesAloneAreLookedUp) {
  EXPECT_TRUE(is_to_look_up({"db.example.org", "", "5432"}));
  EXPECT_TRUE(is_to_look_up({"localhost", "", ""}));
  for (const auto& host : std::vector<Host>{{"", "", ""}, {"/run/postgresql", "", ""}, {"@abstract", "", ""}, {"10.0.0.1", "", ""}, {"::1", "", ""}, {"db.example.org", "10.0.0.1", ""}}) {
    EXPECT_FALSE(is_to_look_up(host)) << host.name;
  }
}

TEST_F(ConnectionTest, AResolverThatDoesNotAnswerHoldsNothingElseUp) {
  Endpoint endpoint;
  endpoint.conninfo = "host=slow.invalid port=5432 dbname=d user=u";
  endpoint.deadline = 300ms;
  int ticks = 0;
  bool over = false;
  std::optional<Failure> failure;
  const auto ask = [&]() -> asio::awaitable<void> {
    try {
      co_await Connection::open(endpoint);
    } catch (const Failure& caught) {
      failure = caught;
    }
    over = true;
    // Its thread is waited for when the io_context ends.
    slow_resolver().answer();
  };
  const auto tick = [&]() -> asio::awaitable<void> {
    asio::steady_timer timer(io);
    for (; !over; ++ticks) {
      timer.expires_after(10ms);
      co_await timer.async_wait(asio::use_awaitable);
    }
  };
  const auto both = [&]() -> asio::awaitable<void> {
    std::vector<asio::awaitable<void>> parts;
    parts.push_back(ask());
    parts.push_back(tick());
    co_await async::when_all(std::move(parts));
  };
  run(io, both());
  ASSERT_TRUE(failure);
  EXPECT_GT(ticks, 5);
  EXPECT_EQ(failure->verdict(), Verdict::kReconnect);
  EXPECT_NE(std::string(failure->what()).find("the address of host slow.invalid is not found: no answer in time"), std::string::npos) << failure->what();
}

TEST_F(ConnectionTest, ANameIsLookedUpAndStaysTheName) {
  ThrowawayServer server({.tcp = true});
  for (const auto* host : {"localhost", "two.invalid", "unknown.invalid,localhost", "127.0.0.1"}) {
    Endpoint endpoint;
    endpoint.conninfo = fmt::format("host={} port={} dbname=postgres user=postgres", host, server.port());
    const auto session = [&]() -> asio::awaitable<void> {
      const Connection connection = co_await Connection::open(endpoint);
      const auto last = std::string(host).substr(std::string(host).rfind(',') + 1);
      EXPECT_NE(connection.describe().find("host=" + last + " "), std::string::npos) << connection.describe();
    };
    run(io, session());
  }
}

}  // namespace
}  // namespace crossfade::pg::test
