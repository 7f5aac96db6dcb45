#include "api/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <filesystem>
#include <list>
#include <optional>

#include "api/listen.h"
#include "api/message.h"
#include "async/when_all.h"
#include "base/error/failure.h"
#include "base/telemetry/log.h"
#include "crossfade/v1/control.pb.h"

namespace crossfade::api {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using local = asio::local::stream_protocol;

int status_of(ExitCode exit) {
  switch (exit) {
    case ExitCode::kUsage:
      return 400;
    case ExitCode::kPermission:
      return 403;
    case ExitCode::kPrecondition:
    case ExitCode::kNotReady:
    case ExitCode::kNotLeader:
      return 409;
    case ExitCode::kSourceUnreachable:
    case ExitCode::kTargetUnreachable:
      return 503;
    case ExitCode::kTimeout:
      return 504;
    case ExitCode::kOk:
    case ExitCode::kInternal:
    case ExitCode::kMismatch:
    case ExitCode::kOutcomeUnknown:
      return 500;
  }
  return 500;
}

/// The one shape of an error.
Response refusal(int status, const Failure& failure) {
  v1::ErrorReply reply;
  reply.set_exit_code(static_cast<int>(failure.exit()));
  reply.set_message(log::redact(failure.what()));
  reply.set_advice(log::redact(failure.advice()));
  reply.set_sqlstate(std::string(failure.sqlstate()));
  return answer_with(reply, status);
}

Failure defect(const std::exception_ptr& thrown) {
  Failure::Facts facts;
  facts.advice = "report this as a defect";
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& unexpected) {
    facts.message = unexpected.what();
  }
  return Failure(std::move(facts));
}

Failure not_by_tcp() {
  Failure::Facts facts;
  facts.exit = ExitCode::kPermission;
  facts.message = "by TCP nothing can be changed";
  facts.advice = "use the daemon's Unix socket";
  return Failure(std::move(facts));
}

Failure other_database(const std::string& ours) {
  Failure::Facts facts;
  facts.exit = ExitCode::kNotReady;
  facts.message = fmt::format("the daemon that answers works on database {}, and not on the one that is meant", ours);
  facts.advice = "start one for this database with `crossfade run`, or name its socket with --control PATH";
  return Failure(std::move(facts));
}

Failure too_many_streams() {
  Failure::Facts facts;
  facts.exit = ExitCode::kNotReady;
  facts.message = "as many pages as may look are open already";
  facts.advice = "close one; GET /status answers in any case";
  return Failure(std::move(facts));
}

/// What every answer says to browsers: a page runs our own script and nothing else, talks to us and to nobody else.
template <typename Body>
http::response<Body> headed(const Response& reply) {
  http::response<Body> response(static_cast<http::status>(reply.status), 11);
  response.set(http::field::server, "crossfade");
  response.set(http::field::content_type, reply.content_type);
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  response.set("X-Frame-Options", "DENY");
  response.set("Referrer-Policy", "no-referrer");
  response.set("Content-Security-Policy",
               "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
               "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  return response;
}

/// One client.
struct Session {
  asio::cancellation_signal stop;
  bool answering = false;  ///< its request is here whole
  bool leaving = false;
};

/// Sessions under way, the oldest first. Each handler that ends one holds it, so it outlives all of them.
struct Sessions {
  explicit Sessions(const asio::any_io_executor& executor) : one_ended(executor) {}

  std::list<Session> all;
  asio::steady_timer one_ended;

  std::size_t staying() const {
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const Session& each) { return !each.leaving; }));
  }
  /// Who has been there longest without having asked, else who has been there longest at all.
  Session* most_dispensable() {
    Session* found = nullptr;
    for (auto& each : all) {
      if (each.leaving) continue;
      if (!each.answering) return &each;
      if (found == nullptr) found = &each;
    }
    return found;
  }
};

}  // namespace

struct Server::State {
  State(asio::io_context& the_io, std::vector<Endpoint> the_endpoints, Limits the_limits)
      : io(the_io), endpoints(std::move(the_endpoints)), limits(the_limits) {}

