#include "app/moves/flip_hook.h"

#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include <csignal>
#include <exception>

#include "app/ephemeral/program.h"
#include "app/ephemeral/temporary_directory.h"
#include "async/sleep.h"
#include "base/telemetry/log.h"

namespace crossfade::app {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr auto kLookAgain = 5ms;

struct Call {
  std::string command;
  std::string migration;
  std::string action;
  std::chrono::milliseconds timeout;
};

/// What it wrote, in one line.
std::string said(const Program& program) {
  auto text = program.output();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text.empty() ? "" : ": " + log::redact(text);
}

asio::awaitable<std::string> run(Call call, std::string word) {
  const TemporaryDirectory scratch;
  const Environment environment = {{"CROSSFADE_HOOK", word}, {"CROSSFADE_MIGRATION", call.migration}, {"CROSSFADE_ACTION", call.action}};
  // A session of its own: with the shell goes all that it has begun. A pause that came through after we gave it up would last.
  const std::vector<std::string> shell = {"/usr/bin/setsid", "/bin/sh", "-c", call.command, "hook", word};
  Program program(shell, scratch.path / "output", environment);
  const auto give_up = std::chrono::steady_clock::now() + call.timeout;
  while (program.running() && std::chrono::steady_clock::now() < give_up) {
    co_await async::sleep_for(kLookAgain);
  }
  const auto exit = program.exit_within(0ms);
  if (!exit) kill(-program.pid(), SIGKILL);
  if (!exit) co_return fmt::format("it did not end within {} ms{}", call.timeout.count(), said(program));
  co_return *exit == 0 ? "" : fmt::format("exit code {}{}", *exit, said(program));
}

/// While the applications wait.
void ignore_interrupts(bool ignore) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, ignore ? SIG_IGN : SIG_DFL);
}

asio::awaitable<std::string> call_hook(Call call, std::string word) {
  const bool pauses = word == "pause";
  if (pauses) ignore_interrupts(true);
  std::string why;
  try {
    auto running = run(std::move(call), std::move(word));
    why = co_await std::move(running);
  } catch (const std::exception& error) {
    why = fmt::format("it could not be run: {}", error.what());
  }
  if (!pauses) ignore_interrupts(false);
  co_return why;
}

}  // namespace

cutover::Hook flip_hook(const v1::Migration& yaml, std::string action) {
  const auto& cutover = yaml.cutover();
  if (cutover.hook().empty()) return {};
  const Call call{cutover.hook(), yaml.migration(), std::move(action),
                  std::chrono::milliseconds(google::protobuf::util::TimeUtil::DurationToMilliseconds(cutover.hook_timeout()))};
  return [call](std::string word) { return call_hook(call, std::move(word)); };
}

}  // namespace crossfade::app
