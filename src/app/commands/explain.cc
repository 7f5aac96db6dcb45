#include "verify/explain/explain.h"

#include <google/protobuf/util/json_util.h>

#include <iostream>

#include "api/message.h"
#include "app/cli/context.h"
#include "app/cli/daemon_socket.h"
#include "app/commands/commands.h"
#include "base/error/failure.h"
#include "crossfade/v1/control.pb.h"
#include "verify/explain/cost.h"
#include "verify/explain/explain_text.h"

namespace crossfade::app {
namespace {

struct ExplainOptions {
  std::string target;
  std::vector<std::string> key;
  std::string cost_of;
};

void declare(OptionSet& options, ExplainOptions& own) {
  options.word("TARGET", own.target, "A target of the migration; without a key, what its refresh costs").optional();
  options.words("KEY", own.key, "The value of its first locator, or column=value for each column of any, or of its primary key; column=null for none");
  options.text("--target", own.cost_of, "TARGET", "What a refresh of this target costs: keys of it are tried, with the plan of the slowest");
}

TargetId number_of(const mapping::Model& model, const std::string& name) {
  const auto target = model.find_target(name);
  if (!target) throw usage_failure("there is no target " + name, "`crossfade plan` lists the targets");
  return *target;
}

asio::awaitable<v1::ExplainReply> explain_key(const Options& options, const ExplainOptions& own, const mapping::MigrationFile& file, verify::LeadingKeys& leading) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "explain"));
  auto as_it_is = co_await prepared_model(connection, file);
  const auto model = verify::with_primary_keys(std::move(as_it_is));
  auto key = verify::key_from_words(model, number_of(model, own.target), own.key);
  auto reply = co_await verify::explain(connection, model, std::move(key), leading);
  co_return reply;
}

asio::awaitable<v1::ExplainCostReply> explain_target(const Options& options, const std::string& name, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "explain"));
  const auto model = co_await prepared_model(connection, file);
  co_return co_await verify::explain_cost(connection, model, number_of(model, name));
}

/// What only a daemon knows: changes that it has read, and not yet refreshed or spilled.
void add_in_memory(const Options& options, const mapping::MigrationFile& file, const verify::LeadingKeys& leading, v1::ExplainReply& reply) {
  v1::WaitingRequest request;
  request.set_target(reply.target());
  for (const auto& [locator, values] : leading) {
    auto& key = *request.add_keys();
    key.set_locator(locator);
    key.set_values(values);
  }
  try {
    const auto answer = ask_daemon(options, file.yaml.migration(), {"POST", "/v1/waiting", api::json_of(request)});
    v1::Waiting waiting;
    if (google::protobuf::util::JsonStringToMessage(answer.body, &waiting).ok()) reply.set_in_memory(waiting.changes());
  } catch (const Failure&) {
    // No daemon, or one that does not know the question: then it is not known.
  }
}

ExitCode explain(const Options& options, const ExplainOptions& own) {
  if (own.target.empty() == own.cost_of.empty()) throw usage_failure("explain wants one target", "write `crossfade explain TARGET KEY`, or `crossfade explain --target TARGET`");
  if (!own.cost_of.empty() && !own.key.empty()) throw usage_failure("--target says what a target costs, not a key", "write `crossfade explain TARGET KEY`");
  const auto file = load(options);
  asio::io_context io;
  if (own.key.empty()) {
    const auto cost = run_to_end(io, explain_target(options, own.cost_of.empty() ? own.target : own.cost_of, file));
    std::cout << (options.json ? api::json_of(cost) + "\n" : verify::to_text(cost));
    return ExitCode::kOk;
  }
  verify::LeadingKeys leading;
  auto reply = run_to_end(io, explain_key(options, own, file, leading));
  add_in_memory(options, file, leading, reply);
  verify::add_next_steps(reply);
  std::cout << (options.json ? api::json_of(reply) + "\n" : verify::to_text(reply));
  return verify::exit_code(reply);
}

}  // namespace

Command explain_command() {
  return {"explain", "Look", "All that lies behind a key: rows of v1, view and v2, what differs and why; 4 if any does; of a target: what its refresh costs", with_options(declare, explain)};
}

}  // namespace crossfade::app
