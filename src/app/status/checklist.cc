#include "app/status/checklist.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "api/message.h"
#include "app/cli/context.h"
#include "base/text/fold.h"
#include "crossfade/v1/reply.pb.h"

namespace crossfade::app {
namespace {

std::string to_text(const CutoverPlan& plan, const Paint& paint, std::size_t width) {
  auto text = checklist_text(plan.checklist, paint, width);
  if (!plan.inventory.empty()) text += "What hangs on the tables:\n";
  for (const auto& line : plan.inventory) text += in_lines("  ", line, width, 4);
  int number = 1;
  for (const auto& step : plan.steps) text += in_lines(fmt::format("{:2}. ", number++), step, width, 4);
  if (!plan.hold) return text;
  const bool as_last = plan.hold->last_milliseconds && *plan.hold->last_milliseconds >= plan.hold->milliseconds;
  const auto hold = fmt::format("The hold is estimated at {:.0f} ms: {}; it ends after {} ms at the latest.", plan.hold->milliseconds,
                                as_last ? "so long was the last one" : "so long takes a drain at this moment, names and fences come on top", plan.hold->limit.count());
  return text + in_lines("", hold, width, 0);
}

v1::CutoverPlan plan_reply_of(const CutoverPlan& plan) {
  v1::CutoverPlan reply;
  reply.set_ready(cutover::blockers_of(plan.checklist).empty());
  for (const auto& condition : plan.checklist) {
    *reply.add_checklist() = reply_of(condition);
    const bool said = std::find(reply.next_steps().begin(), reply.next_steps().end(), condition.fix) != reply.next_steps().end();
    if ((!condition.met || condition.unknown || condition.noted) && !said) reply.add_next_steps(condition.fix);
  }
  if (reply.ready() && !plan.action.empty()) reply.add_next_steps("crossfade " + plan.action);
  for (const auto& line : plan.inventory) reply.add_inventory(line);
  for (const auto& step : plan.steps) reply.add_steps(step);
  if (plan.hold) {
    reply.mutable_hold()->set_estimated_milliseconds(plan.hold->milliseconds);
    reply.mutable_hold()->set_limit_milliseconds(static_cast<double>(plan.hold->limit.count()));
    if (plan.hold->last_milliseconds) reply.mutable_hold()->set_last_milliseconds(*plan.hold->last_milliseconds);
  }
  return reply;
}

}  // namespace

v1::Condition reply_of(const cutover::Condition& condition) {
  v1::Condition told;
  told.set_reason(condition.reason);
  told.set_met(condition.met);
  told.set_detail(condition.detail);
  told.set_fix(condition.fix);
  told.set_unknown(condition.unknown);
  told.set_noted(condition.noted);
  return told;
}

std::string checklist_text(const std::vector<cutover::Condition>& checklist, const Paint& paint, std::size_t width) {
  std::string text;
  for (const auto& condition : checklist) {
    const auto mark = condition.unknown ? paint.warn("?") : condition.noted ? paint.warn("!") : condition.met     ? paint.good("✓") : paint.bad("✗");
    text += in_lines(mark + " ", fmt::format("{}: {}", condition.reason, condition.detail), width, 2);
    if (!condition.met || condition.unknown || condition.noted) text += fmt::format("  mend: {}\n", condition.fix);
  }
  return text;
}

ExitCode show_blockers(const Options& options, const std::vector<cutover::Condition>& blockers, v1::Flip reply) {
  for (const auto& blocker : blockers) {
    *reply.add_in_the_way() = reply_of(blocker);
    const bool said = std::find(reply.next_steps().begin(), reply.next_steps().end(), blocker.fix) != reply.next_steps().end();
    if (!said) reply.add_next_steps(blocker.fix);
  }
  if (options.json) std::cout << api::json_of(reply) << '\n';
  else std::cerr << checklist_text(blockers);
  return cutover::exit_of(blockers);
}

ExitCode show_cutover_plan(const Options& options, const CutoverPlan& plan) {
  std::cout << (options.json ? api::json_of(plan_reply_of(plan)) + "\n" : to_text(plan, paint_of(options), terminal_width()));
  return cutover::exit_of(cutover::blockers_of(plan.checklist));
}

}  // namespace crossfade::app
