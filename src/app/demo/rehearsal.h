#pragma once

#include <filesystem>

#include "app/cli/options.h"
#include "base/error/exit_code.h"

namespace crossfade::app {

struct RehearseOptions {
  std::filesystem::path from;  ///< the full.dump of a backup; empty: the source is dumped now
};

/// The whole move on a restored copy, on a throw-away PostgreSQL here.
ExitCode rehearse(const Options& options, const RehearseOptions& own);

}  // namespace crossfade::app
