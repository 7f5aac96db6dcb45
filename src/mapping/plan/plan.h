#pragma once

#include <string>

#include "base/text/paint.h"
#include "crossfade/v1/plan.pb.h"
#include "mapping/preflight/preflight.h"

namespace crossfade::mapping {

/// What `crossfade plan` prints: the findings with what mends them, then the targets in their order, each with the locators
/// its rows are found by, the rules that lead to them and the columns that matter. Ends with one line of verdict.
std::string plan_text(const Preflight& preflight, const Paint& paint = {});

/// Only what is to be mended, for a command that cannot go on before it is.
std::string faults_text(const Preflight& preflight);
/// The same, with where the rest is to be had.
std::string refusal_text(const Preflight& preflight);

/// The statements that refresh each target, by each of its locators, for --print-sql.
std::string refresh_sql(const Model& model);

/// The view of the target, and of the old table of that name on the way back, each as a tree with the way of every table in it. Throws a
/// usage Failure where there is neither.
std::string explanation_text(const Preflight& preflight, const std::string& target, const Paint& paint = {});
void add_explanation(const Preflight& preflight, const std::string& target, v1::PlanReply& reply);

/// What each side has that the other has no word for.
std::string unsaid_text(const Preflight& preflight);
void add_unsaid(const Preflight& preflight, v1::PlanReply& reply);

/// All of it, for --json.
v1::PlanReply plan_reply(const Preflight& preflight);

}  // namespace crossfade::mapping
