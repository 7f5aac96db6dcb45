#include <embedded_sql.h>
#include <fmt/format.h>

#include <iostream>

#include "api/message.h"
#include "app/cli/context.h"
#include "app/commands/commands.h"
#include "base/error/failure.h"
#include "base/text/sql_text.h"
#include "crossfade/v1/reply.pb.h"
#include "verify/explain/explain.h"

namespace crossfade::app {
namespace {

struct RefreshOptions {
  std::string target;
  std::vector<std::string> keys;
};

void declare(OptionSet& options, RefreshOptions& own) {
  options.word("TARGET", own.target, "A target of the migration");
  options.words("KEY", own.keys, "Values of its first locator, a key each; or column=value for each column of any, or of its primary key").required();
}

asio::awaitable<ExitCode> offer_keys(const Options& options, const RefreshOptions& own, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "refresh"));
  const auto model = co_await prepared_model(connection, file);
  const auto target = model.find_target(own.target);
  if (!target) throw usage_failure("there is no target " + own.target, "`crossfade plan` lists the targets");
  std::vector<std::string> keys;
  try {
    auto words = own.keys;
    keys = co_await verify::first_keys_from_words(connection, model, *target, std::move(words));
    const std::vector<std::optional<std::string>> texts(keys.begin(), keys.end());
    pg::Parameters parameters = {model.name, own.target, array_text(texts)};
    co_await connection.query(sql::queries::touch, parameters);
  } catch (const Failure& refused) {
    // What is no value of the column's type is so wherever that is noticed.
    if (!refused.sqlstate().starts_with("22")) throw;
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
