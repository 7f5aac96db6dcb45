#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "app/cli/context.h"
#include "app/cli/show_reply.h"
#include "app/commands/commands.h"
#include "app/status/long_work.h"
#include "base/error/failure.h"
#include "base/text/line_reader.h"
#include "verify/queries/query_compare.h"

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
  return verify::parse_query_pair(plain_text(text.str(), path.string()));
}

asio::awaitable<void> ask(const Options& options, const verify::QueryCompare& how, v1::CompareReply& reply) {
  pg::Connection first = co_await pg::Connection::open(endpoint(options, "compare"));
  pg::Connection second = co_await pg::Connection::open(endpoint(options, "compare"));
  EndsOnServer of_first(first), of_second(second);
  reply = co_await verify::compare_queries(first, second, how);
  of_first.done();
  of_second.done();
}

ExitCode compare(const Options& options, const CompareOptions& own) {
  const auto file = load(options);
  const auto queries = read_queries(own.query);
  LongWork work(options, "compare");
  verify::QueryCompare how{file.yaml, queries};
  how.progress = &work;
  v1::CompareReply reply;
  const auto ended = work.to_end(ask(options, how, reply));
  return ended == LongWork::Ended::kByItself ? show_reply(options, reply) : work.show_known(ended);
}

}  // namespace

Command compare_command() {
  return {"compare", "Prove", "Ask v1 and v2 an application's query for sampled keys; 4 if answers differ", with_options(declare, compare)};
}

}  // namespace crossfade::app
