#include "setup/prepare/cancel.h"

#include <fmt/format.h>

#include "app/cli/context.h"
#include "app/cli/tell_script.h"
#include "app/commands/commands.h"
#include "base/error/failure.h"
#include "base/telemetry/log.h"

namespace crossfade::app {
namespace {

asio::awaitable<ExitCode> cancel_here(const Options& options, const mapping::MigrationFile& file) {
  const auto& name = file.yaml.migration();
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "cancel"));
  const bool was_there = co_await setup::cancel(connection, name);
  if (!was_there) throw usage_failure(fmt::format("migration {} is not in this database", name), "there is nothing to cancel");
  log::info("cancelled; nothing of crossfade is left", {{"migration", name}});
  tell_script(options, did("cancelled; nothing of crossfade is left"));
  co_return ExitCode::kOk;
}

ExitCode cancel(const Options& options) {
  const auto file = load(options);
  confirm(options, file.yaml.migration(), fmt::format("cancel drops the shadow tables of migration {}", file.yaml.migration()));
  asio::io_context io;
  return run_to_end(io, cancel_here(options, file));
}

}  // namespace

Command cancel_command() {
  return {"cancel", "Move", "Take everything of crossfade away again; v1 is left as it was", without_options(cancel), true};
}

}  // namespace crossfade::app
