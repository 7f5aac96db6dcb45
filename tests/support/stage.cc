#include "support/stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace crossfade::test {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

Stage::Stage(std::filesystem::path folder, ThrowawayServer& server, const std::string& as_in)
    : folder_(std::move(folder)), directory_(server.directory()), database_(server, as_in), source_(database_.conninfo()) {}

void Stage::start_daemon(const std::vector<std::string>& more) {
  std::vector<std::string> words{"run", "--prepare"};
  words.insert(words.end(), more.begin(), more.end());
  daemon_ = std::make_unique<Program>(command_line(std::move(words)), file(".log"));
}

void Stage::stop_daemon() {
  daemon_->signal(SIGTERM);
  const auto exit = daemon_->exit_within(kLimit);
  daemon_.reset();
  if (exit != 0) throw std::runtime_error(exit ? fmt::format("the daemon that was told to stop ended with {}", *exit) : "the daemon did not stop");
}

void Stage::kill_daemon() {
  daemon_->signal(SIGKILL);
  const auto exit = daemon_->exit_within(kLimit);
  daemon_.reset();
  if (exit != 128 + SIGKILL) throw std::runtime_error("the daemon that was to be killed had ended by itself");
}

void Stage::expect_daemon() {
  if (!daemon_ || !daemon_->running()) throw std::runtime_error(daemon_ ? "the daemon has ended by itself" : "no daemon was started");
}

std::string Stage::daemon_log() const { return read_file(file(".log")); }

std::pair<int, std::string> Stage::call(std::vector<std::string> words, std::chrono::seconds limit) {
  const auto program = start(std::move(words));
  const auto exit = program->exit_within(limit);
  return {exit.value_or(-1), program->output()};
}

std::unique_ptr<Program> Stage::start(std::vector<std::string> words, const Environment& environment) {
  return std::make_unique<Program>(command_line(std::move(words)), file(fmt::format("-{}.log", ++calls_)), environment);
}

void Stage::wait_until_caught_up(std::chrono::seconds limit) {
  Sql sql(conninfo());
  wait_until_caught_up(sql, limit);
}

void Stage::wait_until_caught_up(Sql& sql, std::chrono::seconds limit) {
  const auto lsn = sql.value("select pg_current_wal_insert_lsn()");
  // Before there is a checkpoint nothing can be waited for.
  const auto prepared = [&] {
    return sql.value("select to_regclass('crossfade.checkpoint')") != "" &&
           sql.value(fmt::format("select 1 from crossfade.checkpoint where migration = '{}'", name())) == "1";
  };
  const auto there = [&] { return prepared() && sql.value(fmt::format("select crossfade.wait_for('{}', '100ms')", lsn)) == "t"; };
  const bool caught_up = eventually([&] { return !daemon_ || !daemon_->running() || there(); }, limit);
  expect_daemon();
  if (!caught_up) throw std::runtime_error("not caught up with " + lsn);
}

std::vector<std::string> Stage::command_line(std::vector<std::string> words) const {
  words.insert(words.begin(), CROSSFADE_BINARY);
  const auto option = [&](const std::string& option_name, const std::string& value) {
    // What a test gives itself outranks.
    if (std::find(words.begin(), words.end(), option_name) == words.end()) words.insert(words.end(), {option_name, value});
  };
  option("--migration", folder_.string());
  option("--source", source_);
  option("--control", file(".sock").string());
  words.emplace_back("--no-input");
  // Before the command: verify has one of its own.
  if (!target_.empty()) words.insert(words.begin() + 1, {"--target", target_});
  return words;
}

}  // namespace crossfade::test
