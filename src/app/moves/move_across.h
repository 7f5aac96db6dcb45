#pragma once

#include "app/cli/options.h"
#include "app/moves/move_writes.h"
#include "base/error/exit_code.h"
#include "cutover/writes/writes.h"

namespace crossfade::app {

/// move_writes() where v2 is on another server: there, and there alone is no way back once it is open; to v1 what was begun is taken back.
ExitCode move_across(const Options& options, const MoveWritesOptions& own, const cutover::WritesFlip& flip);

}  // namespace crossfade::app
