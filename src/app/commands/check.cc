#include "app/cli/context.h"
#include "app/commands/commands.h"
#include "app/commands/show_reply.h"
#include "setup/prepare/prepare.h"
#include "sync/state/store.h"
#include "verify/checks/checks.h"
#include "verify/reply.h"

namespace crossfade::app {
namespace {

struct CheckOptions {
  std::string when;
};

void declare(OptionSet& options, CheckOptions& own) { options.choice("--when", own.when, {"before", "after"}, "Only those of before, or of after"); }

asio::awaitable<v1::CheckReply> check_now(const Options& options, const CheckOptions& own, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "check"));
  verify::CheckRun how;
  const bool prepared = co_await setup::is_prepared(connection, file.yaml.migration());
  if (prepared) {
    const auto direction = co_await sync::store::read_direction(connection, file.yaml.migration());
    if (direction == mapping::Direction::kReverse) how.places = mapping::Places::kSwapped;
  }
  std::vector<verify::CheckResult> results;
  for (const auto when : {v1::Check::WHEN_BEFORE, v1::Check::WHEN_AFTER}) {
    const auto* name = when == v1::Check::WHEN_BEFORE ? "before" : "after";
    if (!own.when.empty() && own.when != name) continue;
    how.when = when;
    const auto some = co_await verify::run_checks(connection, file.yaml, how);
    results.insert(results.end(), some.begin(), some.end());
  }
  co_return verify::reply_of(file.yaml, results);
}

ExitCode check(const Options& options, const CheckOptions& own) {
  const auto file = load(options);
  asio::io_context io;
  return show_reply(options, run_to_end(io, check_now(options, own, file)));
}

}  // namespace

Command check_command() { return {"check", "Prove", "Run the migration's own checks", with_options(declare, check)}; }

}  // namespace crossfade::app
