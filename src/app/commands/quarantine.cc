#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <iostream>
#include <string_view>

#include "api/message.h"
#include "app/cli/context.h"
#include "app/commands/commands.h"
#include "app/status/status_text.h"
#include "base/error/failure.h"
#include "base/text/fold.h"
#include "base/text/sql_text.h"
#include "crossfade/v1/reply.pb.h"
#include "pg/row.h"
#include "setup/prepare/prepare.h"

namespace crossfade::app {
namespace {

namespace queries = sql::queries;

struct QuarantineOptions {
  std::vector<std::string> words;
};

void declare(OptionSet& options, QuarantineOptions& own) { options.words("ACTION", own.words, "list [TARGET], retry [TARGET], accept [TARGET] KEY, or withdraw [TARGET] KEY"); }

asio::awaitable<pg::Connection> open_prepared(const Options& options, const std::string& migration) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "quarantine"));
  co_await setup::require_prepared(connection, migration);
  co_return connection;
}

/// One value as `accept` takes it; several as they are kept.
std::string as_typed(const std::string& key) {
  const auto values = parse_array(key);
  return values.size() == 1 && values.front() ? *values.front() : key;
}

/// What was accepted asks for nothing more.
void add_next_steps(v1::Quarantine& reply) {
  for (const auto& key : reply.keys()) {
    if (!key.accepted_by().empty()) continue;
    reply.add_next_steps("crossfade quarantine retry: once their source rows, or the views, are mended");
    reply.add_next_steps(fmt::format("crossfade quarantine accept {} {}: the writes may move without it", shell_word(key.target()), shell_word(as_typed(key.key()))));
    return;
  }
}

v1::Quarantine reply_of(const pg::Result& rows) {
  v1::Quarantine reply;
  for (const auto row : pg::rows(rows)) {
    auto& key = *reply.add_keys();
    key.set_target(std::string(row.text("target")));
    key.set_locator(std::string(row.text("locator")));
    key.set_key(std::string(row.text("key")));
    key.set_sqlstate(std::string(row.text("sqlstate")));
    key.set_constraint(std::string(row.text("constraint_name")));
    key.set_reason(log::redact(row.text("message")));
    key.set_attempts(row.real("attempts"));
    key.set_first_at(std::string(row.text("first_at")));
    key.set_next_at(std::string(row.text("next_at")));
    key.set_accepted_by(std::string(row.text("accepted_by")));
  }
  add_next_steps(reply);
  return reply;
}

/// A key is a line, also where a select finds its rows, which is not what people call it by.
std::string to_text(const v1::Quarantine& quarantine) {
  std::string text;
  for (const auto& key : quarantine.keys()) {
    const auto violated = key.constraint().empty() ? "" : " " + key.constraint();
    text += fmt::format("{} {} {}  {}{}: {}  (tried {} {} since {}{})\n", key.target(), in_one_line(key.locator()), as_typed(key.key()), key.sqlstate(), violated,
                        in_one_line(key.reason()), key.attempts(), key.attempts() == 1 ? "time" : "times", key.first_at(),
                        key.accepted_by().empty() ? "" : "; accepted by " + key.accepted_by());
  }
  return text.empty() ? "The quarantine is empty.\n" : text;
}

ExitCode tell_changed(const Options& options, double keys, const std::string& text, const std::string& next = "") {
  v1::KeysChanged reply;
  reply.set_keys(keys);
  if (keys > 0 && !next.empty()) reply.add_next_steps(next);
  std::cout << (options.json ? api::json_of(reply) + "\n" : text);
  return ExitCode::kOk;
}

asio::awaitable<ExitCode> list_keys(const Options& options, const std::string& migration, const std::string& target) {
  pg::Connection connection = co_await open_prepared(options, migration);
  pg::Parameters of_target = {migration, target};
  const auto rows = co_await connection.query(queries::quarantine_list, of_target);
  const auto reply = reply_of(rows);
  std::cout << (options.json ? api::json_of(reply) + "\n" : to_text(reply));
  co_return ExitCode::kOk;
}

asio::awaitable<ExitCode> retry_keys(const Options& options, const std::string& migration, const std::string& target) {
  pg::Connection connection = co_await open_prepared(options, migration);
  pg::Parameters of_target = {migration, target};
  const auto result = co_await connection.query(queries::quarantine_retry, of_target);
  co_return tell_changed(options, static_cast<double>(result.affected()), fmt::format("{} keys are tried again.\n", result.affected()),
                         "crossfade quarantine list: what is refused again stands there");
}

/// `action`: accept, or withdraw, which takes that back.
asio::awaitable<ExitCode> waive(const Options& options, const std::string& migration, const std::string& action, const std::string& target, const std::string& key) {
  pg::Connection connection = co_await open_prepared(options, migration);
  const char* user = std::getenv("USER");
  pg::Parameters parameters = {migration, key, user == nullptr ? "" : user, target, action};
  const auto result = co_await connection.query(queries::quarantine_accept, parameters);
  const auto row = pg::first(result);
  const auto targets = parse_array(row.text("targets"));
  const auto of = target.empty() ? "" : " of " + target;
  if (targets.empty()) {
    const auto* state = action == "accept" ? "waits in quarantine" : "is accepted";
    throw usage_failure(fmt::format("no key {}{} {}", key, of, state), "`crossfade quarantine list` shows them");
  }
  if (targets.size() > 1) {
    std::vector<std::string> commands;
    for (const auto& each : targets) commands.push_back(fmt::format("`crossfade quarantine {} {} {}`", action, shell_word(each.value()), shell_word(key)));
    throw usage_failure(fmt::format("key {} stands in quarantine for {} targets, and accepting one says nothing of the others", key, targets.size()),
                        fmt::format("say which: {}", fmt::join(commands, ", ")));
  }
  const auto changed = row.number("changed");
  const auto* what = action == "accept" ? "{} keys of {} are accepted: the writes may move without what they were to bring.\n"
                                        : "{} keys of {} are accepted no more: the writes do not move without what they bring.\n";
  co_return tell_changed(options, static_cast<double>(changed), fmt::format(fmt::runtime(what), changed, targets.front().value()));
}

ExitCode quarantine(const Options& options, const QuarantineOptions& own) {
  const auto migration = load(options).yaml.migration();
  const auto action = own.words.empty() ? std::string("list") : own.words.front();
  const auto words = own.words.size();
  const auto target = words == 3 || (words == 2 && (action == "list" || action == "retry")) ? own.words[1] : "";
  asio::io_context io;
  if (action == "list" && words <= 2) return run_to_end(io, list_keys(options, migration, target));
  if (action == "retry" && words <= 2) return run_to_end(io, retry_keys(options, migration, target));
  const bool waives = action == "accept" || action == "withdraw";
  if (waives && (words == 2 || words == 3)) return run_to_end(io, waive(options, migration, action, target, own.words.back()));
  if (waives) {
    throw usage_failure(fmt::format("{} wants one key", action), fmt::format("write `crossfade quarantine {} TARGET KEY`, as `crossfade quarantine list` shows it", action));
  }
  throw usage_failure(fmt::format("quarantine cannot {}", fmt::join(own.words, " ")), "write `crossfade quarantine list`, `retry`, `accept TARGET KEY` or `withdraw TARGET KEY`");
}

}  // namespace

Command quarantine_command() {
  return {"quarantine", "Steer", "Keys set aside: list or retry them, or accept one so that the writes may move without it", with_options(declare, quarantine)};
}

}  // namespace crossfade::app
