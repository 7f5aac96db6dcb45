#include "scenario/stage.h"

#include <fmt/format.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <regex>
#include <stdexcept>

#include "scenario/equal.h"

namespace crossfade::test {
namespace {

using namespace std::chrono_literals;
constexpr auto kLimit = 60s;  // for anything that happens by itself; generous, because nothing ever waits for it in vain
constexpr int kNotReady = 5;  // the daemon does not listen yet

[[noreturn]] void fail(std::string message) { throw std::runtime_error(std::move(message)); }

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) fail("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

bool matches(const std::string& text, const std::string& regex) { return std::regex_search(text, std::regex(regex)); }

}  // namespace

Stage::Stage(std::filesystem::path binary, std::vector<std::filesystem::path> folders)
    : binary_(std::move(binary)), folders_(std::move(folders)) {}

void Stage::perform(const Step& step) {
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

void Stage::migration(const Step& step) {
  for (const auto& folder : folders_) {
    if (std::filesystem::exists(folder / step.rest / "migration.yaml")) migration_ = folder / step.rest;
  }
  if (migration_.empty()) fail("no migration is called " + step.rest);
  session(step).exec(read(migration_ / "v1.sql"));
}

Sql& Stage::session(const Step& step) {
  const bool named = step.words.size() >= 3 && step.words[1] == "in";
  auto& found = sessions_[named ? step.words[2] : ""];
  if (!found) found = std::make_unique<Sql>(database_.conninfo());
  return *found;
}

void Stage::statement(const Step& step) {
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

void Stage::query(const Step& step) {
  const auto expected = parse_query(step);
  auto rows = session(step).rows(expected.sql);
  const auto as_expected = [&] {
    rows = session(step).rows(expected.sql);
    return rows == expected.rows || (daemon_ && !daemon_->running());
  };
  if (step.rest == "until") eventually(as_expected, kLimit);
  if (daemon_ && !daemon_->running()) fail("the daemon has ended by itself");
  if (rows != expected.rows) fail(fmt::format("expected\n{}but got\n{}", body_text(expected.rows), body_text(rows)));
}

void Stage::sync() {
  const auto lsn = Sql(database_.conninfo()).value("select pg_current_wal_insert_lsn()");
  std::pair<int, std::string> last;
  const bool there = eventually(
      [&] {
        if (daemon_ && !daemon_->running()) return true;
        last = call({"wait", "--lsn", lsn, "--timeout", "60s"});
        return last.first != kNotReady;
      },
      kLimit);
  if (daemon_ && !daemon_->running()) fail("the daemon has ended by itself");
  if (!there || last.first != 0) fail(fmt::format("wait ended with {}: {}", last.first, last.second));
}

void Stage::equal() {
  Sql sql(database_.conninfo());
  const auto differences = differences_to_views(sql, migration_);
  if (!differences.empty()) fail("shadow and view differ:\n" + body_text(differences));
}

void Stage::daemon(const Step& step) {
  const std::string verb = step.words.size() > 1 ? step.words[1] : "";
  if (verb == "start") {
    std::vector<std::string> words{"run", "--prepare"};
    words.insert(words.end(), step.words.begin() + 2, step.words.end());
    daemon_ = std::make_unique<Program>(command_line(std::move(words)), server_.directory() / "daemon.log");
    return;
  }
  if (!daemon_) fail("no daemon was started");
  if (verb == "stop") {
    daemon_->signal(SIGTERM);
    const auto exit = daemon_->exit_within(kLimit);
    if (exit != 0) fail(exit ? fmt::format("the daemon ended with {}", *exit) : "the daemon did not stop");
  } else if (verb == "kill") {
    daemon_->signal(SIGKILL);
    daemon_->exit_within(kLimit);
  } else {
    fail("daemon start, stop or kill");
  }
  daemon_.reset();
}

void Stage::cli(const Step& step) {
  const auto expected = parse_cli(step);
  const auto [exit, output] = call({step.words.begin() + 1, step.words.end()});
  if (exit != expected.exit) fail(fmt::format("expected exit {}, got {}:\n{}", expected.exit, exit, output));
  for (const auto& regex : expected.output) {
    if (!matches(output, regex)) fail(fmt::format("expected output {}, got:\n{}", regex, output));
  }
}

void Stage::server(const Step& step) {
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

std::vector<std::string> Stage::command_line(std::vector<std::string> words) const {
  if (migration_.empty()) fail("the scenario names no migration yet");
  words.insert(words.begin(), binary_);
  for (const std::string& word :
       {std::string("--migration"), migration_.string(), std::string("--source"), database_.conninfo(),
        std::string("--control"), (server_.directory() / "control.sock").string(), std::string("--no-input")}) {
    words.push_back(word);
  }
  return words;
}

std::pair<int, std::string> Stage::call(const std::vector<std::string>& words) {
  Program program(command_line(words), server_.directory() / fmt::format("call-{}.log", ++calls_));
  const auto exit = program.exit_within(2 * kLimit);
  if (!exit) fail(fmt::format("the command does not end:\n{}", program.output()));
  return {*exit, program.output()};
}

std::string Stage::daemon_log() const {
  const auto path = server_.directory() / "daemon.log";
  return std::filesystem::exists(path) ? read(path) : "";
}

}  // namespace crossfade::test