  asio::io_context& io;
  const std::vector<Endpoint> endpoints;
  const Limits limits;
  std::size_t streams = 0;  ///< answers that go on, now
  std::string unix_path;
  std::string database_id, database_name;
  std::optional<tcp::acceptor> tcp_acceptor;
  std::optional<local::acceptor> unix_acceptor;

  asio::awaitable<Response> answer(Surface surface, Request request);
  template <typename Stream>
  asio::awaitable<void> go_on(Stream& stream, Response reply);
  template <typename Socket>
  asio::awaitable<void> session(Socket socket, Surface surface, Session& self);
  template <typename Acceptor>
  asio::awaitable<void> accept(Acceptor& acceptor, Surface surface);
};

asio::awaitable<Response> Server::State::answer(Surface surface, Request request) {
  const Endpoint* chosen = nullptr;
  bool path_known = false;
  for (const auto& endpoint : endpoints) {
    if (endpoint.path != request.path) continue;
    path_known = true;
    if (endpoint.method == request.method) chosen = &endpoint;
  }
  if (!path_known) {
    co_return refusal(404,
                      usage_failure("there is nothing at " + request.path, "GET /status shows the state"));
  }
  if (!chosen) co_return refusal(405, usage_failure(request.method + " does not fit " + request.path, ""));
  if (chosen->surface == Surface::kControl && surface == Surface::kObserver) {
    co_return refusal(403, not_by_tcp());
  }
  if (!request.database.empty() && request.database != database_id) co_return refusal(409, other_database(database_name));
  std::exception_ptr thrown;
  try {
    auto work = chosen->handler(request);
    co_return co_await std::move(work);
  } catch (const Failure& failure) {
    co_return refusal(status_of(failure.exit()), failure);
  } catch (const std::exception&) {
    thrown = std::current_exception();
  }
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) std::rethrow_exception(thrown);
  const auto failure = defect(thrown);
  log::error("a request failed unexpectedly", {{"path", request.path}, {"because", failure.what()}});
  co_return refusal(500, failure);
}

