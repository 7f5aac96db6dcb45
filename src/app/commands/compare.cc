#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <sstream>

#include "api/message.h"
#include "app/cli/commands.h"
#include "app/cli/context.h"
#include "base/failure.h"
#include "verify/queries/ask_both.h"
#include "verify/report.h"

namespace crossfade::app {
namespace {

verify::QueryPair read_queries(const Options& options) {
  std::ifstream file(options.query);
  if (!file) throw usage_failure(fmt::format("cannot read {}", options.query.string()), "name the file with the two queries: --query FILE");
  std::ostringstream text;
  text << file.rdbuf();
  return verify::parse_query_pair(text.str());
}

asio::awaitable<ExitCode> ask(const Options& options, const mapping::MigrationFile& file, const verify::QueryPair& queries) {
  pg::Connection first = co_await pg::Connection::open(endpoint(options, "compare"));
  pg::Connection second = co_await pg::Connection::open(endpoint(options, "compare"));
  verify::AskBoth how{file.yaml, queries};
  const auto reply = co_await verify::ask_both(first, second, how);
  std::cout << (options.json ? api::json_of(reply) + "\n" : verify::to_text(reply));
  co_return verify::exit_code(reply);
}

}  // namespace

ExitCode compare(const Options& options) {
  const auto file = load(options);
  const auto queries = read_queries(options);
  asio::io_context io;
  return run_to_end(io, ask(options, file, queries));
}

}  // namespace crossfade::app
