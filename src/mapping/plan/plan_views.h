#pragma once

#include <cstddef>
#include <string>

#include "base/text/paint.h"
#include "crossfade/v1/plan.pb.h"
#include "mapping/preflight/preflight.h"

/// What `plan` shows of the views themselves. Pure.
namespace crossfade::mapping {

/// The view of the target, and of the old table of that name on the way back, each as a tree with the way of every table in it. Throws a
/// usage Failure where there is neither.
std::string explanation_text(const Preflight& preflight, const std::string& target, const Paint& paint = {});
void add_explanation(const Preflight& preflight, const std::string& target, v1::PlanReply& reply);

/// What each side has that the other has no word for.
std::string unsaid_text(const Preflight& preflight, std::size_t width);
void add_unsaid(const Preflight& preflight, v1::PlanReply& reply);

}  // namespace crossfade::mapping
