#include <embedded_sql.h>
#include <fmt/format.h>

#include <iostream>

#include "api/message.h"
#include "app/cli/context.h"
#include "app/commands/commands.h"
#include "base/error/failure.h"
#include "base/text/sql_text.h"
#include "crossfade/v1/reply.pb.h"

namespace crossfade::app {
namespace {

struct RefreshOptions {
  std::string target;
  std::vector<std::string> keys;
};

void declare(OptionSet& options, RefreshOptions& own) {
  options.word("TARGET", own.target, "A target of the migration");
  options.words("KEY", own.keys, "Values of its first locator").required();
}

asio::awaitable<ExitCode> offer_keys(const Options& options, const RefreshOptions& own, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "refresh"));
  const auto model = co_await prepared_model(connection, file);
  if (!model.find_target(own.target)) throw usage_failure("there is no target " + own.target, "`crossfade plan` lists the targets");
  const std::vector<std::optional<std::string>> keys(own.keys.begin(), own.keys.end());
  pg::Parameters parameters = {model.name, own.target, array_text(keys)};
  try {
    co_await connection.query(std::string(sql::queries::touch), parameters);
  } catch (const Failure& refused) {
    if (refused.sqlstate() != "22023") throw;
    throw usage_failure(refused.what(), refused.advice());
  }
  v1::KeysChanged reply;
  reply.set_keys(static_cast<double>(keys.size()));
  std::cout << (options.json ? api::json_of(reply) + "\n" : fmt::format("{} keys are offered.\n", keys.size()));
  co_return ExitCode::kOk;
}

ExitCode refresh(const Options& options, const RefreshOptions& own) {
  const auto file = load(options);
  asio::io_context io;
  return run_to_end(io, offer_keys(options, own, file));
}

}  // namespace

Command refresh_command() { return {"refresh", "Steer", "Compute keys of a target again, by hand", with_options(declare, refresh), false, "touch"}; }

}  // namespace crossfade::app
