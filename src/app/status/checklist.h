#pragma once

#include <string>
#include <vector>

#include "base/paint.h"
#include "cutover/layout/blockers.h"

namespace crossfade::app {

/// A line a condition, and below one that is not met the command that mends it.
std::string checklist_text(const std::vector<cutover::Condition>& checklist, const Paint& paint = {});

}  // namespace crossfade::app
