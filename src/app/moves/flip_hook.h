#pragma once

#include "app/cli/options.h"
#include "cutover/writes/writes.h"

namespace crossfade::app {

/// The command of cutover.hook, given to the shell; its output is kept until it has failed. Null where the file has none. While the
/// applications wait, an interrupt does not end us: they would go on waiting.
cutover::Hook flip_hook(const v1::Migration& yaml, std::string action);

}  // namespace crossfade::app
