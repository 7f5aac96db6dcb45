#include "verify/explain/explain.h"

#include <iostream>

#include "api/message.h"
#include "app/cli/context.h"
#include "app/commands/commands.h"
#include "base/failure.h"

namespace crossfade::app {
namespace {

struct ExplainOptions {
  std::string target;
  std::vector<std::string> key;
};

void declare(OptionSet& options, ExplainOptions& own) {
  options.word("TARGET", own.target, "A target of the migration");
  options.words("KEY", own.key, "The value of its first locator, or column=value for each column of any").required();
}

asio::awaitable<v1::ExplainReply> explain_key(const Options& options, const ExplainOptions& own, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "explain"));
  const auto model = co_await prepared_model(connection, file);
  const auto target = model.find_target(own.target);
  if (!target) throw usage_failure("there is no target " + own.target, "`crossfade plan` lists the targets");
  auto key = verify::key_from_words(model, *target, own.key);
  auto reply = co_await verify::explain(connection, model, std::move(key));
  co_return reply;
}

ExitCode explain(const Options& options, const ExplainOptions& own) {
  const auto file = load(options);
  asio::io_context io;
  const auto reply = run_to_end(io, explain_key(options, own, file));
  std::cout << (options.json ? api::json_of(reply) + "\n" : verify::to_text(reply));
  return verify::exit_code(reply);
}

}  // namespace

Command explain_command() {
  return {"explain", "Look", "All that lies behind a key: rows of v1, view and v2, what differs and why; 4 if any does", with_options(declare, explain)};
}

}  // namespace crossfade::app
