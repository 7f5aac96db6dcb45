#include "app/commands/commands.h"
#include "app/daemon/daemon.h"

namespace crossfade::app {
namespace {

void declare(OptionSet& options, DaemonOptions& own) {
  options.flag("--prepare", own.prepare, "Prepare first, if that was not done");
  options.flag("--standby", own.standby, "While another daemon leads, wait for its end instead of ending; has a --control of its own on the same machine");
  options.text("--http", own.http, "HOST:PORT", "For the status page, /metrics, /status, /livez, /readyz");
  options.number("--jobs", own.jobs, {1, 64}, "Sessions that backfill or catch up at a time; 2 unless given").once_called("--lanes");
  options.size("--memory", own.memory, "Memory for waiting keys, e.g. 64MB");
  options.duration("--verify-every", own.verify_every, "Compare v2 with the views so often, 12h unless given; 0: only when asked");
}

}  // namespace

Command run_command() { return {"run", "Set up", "The daemon: backfill, then follow", with_options(declare, run_daemon)}; }

}  // namespace crossfade::app
