#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>

#include "support/move.h"

namespace crossfade::test {
namespace {

/// Listens as systemd does.
class Listener {
 public:
  explicit Listener(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
    setenv("WATCHDOG_USEC", "200000", 1);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() {
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    ::close(socket_);
  }

  /// The next message; "" when none comes for so long.
  std::string next(std::chrono::seconds patience = kLimit) {
    timeval limit{patience.count(), 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    char text[256];
    const auto size = ::recv(socket_, text, sizeof text, 0);
    return size < 0 ? "" : std::string(text, static_cast<std::size_t>(size));
  }

 private:
  int socket_;
};

class ServiceManagerTest : public testing::Test {
 protected:
  ThrowawayServer server;
  Move move{test_migration("gym"), server};
  Listener listener{server.directory() / "notify"};
};

TEST_F(ServiceManagerTest, IsToldThatTheDaemonIsReadyLivesAndStops) {
  move.start_daemon();
  EXPECT_EQ(listener.next(), "READY=1");
  EXPECT_EQ(listener.next(), "WATCHDOG=1");
  EXPECT_EQ(listener.next(), "WATCHDOG=1");
  move.expect_caught_up();
  move.daemon().signal(SIGTERM);
  std::string message;
  while ((message = listener.next()) == "WATCHDOG=1") {
  }
  EXPECT_EQ(message, "STOPPING=1");
  EXPECT_EQ(move.daemon().exit_within(kLimit), 0);
}

TEST_F(ServiceManagerTest, HearsNothingFromADaemonThatHangs) {
  move.start_daemon();
  move.expect_caught_up();
  move.daemon().signal(SIGSTOP);
  // What it had said before.
  while (!listener.next(std::chrono::seconds(1)).empty()) {
  }
  EXPECT_EQ(listener.next(std::chrono::seconds(1)), "");
  move.daemon().signal(SIGCONT);
  EXPECT_EQ(listener.next(), "WATCHDOG=1");
  move.stop_daemon();
}

}  // namespace
}  // namespace crossfade::test
