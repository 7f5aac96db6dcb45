#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

#include "app/cli/option_set.h"
#include "app/cli/options.h"
#include "base/error/exit_code.h"
#include "mapping/model/model.h"

namespace crossfade::app {

struct MoveWritesOptions {
  bool dry_run = false;
  std::optional<std::chrono::milliseconds> hold_limit;    ///< else the file's
  std::optional<std::chrono::milliseconds> lock_timeout;  ///< else the file's
  bool terminate_blockers = false;
  bool rehearse = false;
  bool set_aside = false;                                 ///< of a rollback
  bool no_way_back = false;                               ///< of a cutover to another server: that is meant
  std::filesystem::path evidence = ".";                   ///< the folder for what was proved
};

void declare_move_of_writes(OptionSet& options, MoveWritesOptions& own);

/// The command: turns the data over to the side that follows afterwards, once it is confirmed.
ExitCode move_writes(const Options& options, const MoveWritesOptions& own, mapping::Direction to);

}  // namespace crossfade::app
