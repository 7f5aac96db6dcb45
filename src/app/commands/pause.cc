#include "app/cli/context.h"
#include "app/cli/daemon_socket.h"
#include "app/cli/tell_script.h"
#include "app/commands/commands.h"

namespace crossfade::app {
namespace {

ExitCode pause(const Options& options) {
  ask_daemon(options, load(options).yaml.migration(), {"POST", "/v1/pause", "{}"});
  tell_script(options, did("paused; changes are spilled to a table meanwhile", {}, {"crossfade resume"}));
  return ExitCode::kOk;
}

}  // namespace

Command pause_command() { return {"pause", "Steer", "Hold the backfill and the refresh; changes are spilled to a table meanwhile", without_options(pause)}; }

}  // namespace crossfade::app
