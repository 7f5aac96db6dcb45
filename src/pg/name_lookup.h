#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

namespace crossfade::pg {

/// One server that libpq may try, as its own lists of hosts have it.
struct Host {
  std::string name;     ///< or an address, or the folder of a socket; "": libpq's default
  std::string address;  ///< "" where there is nothing to look up
  std::string port;

  bool operator==(const Host&) const = default;
};

/// libpq's three lists, which are separated by commas; a single port is everybody's. Empty where they do not fit each other: libpq says
/// that better.
std::vector<Host> read_hosts(const std::string& names, const std::string& addresses, const std::string& ports);

/// Whether libpq would ask the resolver for it.
bool is_to_look_up(const Host& host);

/// libpq asks for names while everything else on this thread waits: status, watchdog, the lease. So they are asked for here, and libpq
/// gets addresses; the name still goes with them, for the certificate and the password file. A name of several addresses becomes
/// several hosts; one that is not found is left out, and `why` says why. Nothing is waited for beyond `until`.
boost::asio::awaitable<std::vector<Host>> look_up(std::vector<Host> hosts, std::chrono::steady_clock::time_point until, std::string& why);

/// The lists as libpq takes them.
std::string names_of(const std::vector<Host>& hosts);
std::string addresses_of(const std::vector<Host>& hosts);
std::string ports_of(const std::vector<Host>& hosts);

}  // namespace crossfade::pg
