#include "app/status/checklist.h"

#include <fmt/format.h>

namespace crossfade::app {

std::string checklist_text(const std::vector<cutover::Condition>& checklist, const Paint& paint) {
  std::string text;
  for (const auto& condition : checklist) {
    text += fmt::format("{} {}: {}\n", condition.met ? paint.good("✓") : paint.bad("✗"), condition.reason, condition.detail);
    if (!condition.met) text += fmt::format("  mend: {}\n", condition.fix);
  }
  return text;
}

}  // namespace crossfade::app
