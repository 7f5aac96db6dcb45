#include <fmt/format.h>

#include <cstdlib>
#include <iostream>

#include "app/cli/commands.h"
#include "app/cli/context.h"
#include "base/log.h"
#include "cutover/complete.h"
#include "cutover/doctor.h"

namespace crossfade::app {
namespace {

asio::awaitable<ExitCode> examine_now(const Options& options, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "doctor"));
  const auto facts = co_await cutover::examine(connection, file);
  const auto diagnosis = cutover::diagnose(facts);
  std::cout << diagnosis.state << ".\n";
  if (diagnosis.next.empty()) co_return ExitCode::kOk;
  std::cout << "  the one safe next step: " << diagnosis.next << '\n';
  co_return ExitCode::kNotReady;
}

asio::awaitable<ExitCode> complete_now(const Options& options, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "complete"));
  const char* user = std::getenv("USER");
  const auto notes = co_await cutover::complete(connection, file, options.drop_v1, user == nullptr ? "" : user);
  std::cout << fmt::format("Migration {} is completed; the old tables {}.\n", file.yaml.migration(),
                           options.drop_v1 ? "are dropped" : "stay under their names with _v1");
  for (const auto& note : notes) std::cout << note << '\n';
  co_return ExitCode::kOk;
}

}  // namespace

ExitCode doctor(const Options& options) {
  const auto file = load(options);
  asio::io_context io;
  return run_to_end(io, examine_now(options, file));
}

ExitCode complete(const Options& options) {
  const auto file = load(options);
  const auto& name = file.yaml.migration();
  confirm(options, name, fmt::format("complete ends the way back of migration {}{}", name, options.drop_v1 ? " and drops the old tables" : ""));
  asio::io_context io;
  return run_to_end(io, complete_now(options, file));
}

}  // namespace crossfade::app
