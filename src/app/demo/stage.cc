#include "app/demo/stage.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/util/json_util.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <iostream>
#include <thread>

#include "api/client.h"
#include "app/cli/context.h"
#include "base/error/failure.h"

namespace crossfade::app {
namespace {

using namespace std::chrono_literals;

std::string binary() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

}  // namespace

Stage::Stage(std::filesystem::path migration, ThrowawayServer::Options server, Audience& audience)
    : audience_(audience), migration_(std::move(migration)), server_(std::move(server)) {}

/// The exit code; nothing where it has not ended within the limit.
std::optional<int> Stage::wait_for(Program& program, std::chrono::milliseconds limit) const {
  const auto give_up = pg::Clock::now() + limit;
  for (;;) {
    const auto exit = program.exit_within(100ms);
    // A child hears the same Ctrl-C: what it ended with is not its own doing then.
    audience_.go_on();
    if (exit || pg::Clock::now() >= give_up) return exit;
  }
}

void Stage::start_daemon() {
  say("$ crossfade run --prepare        (in the background; its log: " + log().string() + ")");
  daemon_ = std::make_unique<Program>(command_line({"run", "--prepare", "--http", "127.0.0.1:0"}), log());
}

v1::Status Stage::watch_until_following() {
  for (;;) {
    audience_.go_on();
    if (!daemon_->running()) throw precondition_failure("the daemon has ended:\n" + daemon_->output(), "see its log above");
    const auto status = now();
    const bool done = status && status->phase() == "following";
    if (status) audience_.see(*status, done);
    if (done) return *status;
    std::this_thread::sleep_for(200ms);
  }
}

void Stage::stop_daemon() {
  daemon_->signal(SIGTERM);
  const auto exit = wait_for(*daemon_, 30s);
  if (exit != 0) throw precondition_failure(fmt::format("the daemon ended with {}:\n{}", exit.value_or(-1), daemon_->output()), "see its log above");
}

int Stage::run_command(const std::vector<std::string>& words, Shown shown) {
  say(fmt::format("$ crossfade {}", fmt::join(words, " ")));
  auto call = command_line(words);
  call.insert(call.end(), {"--log-level", "warn"});
  Program program(call, server_.directory() / fmt::format("command_{}.txt", ++commands_));
  const auto exit = wait_for(program, 24h);
  answer_ = program.output();
  auto output = answer_;
  if (shown == Shown::kLastLine && exit == 0 && output.size() > 1) output.erase(0, output.rfind('\n', output.size() - 2) + 1);
  audience_.show(output);
  return exit.value_or(-1);
}

void Stage::command(const std::vector<std::string>& words, Shown shown) {
  const int exit = run_command(words, shown);
  if (exit == 0) return;
  Failure::Facts facts;
  facts.exit = ExitCode::kPrecondition;
  facts.message = fmt::format("crossfade {} ended with {}", fmt::join(words, " "), exit);
  if (!audience_.reads()) facts.detail = answer_;
  facts.advice = audience_.reads() ? "see above" : "mend what its answer says, then run this again";
  throw Failure(std::move(facts));
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
  std::exception_ptr thrown;
  std::string first;
  bool done = false;
  asio::co_spawn(io, query(), [&](std::exception_ptr error, std::string answer) {
    thrown = error;
    first = std::move(answer);
    done = true;
  });
  while (!done) {
    io.run_for(100ms);
    audience_.go_on();
  }
  if (thrown) std::rethrow_exception(thrown);
  return first;
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
