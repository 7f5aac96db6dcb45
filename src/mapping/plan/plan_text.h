#pragma once

#include <string>

#include "base/text/paint.h"
#include "crossfade/v1/plan.pb.h"
#include "mapping/preflight/preflight.h"

namespace crossfade::mapping {

/// What `crossfade plan` prints: the findings with what mends them, then the targets in their order, each with the locators
/// its rows are found by, the rules that lead to them and the columns that matter. Ends with one line of verdict. Of a terminal `width`
/// columns wide no word is cut in two, and a statement stays in one piece; 0: there is none, and a line is a line.
std::string plan_text(const Preflight& preflight, const Paint& paint = {}, std::size_t width = 0);

/// Only what is to be mended, for a command that cannot go on before it is.
std::string faults_text(const Preflight& preflight);
/// The same, with where the rest is to be had.
std::string refusal_text(const Preflight& preflight);

/// The statements that refresh each target, by each of its locators, for --print-sql.
std::string refresh_sql(const Model& model);

/// All of it, for --json.
v1::PlanReply plan_reply(const Preflight& preflight);

}  // namespace crossfade::mapping
