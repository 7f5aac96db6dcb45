#include "app/commands/commands.h"
#include "app/moves/move_writes.h"

namespace crossfade::app {
namespace {

void declare(OptionSet& options, MoveWritesOptions& own) {
  declare_move_of_writes(options, own);
  options.flag("--no-way-back", own.no_way_back, "Of v2 on another server: that nothing brings the writes back from there is meant");
}

ExitCode cutover_writes(const Options& options, const MoveWritesOptions& own) { return move_writes(options, own, mapping::Direction::kReverse); }

}  // namespace

Command cutover_writes_command() {
  return {"cutover writes", "Move", "Make v2 the side that is written; v1 is kept true", with_options(declare, cutover_writes), true};
}

}  // namespace crossfade::app
