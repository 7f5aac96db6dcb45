#include "app/demo/rehearsal.h"

#include "app/commands/commands.h"

namespace crossfade::app {
namespace {

void declare(OptionSet& options, RehearseOptions& own) {
  options.path("--from", own.from, "FILE", "full.dump of a backup; else the source is dumped now");
}

}  // namespace

Command rehearse_command() {
  return {"rehearse", "Data", "The whole move on a restored copy, on a throw-away PostgreSQL here", with_options(declare, rehearse)};
}

}  // namespace crossfade::app
