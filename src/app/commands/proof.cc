#include <google/protobuf/util/json_util.h>

#include <iostream>

#include "api/message.h"
#include "app/cli/commands.h"
#include "app/cli/context.h"
#include "app/cli/daemon_socket.h"
#include "app/daemon/observers.h"
#include "base/failure.h"
#include "crossfade/v1/control.pb.h"
#include "setup/prepare.h"
#include "sync/state/store.h"
#include "verify/account/account.h"
#include "verify/checks/checks.h"
#include "verify/diff/compare.h"
#include "verify/reply.h"
#include "verify/report.h"

namespace crossfade::app {
namespace {

/// Between two looks at a row that differs, with no daemon to ask.
constexpr auto kBetweenLooks = std::chrono::milliseconds(500);

template <typename Reply>
ExitCode show(const Options& options, const Reply& reply) {
  std::cout << (options.json ? api::json_of(reply) + "\n" : verify::to_text(reply));
  return verify::exit_code(reply);
}

asio::awaitable<v1::VerifyReply> verify_without_daemon(const Options& options, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "verify"));
  const auto model = co_await prepared_model(connection, file);
  verify::CompareOptions how;
  how.repair = options.repair;
  how.targets = target_numbers(model, options.targets);
  verify::PollingRechecker rechecker(connection, model, kBetweenLooks);
  verify::Compare compare(connection, model, rechecker, how);
  const auto found = co_await compare.run();
  co_await verify::record(connection, model, found);
  co_return verify::reply_of(model, found);
}

asio::awaitable<v1::AccountReply> account_now(const Options& options, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "account"));
  const auto model = co_await prepared_model(connection, file);
  const auto accounts = co_await verify::account(connection, model);
  co_await verify::record(connection, model, accounts);
  co_return verify::reply_of(model, accounts);
}

asio::awaitable<v1::CheckReply> check_now(const Options& options, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "check"));
  verify::CheckRun how;
  const bool prepared = co_await sync::is_prepared(connection, file.yaml.migration());
  if (prepared) {
    const auto direction = co_await sync::store::read_direction(connection, file.yaml.migration());
    if (direction == mapping::Direction::kReverse) how.places = mapping::Places::kSwapped;
  }
  std::vector<verify::CheckResult> results;
  for (const auto when : {v1::Check::WHEN_BEFORE, v1::Check::WHEN_AFTER}) {
    const auto* name = when == v1::Check::WHEN_BEFORE ? "before" : "after";
    if (!options.when.empty() && options.when != name) continue;
    how.when = when;
    const auto some = co_await verify::run_checks(connection, file.yaml, how);
    results.insert(results.end(), some.begin(), some.end());
  }
  co_return verify::reply_of(file.yaml, results);
}

}  // namespace

/// The daemon decides exactly, because it can look at a consistent cut; without one, rows are looked at twice.
ExitCode verify(const Options& options) {
  const auto file = load(options);
  v1::VerifyRequest request;
  for (const auto& target : options.targets) request.add_targets(target);
  request.set_repair(options.repair);
  std::string body;
  (void)google::protobuf::util::MessageToJsonString(request, &body);
  v1::VerifyReply reply;
  try {
    const auto answer = ask_daemon(options, file.yaml.migration(), {"POST", "/v1/verify", body});
    (void)google::protobuf::util::JsonStringToMessage(answer.body, &reply);
    return show(options, reply);
  } catch (const Failure& failure) {
    if (failure.exit() != ExitCode::kNotReady) throw;
  }
  asio::io_context io;
  return show(options, run_to_end(io, verify_without_daemon(options, file)));
}

ExitCode account(const Options& options) {
  const auto file = load(options);
  asio::io_context io;
  return show(options, run_to_end(io, account_now(options, file)));
}

ExitCode check(const Options& options) {
  const auto file = load(options);
  asio::io_context io;
  return show(options, run_to_end(io, check_now(options, file)));
}

}  // namespace crossfade::app
