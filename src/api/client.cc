#include "api/client.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "base/failure.h"
#include "crossfade/v1/control.pb.h"

namespace crossfade::api {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

Failure no_daemon(const std::string& path, const std::string& why) {
  Failure::Facts facts;
  facts.exit = ExitCode::kNotReady;
  facts.message = fmt::format("no daemon answers at {}: {}", path, why);
  facts.advice = "start it with `crossfade run`, or name its socket with --control PATH";
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
  } else {
    facts.message = "the daemon answered: " + json;
  }
  return Failure(std::move(facts));
}

}  // namespace

Response ask(const std::string& socket_path, const Request& request) {
  asio::io_context io;
  asio::local::stream_protocol::socket socket(io);
  boost::system::error_code error;
  if (socket_path.size() >= sizeof(sockaddr_un::sun_path)) throw no_daemon(socket_path, "the path is too long");
  socket.connect(asio::local::stream_protocol::endpoint(socket_path), error);
  if (error) throw no_daemon(socket_path, error.message());
  http::request<http::string_body> message(http::string_to_verb(request.method), request.path, 11);
  message.set(http::field::host, "crossfade");
  message.set(http::field::content_type, "application/json");
  message.keep_alive(false);
  message.body() = request.body;
  message.prepare_payload();
  http::write(socket, message, error);
  if (error) throw no_daemon(socket_path, error.message());
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(64 << 20);
  http::read(socket, buffer, parser, error);
  if (error) throw no_daemon(socket_path, error.message());
  const auto& answer = parser.get();
  if (answer.result_int() >= 400) throw refused(answer.body());
  return {static_cast<int>(answer.result_int()), std::string(answer[http::field::content_type]), answer.body()};
}

}  // namespace crossfade::api
