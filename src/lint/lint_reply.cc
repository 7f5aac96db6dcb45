#include "lint/lint_reply.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/text/fold.h"

namespace crossfade::lint {

v1::LintReply reply_of(const mapping::Model& model, const Scope& scope, const Linted& linted) {
  v1::LintReply reply;
  reply.set_migration(model.name);
  reply.set_tried(static_cast<double>(linted.tried));
  reply.set_refused(static_cast<double>(linted.refused));
  reply.set_unjudged(static_cast<double>(linted.unjudged));
  reply.set_keys(static_cast<double>(scope.keys.size()));
  reply.set_complete(linted.complete);
  reply.set_planned(static_cast<double>(linted.planned));
  reply.set_made(static_cast<double>(linted.made));
  for (const auto& found : linted.faults) {
    auto& fault = *reply.add_faults();
    fault.set_source(model.sources[found.source].schema + "." + model.sources[found.source].name);
    fault.set_target(model.targets[found.target].name);
    fault.set_rows(static_cast<double>(found.rows));
    fault.set_change(found.change);
    fault.set_key(verify::row_name(model.targets[found.target], found.row));
    fault.set_now(found.row.in_view.value_or(""));
    fault.set_left_behind(found.row.in_shadow.value_or(""));
    fault.set_rule(found.rule);
    fault.set_by_select(std::any_of(model.rules.begin(), model.rules.end(), [&](const mapping::FollowRule& rule) {
      return rule.target == found.target && rule.source == found.source && model.targets[rule.target].locators[rule.locator].indirect();
    }));
  }
  reply.set_reverse(model.direction == mapping::Direction::kReverse);
  for (const auto& each : linted.not_taken) {
    auto& not_taken = *reply.add_not_taken();
    not_taken.set_source(model.sources[each.source].schema + "." + model.sources[each.source].name);
    not_taken.set_change(each.change);
    not_taken.set_constraint(each.constraint);
    not_taken.set_why(each.why);
  }
  for (const auto& each : linted.failed_rules) {
    auto& failed = *reply.add_failed_rules();
    failed.set_source(model.sources[each.source].schema + "." + model.sources[each.source].name);
    failed.set_target(model.targets[each.target].name);
    failed.set_locator(fmt::format("{}", fmt::join(model.targets[each.target].locators[each.locator].columns, ", ")));
    failed.set_change(each.change);
    failed.set_why(each.why);
  }
  for (const auto place : linted.unneeded) {
    const auto& rule = model.rules[place];
    const auto& target = model.targets[rule.target];
    auto& unneeded = *reply.add_unneeded();
    unneeded.set_target(target.name);
    unneeded.set_source(model.sources[rule.source].schema + "." + model.sources[rule.source].name);
    unneeded.set_locator(target.locators[rule.locator].name());
    const auto walks = std::count_if(model.rules.begin(), model.rules.end(), [&](const mapping::FollowRule& other) {
      return other.target == rule.target && other.locator == mapping::kChunkKey;
    });
    unneeded.set_walk(rule.locator == mapping::kChunkKey && walks == 1 && !target.chunk_column.empty());
  }
  return reply;
}

void add_given_back(const std::vector<verify::GivenBack>& given_back, v1::LintReply& reply) {
  for (const auto& each : given_back) {
    if (!each.differs()) continue;
    auto& found = *reply.add_not_given_back();
    found.set_table(each.table);
    found.set_rows(static_cast<double>(each.otherwise));
    found.set_compared(static_cast<double>(each.compared));
    for (const auto& column : each.columns) found.add_columns(column);
    found.set_key(each.sample);
    found.set_says(verify::describe(each));
  }
}

void add_next_steps(v1::LintReply& reply) {
  for (const auto& each : reply.not_given_back()) reply.add_next_steps("mend reverse.sql, unless v1 may lose it: " + each.says());
  for (const auto& fault : reply.faults()) {
    reply.add_next_steps(!fault.rule().empty() ? fmt::format("write into migration.yaml: {}", fault.rule())
                         : fault.by_select()   ? fmt::format("mend the select by which {} follows {} in migration.yaml: it does not give the row", fault.target(), fault.source())
                                               : fmt::format("write a rule with a select for {} and {} into migration.yaml", fault.target(), fault.source()));
  }
  for (const auto& each : reply.not_taken()) reply.add_next_steps(fmt::format("let v2 demand what v1 does of {}, or mend reverse.sql: {}", each.source(), each.why()));
  for (const auto& each : reply.failed_rules()) {
    reply.add_next_steps(fmt::format("write the rule of {} for {} with a select that leaves out what the view leaves out", each.target(), each.source()));
  }
  if (!reply.complete()) reply.add_next_steps("crossfade lint --for 30m: not everything was tried");
}

namespace {

std::string verdict(const v1::LintReply& reply) {
  const auto changes = reply.tried() - reply.refused() - reply.unjudged();
  if (!reply.complete()) {
    const auto why = reply.ended_by() == "time" ? "its time was over" : "it was ended";
    auto text = reply.planned() == 0 ? fmt::format("{}: {} before a change was tried.\n", reply.migration(), why)
                                     : fmt::format("{}: {} after {:.0f} of {:.0f} changes; {}.\n", reply.migration(), why, reply.made(), reply.planned(),
                                                   reply.faults().empty() ? "they showed no fault" : "the rules are not complete");
    return text + "  → crossfade lint --for 30m takes longer; --samples 1 tries less\n";
  }
  auto text = reply.faults().empty() && reply.failed_rules().empty() ? fmt::format("{}: {:.0f} changes were tried, and the rules announced every row that they changed.\n", reply.migration(), changes)
                                                                     : fmt::format("{}: {:.0f} changes were tried; the rules are not complete.\n", reply.migration(), changes);
  if (!reply.ended_by().empty()) text += "Which of the rules are not needed was not found out to the end.\n";
  return text;
}

}  // namespace

std::string to_text(const v1::LintReply& reply) {
  std::string text;
  for (const auto& fault : reply.faults()) {
    text += fmt::format("{} does not hear of changes of {}: {:.0f} rows were left behind\n  after   {}\n  the view has    {}\n  the target has  {}\n",
                        fault.target(), fault.source(), fault.rows(), fault.change(), fault.now().empty() ? "no row" : fault.now(),
                        fault.left_behind().empty() ? "no row" : fault.left_behind());
    text += !fault.rule().empty() ? fmt::format("  → {} would have announced them\n", fault.rule())
            : fault.by_select()   ? "  → the select of its rule does not give the row: let it read what the view reads\n"
                                  : "  → no column of the changed row is in the view: a rule with a select is needed\n";
  }
  for (const auto& each : reply.not_taken()) {
    text += fmt::format("v1 does not take every change of {}: {}\n  after   {}\n  → its key is set aside once v2 is written: let v2 demand the same, or reverse.sql make of it what v1 takes\n",
                        each.source(), each.why(), each.change());
  }
  for (const auto& each : reply.not_given_back()) {
    text += fmt::format("v1 does not come back as it is: {}\n  → once v2 is written verify calls these rows drifted, and --repair overwrites v1: mend reverse.sql, unless v1 may lose it\n", each.says());
  }
  for (const auto& each : reply.failed_rules()) {
    text += fmt::format("the select of {} ← {} by {} fails where the view does not: {}\n  after   {}\n"
                        "  → every change that comes with it is set aside: the select has to leave out the rows that the view leaves out\n",
                        each.target(), each.source(), in_one_line(each.locator()), each.why(), each.change());
  }
  for (const auto& rule : reply.unneeded()) {
    text += fmt::format("{} ← {} by {}: no change needed it, other rules announce what it does\n  → {}\n", rule.target(), rule.source(), in_one_line(rule.locator()),
                        rule.walk() ? "keep it: the backfill walks along it"
                                    : "remove it, unless you know of a change that was not tried");
  }
  text += verdict(reply);
  if (reply.refused() > 0) text += fmt::format("{:.0f} more were refused by the {} schema or the view.\n", reply.refused(), reply.reverse() ? "new" : "old");
  if (reply.unjudged() > 0) text += fmt::format("{:.0f} more reached further than anybody looked.\n", reply.unjudged());
  if (reply.keys() > 0) text += fmt::format("The views are large: {:.0f} keys near the changed rows were compared, not all.\n", reply.keys());
  return text;
}

ExitCode exit_code(const v1::LintReply& reply) {
  if (!reply.faults().empty() || !reply.failed_rules().empty()) return ExitCode::kMismatch;
  return reply.complete() ? ExitCode::kOk : ExitCode::kTimeout;
}

}  // namespace crossfade::lint
