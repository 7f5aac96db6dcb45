#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/memory/largest_message.h"
#include "base/telemetry/log.h"
#include "pg/connection.h"
#include "pg/server_answer.h"

/// For the files that implement Connection only.
namespace crossfade::pg {

inline constexpr int kReadable = 1;
inline constexpr int kWritable = 2;

/// As libpq takes them; valid as long as they are.
inline std::vector<const char*> as_pointers(const Parameters& parameters) {
  std::vector<const char*> pointers;
  pointers.reserve(parameters.size());
  for (const auto& parameter : parameters) pointers.push_back(parameter ? parameter->c_str() : nullptr);
  return pointers;
}

/// One wait for the socket. A timer's handler may be on its way already when the socket becomes ready, and then outlives
/// the waiting frame; so it shares what it looks at, and leaves a socket alone whose wait is over.
struct Wait {
  bool over = false;
  bool given_up = false;

  void give_up(asio::posix::stream_descriptor& socket) {
    if (over) return;
    given_up = true;
    socket.cancel();
  }
};

struct Connection::State {
  PGconn* conn = nullptr;
  asio::any_io_executor executor;
  asio::posix::stream_descriptor socket;
  ExitCode unreachable = ExitCode::kSourceUnreachable;
  std::map<std::string, std::string, std::less<>> prepared;  ///< statement text → its name in this session
  std::size_t prepared_so_far = 0;
  std::function<void(std::string_view, std::string_view)> notice;
  std::size_t largest_message = kUnbounded;  ///< of COPY BOTH
  std::shared_ptr<Wait> wait;  ///< the one that goes on, or the last one
  std::unique_ptr<Connection> source;  ///< on the server that has v1, where that is another one

  explicit State(asio::any_io_executor on) : executor(on), socket(on) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ~State() {
    // libpq owns its socket: Asio lets go of it before libpq closes it.
    if (socket.is_open()) socket.release();
    PQfinish(conn);
  }

  /// libpq may use another socket at each step of connecting.
  void follow_socket() {
    // The number of a socket that was closed may be given to the next one, so an equal number proves nothing.
    if (socket.is_open()) socket.release();
    if (const int now = PQsocket(conn); now >= 0) socket.assign(now);
  }

  static void receive_notice(void* self, const PGresult* result) {
    const auto& state = *static_cast<State*>(self);
    const auto severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const auto message = field(result, PG_DIAG_MESSAGE_PRIMARY);
    if (state.notice) {
      state.notice(severity, message);
    } else {
      log::write(severity == "WARNING" ? log::Level::kWarn : log::Level::kDebug, message, {{"from", "server"}});
    }
  }
};

}  // namespace crossfade::pg
