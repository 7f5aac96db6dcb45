#include "app/demo/stage.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/util/json_util.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <iostream>
#include <sstream>
#include <thread>

#include "api/client.h"
#include "app/cli/context.h"
#include "base/error/failure.h"
#include "base/text/human.h"

namespace crossfade::app {
namespace {

using namespace std::chrono_literals;

std::string binary() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

std::string progress(const v1::Status& status, bool done) {
  const auto& backfill = status.backfill();
  const double share = done ? 100 : backfill.estimated_rows() > 0 ? std::min(99.0, 100 * backfill.done_rows() / backfill.estimated_rows()) : 0;
  return fmt::format("  {:<12} {:>3.0f} %  {:>10} rows  {:>9} rows/s{}  lag {}", status.phase(), share, human_count(backfill.done_rows()),
                     human_count(backfill.rows_per_second()),
                     backfill.has_eta_seconds() ? "  " + human_seconds(backfill.eta_seconds()) + " left" : "",
                     status.lag().has_seconds() ? human_seconds(status.lag().seconds()) : "not known yet");
}

}  // namespace

Stage::Stage(std::filesystem::path migration, ThrowawayServer::Options server) : migration_(std::move(migration)), server_(std::move(server)) {}

void Stage::say(const std::string& sentence) { std::cout << "\n» " << sentence << std::endl; }

void Stage::start_daemon() {
  say("$ crossfade run --prepare        (in the background; its log: " + log().string() + ")");
  daemon_ = std::make_unique<Program>(command_line({"run", "--prepare", "--http", "127.0.0.1:0"}), log());
}

v1::Status Stage::watch_until_following() {
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  auto next_line = pg::Clock::now();
  for (;;) {
    if (!daemon_->running()) throw precondition_failure("the daemon has ended:\n" + daemon_->output(), "see its log above");
    const auto status = now();
    const bool done = status && status->phase() == "following";
    if (status && (terminal || done || pg::Clock::now() >= next_line)) {
      std::cout << (terminal ? "\r\033[K" : "") << progress(*status, done) << (terminal && !done ? "" : "\n") << std::flush;
      next_line = pg::Clock::now() + 2s;
    }
    if (done) return *status;
    std::this_thread::sleep_for(200ms);
  }
}

void Stage::stop_daemon() {
  daemon_->signal(SIGTERM);
  const auto exit = daemon_->exit_within(30s);
  if (exit != 0) throw precondition_failure(fmt::format("the daemon ended with {}:\n{}", exit.value_or(-1), daemon_->output()), "see its log above");
}

int Stage::attempt(const std::vector<std::string>& words, Shown shown) {
  say(fmt::format("$ crossfade {}", fmt::join(words, " ")));
  auto call = command_line(words);
  call.insert(call.end(), {"--log-level", "warn"});
  Program program(call, server_.directory() / fmt::format("command_{}.txt", ++commands_));
  const auto exit = program.exit_within(24h);
  auto output = program.output();
  if (shown == Shown::kLastLine && exit == 0 && output.size() > 1) output.erase(0, output.rfind('\n', output.size() - 2) + 1);
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) std::cout << "  " << line << "\n";
  return exit.value_or(-1);
}

void Stage::command(const std::vector<std::string>& words, Shown shown) {
  const int exit = attempt(words, shown);
  if (exit != 0) throw precondition_failure(fmt::format("crossfade {} ended with {}", fmt::join(words, " "), exit), "see above");
}

std::string Stage::value(std::string sql) const {
  asio::io_context io;
  const auto query = [&]() -> asio::awaitable<std::string> {
    pg::Endpoint endpoint;
    endpoint.conninfo = server_.conninfo();
    pg::Connection connection = co_await pg::Connection::open(endpoint);
    co_await connection.script("select set_config('search_path', 'public', false)");
    const auto rows = co_await connection.script(sql);
    co_return rows.empty() || rows.columns() == 0 ? std::string{} : std::string(rows.text(0, 0));
  };
  return run_to_end(io, query());
}

void Stage::wait_for_interrupt() const {
  say("Everything is left running until Ctrl-C. In another terminal:");
  std::cout << fmt::format("  psql '{}'\n  {} status --watch --migration {} --source '{}' --control {}\n", server_.conninfo(), binary(),
                           migration_.string(), server_.conninfo(), control())
            << std::flush;
  asio::io_context io;
  asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([](const boost::system::error_code&, int) {});
  io.run();
}

std::optional<v1::Status> Stage::now() const {
  try {
    v1::Status status;
    const auto answer = api::ask(control(), {"GET", "/status", ""});
    if (google::protobuf::util::JsonStringToMessage(answer.body, &status).ok()) return status;
  } catch (const Failure&) {
    // It is still preparing; its log is shown if it ends.
  }
  return std::nullopt;
}

std::vector<std::string> Stage::command_line(std::vector<std::string> words) const {
  words.insert(words.begin(), binary());
  words.insert(words.end(), {"--migration", migration_.string(), "--source", server_.conninfo(), "--control", control(), "--no-input"});
  return words;
}

}  // namespace crossfade::app
