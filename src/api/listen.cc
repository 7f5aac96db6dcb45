#include "api/listen.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <charconv>
#include <filesystem>
#include <optional>

#include "base/error/failure.h"

namespace crossfade::api {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using local = asio::local::stream_protocol;

constexpr auto kOtherPath = "choose another place with --control PATH";

Failure failure(ExitCode exit, std::string message, std::string advice) {
  Failure::Facts facts;
  facts.exit = exit;
  facts.message = std::move(message);
  facts.advice = std::move(advice);
  return Failure(std::move(facts));
}

std::optional<tcp::endpoint> parse_endpoint(std::string_view address) {
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto host = address.substr(0, colon);
  const auto digits = address.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host.empty() || host == "localhost") host = "127.0.0.1";
  std::uint16_t port = 0;
  const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  error_code error;
  const auto parsed = asio::ip::make_address(host, error);
  if (error || digits.empty() || bad != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return tcp::endpoint(parsed, port);
}

/// Whose socket answered; nothing if the kernel does not say.
std::string served_by(local::socket& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return "another daemon";
  return fmt::format("another daemon, process {},", peer.pid);
}

}  // namespace

tcp::acceptor listen_tcp(asio::io_context& io, const std::string& address) {
  const auto endpoint = parse_endpoint(address);
  if (!endpoint) {
    throw usage_failure(fmt::format("\"{}\" is not an address to listen on", address),
                        "write HOST:PORT, e.g. 127.0.0.1:9187");
  }
  tcp::acceptor acceptor(io);
  error_code error;
  acceptor.open(endpoint->protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(*endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    throw failure(ExitCode::kPrecondition, fmt::format("cannot listen on {}: {}", address, error.message()),
                  "choose another port with --http HOST:PORT, or stop what uses it");
  }
  return acceptor;
}

local::acceptor listen_unix(asio::io_context& io, const std::string& path) {
  const std::filesystem::path file(path);
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    throw usage_failure(fmt::format("the socket's path is too long: {}", path),
                        "choose a shorter one with --control PATH");
  }
  std::error_code failed;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), failed);
  if (failed) {
    throw failure(ExitCode::kPermission, fmt::format("cannot make the directory of {}: {}", path, failed.message()),
                  kOtherPath);
  }
  const local::endpoint endpoint(path);
  local::socket probe(io);
  error_code error;
  probe.connect(endpoint, error);
  if (!error) {
    throw failure(ExitCode::kNotLeader, fmt::format("{} serves the socket {}", served_by(probe), path),
                  "stop that one, or choose another socket with --control PATH");
  }
  // Left behind by a daemon that was killed. Any other file refuses connections too, and is not ours to remove.
  const bool stale = error == asio::error::connection_refused && std::filesystem::is_socket(file, failed);
  if (stale) std::filesystem::remove(file, failed);
  local::acceptor acceptor(io);
  acceptor.open();
  // From its first moment the socket is its owner's alone.
  const auto mask = umask(0177);
  acceptor.bind(endpoint, error);
  umask(mask);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    throw failure(ExitCode::kPrecondition, fmt::format("cannot serve the socket {}: {}", path, error.message()),
                  kOtherPath);
  }
  return acceptor;
}

}  // namespace crossfade::api
