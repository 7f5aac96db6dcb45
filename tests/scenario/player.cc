#include "scenario/player.h"

#include <fmt/format.h>

#include <regex>
#include <stdexcept>

#include "scenario/equal.h"

namespace crossfade::test {
namespace {

[[noreturn]] void fail(std::string message) { throw std::runtime_error(std::move(message)); }

bool matches(const std::string& text, const std::string& regex) { return std::regex_search(text, std::regex(regex)); }

}  // namespace

void Player::perform(const Step& step) {
  const auto& what = step.words.front();
  if (what == "migration") return migration(step);
  if (what == "statement") return statement(step);
  if (what == "query") return query(step);
  if (what == "sync") return sync();
  if (what == "equal") return equal();
  if (what == "daemon") return daemon(step);
  if (what == "cli") return cli(step);
  if (what == "server") return server(step);
  fail("unknown command " + what);
}

void Player::migration(const Step& step) {
  for (const auto& folder : folders_) {
    if (std::filesystem::exists(folder / step.rest / "migration.yaml")) stage_ = std::make_unique<Stage>(folder / step.rest, server_);
  }
  if (!stage_) fail("no migration is called " + step.rest);
  session(step).exec(read_file(stage_->folder() / "v1.sql"));
}

Stage& Player::stage() {
  if (!stage_) fail("the scenario names no migration yet");
  return *stage_;
}

Sql& Player::session(const Step& step) {
  const bool named = step.words.size() >= 3 && step.words[1] == "in";
  auto& found = sessions_[named ? step.words[2] : ""];
  if (!found) found = std::make_unique<Sql>(stage().conninfo());
  return *found;
}

void Player::statement(const Step& step) {
  static const std::regex error(R"((?:in \S+ )?error (.*))");
  std::smatch expected;
  const bool must_fail = std::regex_match(step.rest, expected, error);
  std::string message;
  try {
    session(step).exec(body_text(step.body));
  } catch (const std::runtime_error& refused) {
    message = refused.what();
  }
  if (must_fail && !matches(message, expected[1])) {
    fail(fmt::format("expected the error {}, got {}", expected[1].str(), message.empty() ? "none" : message));
  }
  if (!must_fail && !message.empty()) fail(message);
}

void Player::query(const Step& step) {
  const auto expected = parse_query(step);
  auto rows = session(step).rows(expected.sql);
  const auto ended = [&] { return stage().has_daemon() && !stage().daemon().running(); };
  const auto as_expected = [&] {
    rows = session(step).rows(expected.sql);
    return rows == expected.rows || ended();
  };
  if (step.rest == "until") eventually(as_expected, kLimit);
  if (ended()) fail("the daemon has ended by itself");
  if (rows != expected.rows) fail(fmt::format("expected\n{}but got\n{}", body_text(expected.rows), body_text(rows)));
}

/// By the command, which knows either direction.
void Player::sync() {
  const auto lsn = Sql(stage().conninfo()).value("select pg_current_wal_insert_lsn()");
  const auto [exit, output] = stage().call({"wait", "--lsn", lsn, "--timeout", "60s"});
  stage().expect_daemon();
  if (exit != 0) fail(fmt::format("wait ended with {}: {}", exit, output));
}

void Player::equal() {
  Sql sql(stage().conninfo());
  const auto differences = differences_to_views(sql, stage().folder());
  if (!differences.empty()) fail("shadow and view differ:\n" + body_text(differences));
}

void Player::daemon(const Step& step) {
  const std::string verb = step.words.size() > 1 ? step.words[1] : "";
  if (verb == "start") return stage().start_daemon({step.words.begin() + 2, step.words.end()});
  if (!stage().has_daemon()) fail("no daemon was started");
  if (verb == "stop") return stage().stop_daemon();
  if (verb == "kill") return stage().kill_daemon();
  fail("daemon start, stop or kill");
}

void Player::cli(const Step& step) {
  const auto expected = parse_cli(step);
  const auto [exit, output] = stage().call({step.words.begin() + 1, step.words.end()});
  if (exit != expected.exit) fail(fmt::format("expected exit {}, got {}:\n{}", expected.exit, exit, output));
  for (const auto& regex : expected.output) {
    if (!matches(output, regex)) fail(fmt::format("expected output {}, got:\n{}", regex, output));
  }
}

void Player::server(const Step& step) {
  const std::string verb = step.words.size() > 1 ? step.words[1] : "";
  if (verb == "set" && step.words.size() == 4) {
    server_.set(step.words[2], step.words[3]);
    return server_.reload();
  }
  sessions_.clear();  // they would be refused from now on
  if (verb == "crash") return server_.restart(ThrowawayServer::Stop::kImmediate);
  if (verb == "restart") return server_.restart(ThrowawayServer::Stop::kFast);
  fail("server set NAME VALUE, crash or restart");
}

}  // namespace crossfade::test
