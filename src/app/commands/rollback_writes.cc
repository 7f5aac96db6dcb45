#include "app/commands/commands.h"
#include "app/moves/move_writes.h"

namespace crossfade::app {
namespace {

void declare(OptionSet& options, MoveWritesOptions& own) {
  declare_move_of_writes(options, own);
  options.flag("--set-aside", own.set_aside, "Keep rows that v1 cannot take in table MIGRATION_set_aside, with their reason, and go on");
}

ExitCode rollback_writes(const Options& options, const MoveWritesOptions& own) { return move_writes(options, own, mapping::Direction::kForward); }

}  // namespace

Command rollback_writes_command() {
  return {"rollback writes", "Move", "Make v1 the side that is written again, with nothing lost", with_options(declare, rollback_writes), true};
}

}  // namespace crossfade::app
