#include "app/daemon/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace crossfade::app {

void tell_service_manager(const std::string& state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path == nullptr || *path == '\0' || std::strlen(path) >= sizeof address.sun_path) return;
  const auto length = std::strlen(path);
  std::memcpy(address.sun_path, path, length);
  // A name in the abstract namespace is written with @ in place of its zero byte.
  if (*path == '@') address.sun_path[0] = '\0';
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  (void)::sendto(socket, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&address), size);
  ::close(socket);
}

boost::asio::awaitable<void> feed_watchdog() {
  const char* given = std::getenv("WATCHDOG_USEC");
  const auto limit = std::chrono::microseconds(given == nullptr ? 0 : std::atoll(given));
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  for (;;) {
    timer.expires_after(limit.count() > 0 ? limit / 2 : std::chrono::hours(24));
    co_await timer.async_wait(boost::asio::use_awaitable);
    tell_service_manager("WATCHDOG=1");
  }
}

}  // namespace crossfade::app
