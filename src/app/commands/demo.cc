#include "app/demo/demonstration.h"

#include "app/commands/commands.h"
#include "app/ephemeral/server_programs.h"

namespace crossfade::app {
namespace {

void declare(OptionSet& options, DemoOptions& own) {
  options.choice("--size", own.size, {"small", "medium", "large"}, "Sample data; small unless given");
  options.path("--postgres", own.postgres, "DIR", "Make the server of this PostgreSQL; else of the newest that is installed").environment(kPostgresVariable);
  options.flag("--keep", own.keep, "Leave server and daemon running at the end");
}

}  // namespace

Command demo_command() {
  return {"demo", "Begin", "Show the whole move on a throw-away PostgreSQL with sample data and a live writer", with_options(declare, demo)};
}

}  // namespace crossfade::app
