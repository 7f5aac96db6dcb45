#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace crossfade::api {

namespace asio = boost::asio;

struct Request {
  std::string method;
  std::string path;  ///< without the query
  std::string body;
  std::string content_type = "application/json";
  std::string database = {};  ///< which one it is about, as serve_only() has it; "": whichever is served
};

/// The header that carries Request::database.
inline constexpr std::string_view kDatabaseHeader = "Crossfade-Database";

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  /// Where it is set, the answer goes on: each text it gives is sent as it comes, until the client leaves.
  std::function<asio::awaitable<std::string>()> more = {};
};

/// Who may ask: observers come by TCP and can change nothing; control comes by a Unix socket that the owner alone may
/// open.
enum class Surface { kObserver, kControl };

struct Endpoint {
  std::string method;
  std::string path;
  Surface surface = Surface::kObserver;  ///< kControl: by the Unix socket only
  std::function<asio::awaitable<Response>(Request)> handler;
};

/// What one client may cost us.
struct Limits {
  std::size_t body = 1 << 20;  ///< bytes; the largest request is a list of keys
  std::size_t sessions = 64;   ///< of each surface, so that observers cannot lock out control; of observers the oldest gives way to a new one
  std::size_t streams = 16;    ///< answers that go on; fewer than sessions, so that pages cannot lock out a scrape
  /// In which a request must have come whole, and an answer been taken.
  std::chrono::milliseconds patience = std::chrono::seconds(30);
};

/// The HTTP server of the daemon. A handler that throws Failure answers with ErrorReply and a fitting status; whatever
/// else it throws is a defect, is logged, and answers 500.
class Server {
 public:
  Server(asio::io_context& io, std::vector<Endpoint> endpoints, Limits limits = {});
  ~Server();

  /// Refuses with kNotReady what is asked about another database than the one with this id, which people call `name`.
  void serve_only(std::string id, std::string name);

  /// As the functions of the same names say.
  void listen_tcp(const std::string& address);
  void listen_unix(const std::string& path);

  /// The port that was given for port 0.
  int tcp_port() const;

  /// Accepts until cancelled; then sessions still open are ended and awaited, handlers at work included.
  asio::awaitable<void> serve();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace crossfade::api
