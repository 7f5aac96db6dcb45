#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "app/cli/options.h"
#include "base/error/exit_code.h"

namespace crossfade::app {

struct DaemonOptions {
  bool prepare = false;                                            ///< prepare first, if that was not done
  bool standby = false;                                            ///< wait for the lease while another daemon has it
  std::string http;                                                ///< HOST:PORT; empty: no page
  int jobs = 2;                                                    ///< sessions that backfill or catch up at a time
  std::optional<std::uint64_t> memory;                             ///< for waiting keys, in bytes
  std::chrono::milliseconds verify_every = std::chrono::hours(12); ///< 0: only when asked
};

/// Backfills, then follows, until it is told to stop.
ExitCode run_daemon(const Options& options, const DaemonOptions& own);

}  // namespace crossfade::app
