#include "api/server.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>
#include <sys/stat.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <filesystem>
#include <list>
#include <optional>

#include "base/failure.h"
#include "base/log.h"
#include "crossfade/v1/control.pb.h"
#include "sync/together.h"

namespace crossfade::api {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using local = asio::local::stream_protocol;

constexpr std::uint64_t kMostBody = 1 << 20;
constexpr std::size_t kMostSessions = 64;
/// A client that says nothing for so long is sent away.
constexpr auto kPatience = std::chrono::seconds(30);

int status_of(ExitCode exit) {
  switch (exit) {
    case ExitCode::kUsage: return 400;
    case ExitCode::kPermission: return 403;
    case ExitCode::kPrecondition:
    case ExitCode::kNotReady:
    case ExitCode::kNotLeader: return 409;
    case ExitCode::kSourceUnreachable:
    case ExitCode::kTargetUnreachable: return 503;
    case ExitCode::kTimeout: return 504;
    case ExitCode::kOk:
    case ExitCode::kInternal:
    case ExitCode::kMismatch:
    case ExitCode::kOutcomeUnknown: return 500;
  }
  return 500;
}

Response refusal(int status, ExitCode exit, const std::string& message, const std::string& advice) {
  return {status, "application/json", error_json(exit, message, advice)};
}

Failure busy(ExitCode exit, std::string message, std::string advice) {
  Failure::Facts facts;
  facts.exit = exit;
  facts.message = std::move(message);
  facts.advice = std::move(advice);
  return Failure(std::move(facts));
}

}  // namespace

std::string error_json(ExitCode exit, const std::string& message, const std::string& advice) {
  v1::ErrorReply reply;
  reply.set_exit_code(static_cast<int>(exit));
  reply.set_message(log::redact(message));
  reply.set_advice(advice);
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(reply, &json, options);
  return json;
}

struct Server::State {
  asio::io_context& io() { return *context; }

  asio::io_context* context = nullptr;
  std::vector<Endpoint> endpoints;
  std::string tcp_address;
  std::string unix_path;
  std::optional<tcp::acceptor> tcp_acceptor;
  std::optional<local::acceptor> unix_acceptor;

  asio::awaitable<Response> answer(Surface surface, Request request) {
    bool path_known = false;
    const Endpoint* chosen = nullptr;
    for (const auto& endpoint : endpoints) {
      if (endpoint.path != request.path) continue;
      path_known = true;
      if (endpoint.method == request.method) chosen = &endpoint;
    }
    if (!path_known) co_return refusal(404, ExitCode::kUsage, "there is nothing at " + request.path, "GET /status shows the state");
    if (!chosen) co_return refusal(405, ExitCode::kUsage, request.method + " does not fit " + request.path, "");
    if (chosen->surface == Surface::kControl && surface == Surface::kObserver) {
      co_return refusal(403, ExitCode::kPermission, "by TCP nothing can be changed", "use the daemon's Unix socket");
    }
    try {
      co_return co_await chosen->handler(std::move(request));
    } catch (const Failure& failure) {
      co_return refusal(status_of(failure.exit()), failure.exit(), failure.what(), failure.advice());
    }
  }

  /// One client, until it leaves, says nothing for too long, or `end` is called.
  template <typename Socket>
  asio::awaitable<void> session(Socket socket, Surface surface, std::function<void()>& end) {
    beast::basic_stream<typename Socket::protocol_type> stream(std::move(socket));
    end = [&stream] { stream.cancel(); };
    beast::flat_buffer buffer;
    for (bool alive = true; alive;) {
      http::request_parser<http::string_body> parser;
      parser.body_limit(kMostBody);
      stream.expires_after(kPatience);
      error_code error;
      co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
      Response reply;
      if (error == http::error::body_limit) {
        reply = refusal(413, ExitCode::kUsage, "the request is too large", "");
        alive = false;
      } else if (error) {
        break;
      } else {
        const auto target = std::string(parser.get().target());
        Request request{std::string(parser.get().method_string()), target.substr(0, target.find('?')), parser.get().body()};
        alive = parser.get().keep_alive();
        // A command may take as long as it takes.
        stream.expires_never();
        reply = co_await answer(surface, std::move(request));
      }
      http::response<http::string_body> response(static_cast<http::status>(reply.status), 11);
      response.set(http::field::server, "crossfade");
      response.set(http::field::content_type, reply.content_type);
      response.set(http::field::cache_control, "no-store");
      response.keep_alive(alive);
      response.body() = std::move(reply.body);
      response.prepare_payload();
      stream.expires_after(kPatience);
      co_await http::async_write(stream, response, asio::redirect_error(asio::use_awaitable, error));
      if (error) break;
    }
  }

