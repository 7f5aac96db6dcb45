#include "pg/name_lookup.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <utility>

namespace crossfade::pg {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// As libpq reads it: "" is one empty element.
std::vector<std::string> elements(const std::string& list) {
  std::vector<std::string> found;
  for (std::size_t at = 0;;) {
    const auto comma = list.find(',', at);
    found.push_back(list.substr(at, comma - at));
    if (comma == std::string::npos) return found;
    at = comma + 1;
  }
}

std::string joined(const std::vector<Host>& hosts, const std::function<const std::string&(const Host&)>& part) {
  std::string list;
  for (std::size_t n = 0; n < hosts.size(); ++n) list += (n == 0 ? "" : ",") + part(hosts[n]);
  return list;
}

/// A question to the resolver, which a thread of Asio's asks. That thread cannot be told to stop, so whoever has waited long enough leaves,
/// and what it finds afterwards is nobody's.
struct Question {
  explicit Question(const asio::any_io_executor& executor) : resolver(executor), answered(executor) {}

  tcp::resolver resolver;
  asio::steady_timer answered;
  bool over = false;
  boost::system::error_code error;
  std::vector<std::string> addresses;
};

asio::awaitable<std::shared_ptr<Question>> ask(std::string name, std::chrono::steady_clock::time_point until) {
  const auto executor = co_await asio::this_coro::executor;
  const auto question = std::make_shared<Question>(executor);
  question->answered.expires_at(until);
  auto answer = [question](const boost::system::error_code& error, const tcp::resolver::results_type& found) {
    question->over = true;
    question->error = error;
    for (const auto& entry : found) {
      auto address = entry.endpoint().address().to_string();
      if (std::find(question->addresses.begin(), question->addresses.end(), address) == question->addresses.end()) question->addresses.push_back(std::move(address));
    }
    question->answered.cancel();
  };
  question->resolver.async_resolve(name, "", std::move(answer));
  boost::system::error_code woken;
  co_await question->answered.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  const auto cancelled = co_await asio::this_coro::cancellation_state;
  if (cancelled.cancelled() != asio::cancellation_type::none) throw boost::system::system_error(asio::error::operation_aborted);
  co_return question;
}

}  // namespace

std::vector<Host> read_hosts(const std::string& names, const std::string& addresses, const std::string& ports) {
  const auto name = elements(names);
  const auto address = elements(addresses);
  const auto port = elements(ports);
  const auto number = addresses.empty() ? name.size() : address.size();
  std::vector<Host> hosts;
  if ((!names.empty() && name.size() != number) || (port.size() > 1 && port.size() != number)) return hosts;
  for (std::size_t n = 0; n < number; ++n) {
    hosts.push_back({names.empty() ? "" : name[n], addresses.empty() ? "" : address[n], port.size() == 1 ? port.front() : port[n]});
  }
  return hosts;
}

bool is_to_look_up(const Host& host) {
  if (!host.address.empty() || host.name.empty() || host.name.front() == '/' || host.name.front() == '@') return false;
  boost::system::error_code no_address;
  asio::ip::make_address(host.name, no_address);
  return no_address.failed();
}

boost::asio::awaitable<std::vector<Host>> look_up(std::vector<Host> hosts, std::chrono::steady_clock::time_point until, std::string& why) {
  std::vector<Host> found;
  for (const auto& host : hosts) {
    if (!is_to_look_up(host)) {
      found.push_back(host);
      continue;
    }
    auto name = host.name;
    const auto question = co_await ask(std::move(name), until);
    for (const auto& address : question->addresses) found.push_back({host.name, address, host.port});
    if (!question->addresses.empty()) continue;
    const auto reason = question->over ? question->error.message() : std::string("no answer in time");
    why += fmt::format("{}the address of host {} is not found: {}", why.empty() ? "" : "; ", host.name, reason);
  }
  co_return found;
}

std::string names_of(const std::vector<Host>& hosts) {
  return joined(hosts, [](const Host& host) -> const std::string& { return host.name; });
}
std::string addresses_of(const std::vector<Host>& hosts) {
  return joined(hosts, [](const Host& host) -> const std::string& { return host.address; });
}
std::string ports_of(const std::vector<Host>& hosts) {
  return joined(hosts, [](const Host& host) -> const std::string& { return host.port; });
}

}  // namespace crossfade::pg
