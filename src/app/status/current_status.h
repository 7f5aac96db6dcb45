#pragma once

#include <string>

#include "app/cli/options.h"
#include "crossfade/v1/status.pb.h"

namespace crossfade::app {

/// The daemon knows most, the lag in seconds among it; without one the database is asked.
v1::Status current_status(const Options& options, const std::string& migration);

}  // namespace crossfade::app