  /// Accepts, and owns what it accepted until it is done.
  template <typename Acceptor>
  asio::awaitable<void> accept(Acceptor& acceptor, Surface surface) {
    const auto executor = co_await asio::this_coro::executor;
    struct Open {
      asio::cancellation_signal stop;  ///< ends a handler that waits
      std::function<void()> end;       ///< ends reading and writing
    };
    struct Sessions {
      explicit Sessions(const asio::any_io_executor& on) : changed(on) {}
      std::list<Open> open;
      asio::steady_timer changed;
    };
    const auto sessions = std::make_shared<Sessions>(executor);
    co_await asio::this_coro::throw_if_cancelled(false);
    for (;;) {
      error_code error;
      auto socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) break;
      if (error || sessions->open.size() >= kMostSessions) continue;
      const auto entry = sessions->open.emplace(sessions->open.end());
      auto ended = [sessions, entry](std::exception_ptr) {
        sessions->open.erase(entry);
        sessions->changed.cancel();
      };
      auto one = session(std::move(socket), surface, entry->end);
      asio::co_spawn(executor, std::move(one), asio::bind_cancellation_slot(entry->stop.slot(), std::move(ended)));
    }
    co_await asio::this_coro::reset_cancellation_state();
    for (auto& open : sessions->open) {
      if (open.end) open.end();
      open.stop.emit(asio::cancellation_type::terminal);
    }
    while (!sessions->open.empty()) {
      sessions->changed.expires_at(asio::steady_timer::time_point::max());
      error_code woken;
      co_await sessions->changed.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    throw boost::system::system_error(asio::error::operation_aborted);
  }
};

Server::Server(asio::io_context& io, std::vector<Endpoint> endpoints) : state_(std::make_unique<State>()) {
  state_->context = &io;
  state_->endpoints = std::move(endpoints);
}

Server::~Server() {
  if (state_->unix_acceptor) {
    std::error_code ignored;
    std::filesystem::remove(state_->unix_path, ignored);
  }
}

void Server::listen_tcp(const std::string& address) {
  const auto colon = address.rfind(':');
  const auto host = address.substr(0, colon);
  error_code error;
  const auto parsed = asio::ip::make_address(host == "localhost" || host.empty() ? "127.0.0.1" : host, error);
  const int port = colon == std::string::npos ? -1 : std::atoi(address.c_str() + colon + 1);
  if (error || port < 0 || port > 65535) {
    throw usage_failure(fmt::format("\"{}\" is not an address to listen on", address), "write HOST:PORT, e.g. 127.0.0.1:9187");
  }
  tcp::endpoint endpoint(parsed, static_cast<std::uint16_t>(port));
  tcp::acceptor acceptor(state_->io());
  acceptor.open(endpoint.protocol());
  acceptor.set_option(tcp::acceptor::reuse_address(true));
  acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    throw busy(ExitCode::kPrecondition, fmt::format("cannot listen on {}: {}", address, error.message()),
               "choose another port with --http HOST:PORT, or stop what uses it");
  }
  state_->tcp_acceptor = std::move(acceptor);
}

void Server::listen_unix(const std::string& path) {
  const std::filesystem::path file(path);
  std::error_code failed;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), failed);
  if (failed) {
    throw busy(ExitCode::kPermission, fmt::format("cannot make the directory of {}: {}", path, failed.message()),
               "choose another place with --control PATH");
  }
  error_code error;
  local::endpoint endpoint;
  try {
    endpoint = local::endpoint(path);
  } catch (const boost::system::system_error&) {
    throw usage_failure(fmt::format("the socket's path is too long: {}", path), "choose a shorter one with --control PATH");
  }
  local::socket probe(state_->io());
  probe.connect(endpoint, error);
  if (!error) {
    throw busy(ExitCode::kNotLeader, fmt::format("another daemon serves the socket {}", path),
               "stop that one, or choose another socket with --control PATH");
  }
  if (std::filesystem::is_socket(file, failed)) std::filesystem::remove(file, failed);
  local::acceptor acceptor(state_->io());
  acceptor.open();
  const auto mask = umask(0177);
  acceptor.bind(endpoint, error);
  umask(mask);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    throw busy(ExitCode::kPrecondition, fmt::format("cannot serve the socket {}: {}", path, error.message()),
               "choose another place with --control PATH");
  }
  state_->unix_path = path;
  state_->unix_acceptor = std::move(acceptor);
}

int Server::tcp_port() const { return state_->tcp_acceptor ? state_->tcp_acceptor->local_endpoint().port() : 0; }

asio::awaitable<void> Server::serve() {
  std::vector<asio::awaitable<void>> surfaces;
  if (state_->tcp_acceptor) surfaces.push_back(state_->accept(*state_->tcp_acceptor, Surface::kObserver));
  if (state_->unix_acceptor) surfaces.push_back(state_->accept(*state_->unix_acceptor, Surface::kControl));
  co_await sync::together(std::move(surfaces));
}

}  // namespace crossfade::api
