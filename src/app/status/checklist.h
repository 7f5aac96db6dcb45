#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "app/cli/options.h"
#include "base/error/exit_code.h"
#include "base/text/paint.h"
#include "crossfade/v1/reply.pb.h"
#include "cutover/layout/blockers.h"

namespace crossfade::app {

/// A line a condition, and below one that is not met the command that mends it. Of a terminal `width` columns wide no word is cut in two; a
/// command stays in one piece.
std::string checklist_text(const std::vector<cutover::Condition>& checklist, const Paint& paint = {}, std::size_t width = 0);

/// The same of one condition, for scripts.
v1::Condition reply_of(const cutover::Condition& condition);

/// Says what keeps a flip from happening; with the exit code of it. `reply` is what is known of the flip.
ExitCode show_blockers(const Options& options, const std::vector<cutover::Condition>& blockers, v1::Flip reply);

/// How long writers will be made to wait.
struct HoldEstimate {
  double milliseconds = 0;
  std::optional<double> last_milliseconds;       ///< of the flip before
  std::chrono::milliseconds limit{0};
};

/// What a flip wants and what it would do.
struct CutoverPlan {
  std::vector<cutover::Condition> checklist;
  std::vector<std::string> inventory;            ///< what hangs on the tables, and what becomes of it
  std::vector<std::string> steps;
  std::optional<HoldEstimate> hold;              ///< none: nobody is made to wait
  std::string action;                            ///< the command without its --dry-run: "cutover writes"; "" where it would do nothing
};

/// Prints it as it was asked for; with the exit code of what is not met.
ExitCode show_cutover_plan(const Options& options, const CutoverPlan& plan);

}  // namespace crossfade::app
