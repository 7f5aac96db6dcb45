#include "app/commands/commands.h"
#include "app/moves/move_writes.h"

namespace crossfade::app {
namespace {

ExitCode cutover_writes(const Options& options, const MoveWritesOptions& own) { return move_writes(options, own, mapping::Direction::kReverse); }

}  // namespace

Command cutover_writes_command() {
  return {"cutover writes", "Move", "Make v2 the side that is written; v1 is kept true", with_options(declare_move_of_writes, cutover_writes), true};
}

}  // namespace crossfade::app
