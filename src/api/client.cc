#include "api/client.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/system/system_error.hpp>
#include <exception>

#include "base/error/failure.h"
#include "crossfade/v1/control.pb.h"

namespace crossfade::api {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

/// Bytes. A report of rows that drifted is the longest answer.
constexpr std::uint64_t kMostAnswer = 64 << 20;

Failure no_daemon(const std::string& path, const error_code& error) {
  Failure::Facts facts;
  facts.exit = ExitCode::kNotReady;
  facts.message = fmt::format("no daemon answers at {}: {}", path, error.message());
  facts.advice = "start it with `crossfade run`, or name its socket with --control PATH";
  if (error == asio::error::access_denied) {
    facts.exit = ExitCode::kPermission;
    facts.advice = "ask as the user that the daemon runs as";
  }
  return Failure(std::move(facts));
}

/// The line broke after the request was sent. What only asks can be asked again; a command may have been carried out.
Failure no_answer(const std::string& path, const Request& request, const error_code& error) {
  if (request.method == "GET") return no_daemon(path, error);
  Failure::Facts facts;
  facts.exit = ExitCode::kOutcomeUnknown;
  facts.message = fmt::format("the daemon at {} ended before it answered {}", path, request.path);
  facts.advice = "look with `crossfade status` before anything is repeated";
  return Failure(std::move(facts));
}

Failure refused(const std::string& json) {
  v1::ErrorReply reply;
  google::protobuf::util::JsonParseOptions lenient;
  lenient.ignore_unknown_fields = true;
  Failure::Facts facts;
  if (google::protobuf::util::JsonStringToMessage(json, &reply, lenient).ok()) {
    facts.exit = static_cast<ExitCode>(reply.exit_code());
    facts.message = reply.message();
    facts.advice = reply.advice();
    facts.sqlstate = reply.sqlstate();
  } else {
    facts.message = "what answered is not the daemon: " + json;
    facts.advice = "name the daemon's socket with --control PATH";
  }
  return Failure(std::move(facts));
}

}  // namespace

asio::awaitable<Response> ask_in_turn(std::string socket_path, Request request) {
  const auto executor = co_await asio::this_coro::executor;
  beast::basic_stream<asio::local::stream_protocol> stream(executor);
  error_code error;
  if (socket_path.size() >= sizeof(sockaddr_un::sun_path)) throw no_daemon(socket_path, asio::error::name_too_long);
  const asio::local::stream_protocol::endpoint there(socket_path);
  co_await stream.async_connect(there, asio::redirect_error(asio::use_awaitable, error));
  if (error) throw no_daemon(socket_path, error);
  http::request<http::string_body> message(http::string_to_verb(request.method), request.path, 11);
  message.set(http::field::host, "crossfade");
  message.set(http::field::content_type, request.content_type);
  if (!request.database.empty()) message.set(kDatabaseHeader, request.database);
  message.keep_alive(false);
  message.body() = request.body;
  message.prepare_payload();
  co_await http::async_write(stream, message, asio::redirect_error(asio::use_awaitable, error));
  if (error) throw no_answer(socket_path, request, error);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kMostAnswer);
  co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
  // The caller gives up; what was asked for goes on.
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
  if (error) throw no_answer(socket_path, request, error);
  const auto& answer = parser.get();
  if (answer.result_int() >= 400) throw refused(answer.body());
  co_return Response{static_cast<int>(answer.result_int()), std::string(answer[http::field::content_type]), answer.body()};
}

Response ask(const std::string& socket_path, const Request& request) {
  asio::io_context io;
  std::exception_ptr thrown;
  Response response;
  auto asking = ask_in_turn(socket_path, request);
  asio::co_spawn(io, std::move(asking), [&](const std::exception_ptr& error, Response answer) {
    thrown = error;
    response = std::move(answer);
  });
  io.run();
  if (thrown) std::rethrow_exception(thrown);
  return response;
}

}  // namespace crossfade::api
