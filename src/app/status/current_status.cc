#include "app/status/current_status.h"

#include <google/protobuf/util/json_util.h>

#include "app/cli/context.h"
#include "app/cli/daemon_socket.h"
#include "app/status/read_status.h"
#include "base/error/failure.h"

namespace crossfade::app {
namespace {

asio::awaitable<v1::Status> from_database(const Options& options, const std::string& migration) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "status"));
  co_return co_await read_status(connection, migration);
}

}  // namespace

v1::Status current_status(const Options& options, const std::string& migration) {
  try {
    const auto answer = ask_daemon(options, migration, {"GET", "/status", ""});
    v1::Status status;
    google::protobuf::util::JsonParseOptions lenient;
    lenient.ignore_unknown_fields = true;
    if (google::protobuf::util::JsonStringToMessage(answer.body, &status, lenient).ok() && status.migration() == migration) return status;
  } catch (const Failure& failure) {
    if (failure.exit() != ExitCode::kNotReady) throw;
  }
  asio::io_context io;
  return run_to_end(io, from_database(options, migration));
}

}  // namespace crossfade::app
