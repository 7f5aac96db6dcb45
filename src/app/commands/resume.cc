#include "app/cli/context.h"
#include "app/cli/daemon_socket.h"
#include "app/cli/tell_script.h"
#include "app/commands/commands.h"

namespace crossfade::app {
namespace {

ExitCode resume(const Options& options) {
  ask_daemon(options, load(options).yaml.migration(), {"POST", "/v1/resume", "{}"});
  tell_script(options, did("going on"));
  return ExitCode::kOk;
}

}  // namespace

Command resume_command() { return {"resume", "Steer", "Go on after pause", without_options(resume)}; }

}  // namespace crossfade::app
