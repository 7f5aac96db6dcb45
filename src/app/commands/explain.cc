#include "verify/explain/explain.h"

#include <iostream>

#include "api/message.h"
#include "app/cli/commands.h"
#include "app/cli/context.h"
#include "base/failure.h"

namespace crossfade::app {
namespace {

asio::awaitable<v1::ExplainReply> explain_key(const Options& options, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "explain"));
  const auto model = co_await prepared_model(connection, file);
  const auto target = model.find_target(options.words.front());
  if (!target) throw usage_failure("there is no target " + options.words.front(), "`crossfade plan` lists the targets");
  const std::vector<std::string> words(options.words.begin() + 1, options.words.end());
  if (words.empty()) throw usage_failure("no key is named", "write crossfade explain TARGET KEY, e.g. the value of its first locator, or column=value");
  auto key = verify::key_from_words(model, *target, words);
  auto reply = co_await verify::explain(connection, model, std::move(key));
  co_return reply;
}

}  // namespace

ExitCode explain(const Options& options) {
  const auto file = load(options);
  asio::io_context io;
  const auto reply = run_to_end(io, explain_key(options, file));
  std::cout << (options.json ? api::json_of(reply) + "\n" : verify::to_text(reply));
  return verify::exit_code(reply);
}

}  // namespace crossfade::app
