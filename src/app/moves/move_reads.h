#pragma once

#include <functional>

#include "app/cli/options.h"
#include "base/error/exit_code.h"
#include "crossfade/v1/migration.pb.h"
#include "cutover/reads/reads.h"
#include "setup/prepare/life.h"

namespace crossfade::app {

/// Sends reads where `wanted` says, which is given the cutover's settings of the file, the share on v2 until now, and who asks.
using WantedReads = std::function<cutover::Flip(const v1::CutoverOptions& cutover, double percent_now, std::string who)>;

/// The command, `event`: says what stands in the way, and the steps where it is a dry run; does it otherwise.
ExitCode move_reads(const Options& options, setup::Event event, bool dry_run, const WantedReads& wanted);

}  // namespace crossfade::app
