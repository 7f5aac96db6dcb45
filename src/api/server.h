#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/exit_code.h"

namespace crossfade::api {

namespace asio = boost::asio;

struct Request {
  std::string method;
  std::string path;      ///< without the query
  std::string body;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};

/// Who may ask: observers come by TCP and can change nothing; control comes by a Unix socket that the owner alone may open.
enum class Surface { kObserver, kControl };

struct Endpoint {
  std::string method;
  std::string path;
  Surface surface = Surface::kObserver;   ///< kControl: by the Unix socket only
  std::function<asio::awaitable<Response>(Request)> handler;
};

/// The HTTP server of the daemon. A handler that throws Failure answers with ErrorReply and a fitting status.
class Server {
 public:
  Server(asio::io_context& io, std::vector<Endpoint> endpoints);
  ~Server();

  /// HOST:PORT, port 0 for a free one. Throws a Failure that says what to do where it is in use.
  void listen_tcp(const std::string& address);
  /// Makes the directory, replaces a socket nobody serves, and throws kNotLeader where somebody does. Mode 0600.
  void listen_unix(const std::string& path);

  int tcp_port() const;

  /// Accepts until cancelled; sessions still open are ended and awaited.
  asio::awaitable<void> serve();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// JSON of an error: {"exit_code":…, "message":…, "advice":…}.
std::string error_json(ExitCode exit, const std::string& message, const std::string& advice);

}  // namespace crossfade::api
