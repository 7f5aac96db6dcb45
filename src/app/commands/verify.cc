#include <google/protobuf/util/json_util.h>

#include "app/cli/context.h"
#include "app/cli/daemon_socket.h"
#include "app/commands/commands.h"
#include "app/commands/show_reply.h"
#include "app/daemon/observers.h"
#include "base/failure.h"
#include "crossfade/v1/control.pb.h"
#include "verify/diff/compare.h"
#include "verify/reply.h"

namespace crossfade::app {
namespace {

/// Between two looks at a row that differs, with no daemon to ask.
constexpr auto kBetweenLooks = std::chrono::milliseconds(500);

struct VerifyOptions {
  bool repair = false;
  std::vector<std::string> targets;
};

void declare(OptionSet& options, VerifyOptions& own) {
  options.flag("--repair", own.repair, "Refresh what drifted");
  options.texts("--target", own.targets, "TARGET", "Only this target; may be given several times");
}

asio::awaitable<v1::VerifyReply> verify_without_daemon(const Options& options, const VerifyOptions& own, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "verify"));
  const auto model = co_await prepared_model(connection, file);
  verify::CompareOptions how;
  how.repair = own.repair;
  how.targets = target_numbers(model, own.targets);
  verify::PollingRechecker rechecker(connection, model, kBetweenLooks);
  verify::Compare compare(connection, model, rechecker, how);
  const auto found = co_await compare.run();
  co_await verify::record(connection, model, found);
  co_return verify::reply_of(model, found);
}

/// The daemon decides exactly, because it can look at a consistent cut; without one, rows are looked at twice.
ExitCode verify(const Options& options, const VerifyOptions& own) {
  const auto file = load(options);
  v1::VerifyRequest request;
  for (const auto& target : own.targets) request.add_targets(target);
  request.set_repair(own.repair);
  std::string body;
  (void)google::protobuf::util::MessageToJsonString(request, &body);
  v1::VerifyReply reply;
  try {
    const auto answer = ask_daemon(options, file.yaml.migration(), {"POST", "/v1/verify", body});
    (void)google::protobuf::util::JsonStringToMessage(answer.body, &reply);
    return show_reply(options, reply);
  } catch (const Failure& failure) {
    if (failure.exit() != ExitCode::kNotReady) throw;
  }
  asio::io_context io;
  return show_reply(options, run_to_end(io, verify_without_daemon(options, own, file)));
}

}  // namespace

Command verify_command() { return {"verify", "Prove", "Compare v2 with the views; 4 if they drifted apart", with_options(declare, verify)}; }

}  // namespace crossfade::app
