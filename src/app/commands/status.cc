#include <fmt/format.h>

#include <chrono>
#include <iostream>
#include <thread>

#include "app/cli/context.h"
#include "app/commands/commands.h"
#include "app/status/current_status.h"
#include "app/status/read_status.h"
#include "app/status/status_text.h"
#include "setup/state/editions.h"

namespace crossfade::app {
namespace {

asio::awaitable<std::vector<setup::ScriptChange>> changed_files(const Options& options, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "status"));
  co_return co_await setup::script_changes(connection, file);
}

double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

struct StatusOptions {
  bool watch = false;
};

void declare(OptionSet& options, StatusOptions& own) { options.flag("--watch", own.watch, "Show it again and again"); }

ExitCode status(const Options& options, const StatusOptions& own) {
  const auto file = load(options);
  const auto& migration = file.yaml.migration();
  asio::io_context io;
  const auto changed = run_to_end(io, changed_files(options, file));
  const bool screen = own.watch && can_redraw() && !options.json;
  const auto paint = paint_of(options);
  for (;;) {
    auto state = current_status(options, migration);
    // The folder that the daemon has may be another one, on another machine: whoever asks has this.
    say_of_folder(state, changed);
    if (screen) std::cout << "\033[H\033[2J";
    const bool short_form = own.watch && !screen;
    const auto text = options.json ? status_json(state) + "\n" : short_form ? status_line(state, now()) + "\n" : status_block(state, now(), paint, terminal_width());
    std::cout << text << std::flush;
    // Nobody reads any more, as at the end of `… | head`.
    if (!own.watch || !std::cout) return ExitCode::kOk;
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

}  // namespace

Command status_command() { return {"status", "Look", "Phase, progress, lag and what to do next", with_options(declare, status)}; }

}  // namespace crossfade::app