/// An answer that goes on. Its end is the end of the connection, so it needs no length.
template <typename Stream>
asio::awaitable<void> Server::State::go_on(Stream& stream, Response reply) {
  struct Place {
    explicit Place(std::size_t& all) : taken(all) { ++taken; }
    ~Place() { --taken; }
    std::size_t& taken;
  };
  const Place place(streams);
  auto response = headed<http::empty_body>(reply);
  response.keep_alive(false);
  http::response_serializer<http::empty_body> head(response);
  error_code error;
  stream.expires_after(limits.patience);
  co_await http::async_write_header(stream, head, asio::redirect_error(asio::use_awaitable, error));
  auto text = std::move(reply.body);
  while (!error) {
    stream.expires_after(limits.patience);
    co_await asio::async_write(stream, asio::buffer(text), asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    stream.expires_never();
    auto next = reply.more();
    text = co_await std::move(next);
  }
}

/// One client, until it leaves, takes too long, or is cancelled.
template <typename Socket>
asio::awaitable<void> Server::State::session(Socket socket, Surface surface, Session& self) {
  beast::basic_stream<typename Socket::protocol_type> stream(std::move(socket));
  beast::flat_buffer buffer;
  for (bool alive = true; alive;) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(limits.body);
    // For the whole request: a client that sends a byte now and then gains nothing.
    stream.expires_after(limits.patience);
    error_code error;
    self.answering = false;
    co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    self.answering = !error;
    Response reply;
    if (error == http::error::body_limit || error == http::error::header_limit) {
      reply = refusal(413, usage_failure("the request is too large", "a list of keys can be sent in parts"));
      alive = false;
    } else if (error) {
      break;
    } else {
      auto& message = parser.get();
      const std::string target(message.target());
      Request request{std::string(message.method_string()), target.substr(0, target.find('?')),
                      std::move(message.body()), std::string(message[http::field::content_type]), std::string(message[kDatabaseHeader])};
      alive = message.keep_alive();
      // A command takes as long as it takes.
      stream.expires_never();
      if (surface == Surface::kControl) log::debug("asked", {{"method", request.method}, {"path", request.path}});
      auto answered = answer(surface, std::move(request));
      reply = co_await std::move(answered);
    }
    if (reply.more && streams >= limits.streams) reply = refusal(503, too_many_streams());
    if (reply.more) {
      auto rest = go_on(stream, std::move(reply));
      co_await std::move(rest);
      break;
    }
    auto response = headed<http::string_body>(reply);
    response.keep_alive(alive);
    response.body() = std::move(reply.body);
    response.prepare_payload();
    stream.expires_after(limits.patience);
    co_await http::async_write(stream, response, asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
  }
}

/// Accepts, and owns what it accepted until that has ended.
template <typename Acceptor>
asio::awaitable<void> Server::State::accept(Acceptor& acceptor, Surface surface) {
  const auto executor = co_await asio::this_coro::executor;
  const auto sessions = std::make_shared<Sessions>(executor);
  asio::steady_timer pause(executor);
  co_await asio::this_coro::throw_if_cancelled(false);
  for (;;) {
    error_code error;
    auto socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() == asio::cancellation_type::none && error) {
      // Out of file descriptors, most likely. Without a pause this would be a busy loop.
      pause.expires_after(std::chrono::milliseconds(100));
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
      state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() == asio::cancellation_type::none) continue;
    }
    if (state.cancelled() != asio::cancellation_type::none) break;
    if (sessions->staying() >= limits.sessions) {
      // Whoever may command is not sent away in the middle of it: one too many finds its connection closed. Of those who look, the
      // one that has been there longest goes, so that a probe is answered whatever else is connected.
      if (surface == Surface::kControl || sessions->all.size() >= 2 * limits.sessions) continue;
      auto* goes = sessions->most_dispensable();
      goes->leaving = true;
      goes->stop.emit(asio::cancellation_type::terminal);
    }
    const auto self = sessions->all.emplace(sessions->all.end());
    auto ended = [sessions, self](const std::exception_ptr&) {
      sessions->all.erase(self);
      sessions->one_ended.cancel();
    };
    auto one = session(std::move(socket), surface, *self);
    asio::co_spawn(executor, std::move(one), asio::bind_cancellation_slot(self->stop.slot(), std::move(ended)));
  }
  co_await asio::this_coro::reset_cancellation_state();
  for (auto each = sessions->all.begin(); each != sessions->all.end();) (each++)->stop.emit(asio::cancellation_type::terminal);
  while (!sessions->all.empty()) {
    sessions->one_ended.expires_at(asio::steady_timer::time_point::max());
    error_code woken;
    co_await sessions->one_ended.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
}

Server::Server(asio::io_context& io, std::vector<Endpoint> endpoints, Limits limits)
    : state_(std::make_unique<State>(io, std::move(endpoints), limits)) {}

Server::~Server() {
  if (!state_->unix_acceptor) return;
  std::error_code ignored;
  std::filesystem::remove(state_->unix_path, ignored);
}

void Server::serve_only(std::string id, std::string name) {
  state_->database_id = std::move(id);
  state_->database_name = std::move(name);
}

void Server::listen_tcp(const std::string& address) { state_->tcp_acceptor = api::listen_tcp(state_->io, address); }

void Server::listen_unix(const std::string& path) {
  state_->unix_acceptor = api::listen_unix(state_->io, path);
  state_->unix_path = path;
}

int Server::tcp_port() const { return state_->tcp_acceptor->local_endpoint().port(); }

asio::awaitable<void> Server::serve() {
  std::vector<asio::awaitable<void>> surfaces;
  if (state_->tcp_acceptor) surfaces.push_back(state_->accept(*state_->tcp_acceptor, Surface::kObserver));
  if (state_->unix_acceptor) surfaces.push_back(state_->accept(*state_->unix_acceptor, Surface::kControl));
  co_await async::when_all(std::move(surfaces));
}

}  // namespace crossfade::api
