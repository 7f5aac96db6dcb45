#include "cutover/complete.h"

#include <fmt/format.h>

#include <cstdlib>
#include <iostream>

#include "app/cli/context.h"
#include "app/cli/tell_script.h"
#include "app/commands/commands.h"

namespace crossfade::app {
namespace {

struct CompleteOptions {
  bool drop_v1 = false;
};

void declare(OptionSet& options, CompleteOptions& own) { options.flag("--drop-v1", own.drop_v1, "Drop the old tables too"); }

asio::awaitable<ExitCode> complete_now(const Options& options, const CompleteOptions& own, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "complete"));
  const char* user = std::getenv("USER");
  const auto notes = co_await cutover::complete(connection, file, own.drop_v1, user == nullptr ? "" : user);
  const auto message = fmt::format("Migration {} is completed; the old tables {}.", file.yaml.migration(), own.drop_v1 ? "are dropped" : "stay under their names with _v1");
  tell_script(options, did(message, notes));
  if (options.json) co_return ExitCode::kOk;
  std::cout << message << '\n';
  for (const auto& note : notes) std::cout << note << '\n';
  co_return ExitCode::kOk;
}

ExitCode complete(const Options& options, const CompleteOptions& own) {
  const auto file = load(options);
  const auto& name = file.yaml.migration();
  confirm(options, name, fmt::format("complete ends the way back of migration {}{}", name, own.drop_v1 ? " and drops the old tables" : ""));
  asio::io_context io;
  return run_to_end(io, complete_now(options, own, file));
}

}  // namespace

Command complete_command() {
  return {"complete", "Move", "End the migration once v2 is written: there is no way back afterwards", with_options(declare, complete), true};
}

}  // namespace crossfade::app
