#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

namespace crossfade::app {

/// Tells systemd, or whoever else listens on $NOTIFY_SOCKET, a state in the words of sd_notify(3): "READY=1", "STOPPING=1".
/// Does nothing where nobody listens; never fails.
void tell_service_manager(const std::string& state);

/// Says twice in the time that the service manager gives ($WATCHDOG_USEC) that we live. It runs between everything else on
/// the one thread, so a daemon that hangs falls silent. Without such a time it only waits to be cancelled.
boost::asio::awaitable<void> feed_watchdog();

}  // namespace crossfade::app
