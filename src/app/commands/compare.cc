#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <sstream>

#include "api/message.h"
#include "app/cli/context.h"
#include "app/commands/commands.h"
#include "base/failure.h"
#include "verify/queries/ask_both.h"
#include "verify/report.h"

namespace crossfade::app {
namespace {

struct CompareOptions {
  std::filesystem::path query;
};

void declare(OptionSet& options, CompareOptions& own) {
  options.path("--query", own.query, "FILE", "The query on v1, the one on v2, and the keys").required();
}

verify::QueryPair read_queries(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw usage_failure(fmt::format("cannot read {}", path.string()), "name the file with the two queries: --query FILE");
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

ExitCode compare(const Options& options, const CompareOptions& own) {
  const auto file = load(options);
  const auto queries = read_queries(own.query);
  asio::io_context io;
  return run_to_end(io, ask(options, file, queries));
}

}  // namespace

Command compare_command() {
  return {"compare", "Prove", "Ask v1 and v2 an application's query for sampled keys; 4 if answers differ", with_options(declare, compare)};
}

}  // namespace crossfade::app
