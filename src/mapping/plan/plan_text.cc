#include "mapping/plan/plan_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>
#include <utility>
#include <vector>

#include "base/text/fold.h"
#include "base/text/human.h"
#include "mapping/plan/fixes.h"
#include "mapping/plan/plan_views.h"
#include "mapping/preflight/choose_chunk_key.h"
#include "mapping/sql/statements.h"

namespace crossfade::mapping {
namespace {

std::string_view word(Finding::Level level) {
  switch (level) {
    case Finding::Level::kOk:
      return "ok";
    case Finding::Level::kWarn:
      return "warn";
    case Finding::Level::kFail:
      return "fail";
  }
  return "";
}

/// Four characters wide, whatever their colour.
std::string level_text(Finding::Level level, const Paint& paint) {
  switch (level) {
    case Finding::Level::kOk:
      return paint.good("ok  ");
    case Finding::Level::kWarn:
      return paint.warn("warn");
    case Finding::Level::kFail:
      return paint.bad("FAIL");
  }
  return "";
}

std::string found_in_shadow(const Target& target, const Locator& locator) {
  if (!locator.locate.empty()) return "in the shadow table where " + locator.locate;
  if (locator.path.empty()) return "in the shadow table by its own columns";
  auto way = "in the shadow table by " + target.name;
  for (std::size_t n = 0; n < locator.path.size(); ++n) {
    const auto& step = locator.path[n];
    if (n > 0) way += ", " + locator.path[n - 1].parent.name;
    way += fmt::format("({}) → {}({})", fmt::join(step.columns, ", "), step.parent.name, fmt::join(step.parent_columns, ", "));
  }
  return way;
}

std::string keys_of(const Locator& locator) {
  if (locator.indirect()) return fmt::format("{} in ({})", fmt::join(locator.columns, ", "), locator.lookup);
  return fmt::format("{} ({})", fmt::join(locator.columns, ", "), fmt::join(locator.types, ", "));
}

/// A select keeps to its line.
std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (c != ' ' && c != '\n' && c != '\t') {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  return line;
}

std::string refresh_by(const Model& model, TargetId target, LocatorId locator) {
  KeyFilter filter;
  filter.locator = locator;
  return Statements(model, target).merge({filter});
}

/// Why the rule is there, where nobody has written it.
std::string reason(const std::vector<std::string>& derived, const Model& model, const FollowRule& rule) {
  const auto place = static_cast<std::size_t>(&rule - model.rules.data());
  return place < derived.size() ? derived[place] : "";
}

void fill(const Model& model, const std::vector<std::string>& derived, TargetId number, v1::PlanReply::Target& reply) {
  const auto& target = model.targets[number];
  reply.set_name(target.name);
  for (const auto& column : target.key) reply.add_key(column);
  for (const auto& column : target.columns) reply.add_columns(column.name);
  reply.set_estimated_rows(target.estimated_rows);
  if (!target.chunk_column.empty()) {
    const auto& source = model.sources[target.chunk_source];
    reply.set_walked_along(fmt::format("{}.{}.{}", source.schema, source.name, target.chunk_column));
  }
  for (const auto n : target.locators.ids()) {
    if (!has_rule(model, number, n)) continue;
    auto& locator = *reply.add_locators();
    for (const auto& column : target.locators[n].columns) locator.add_columns(column);
    locator.set_lookup(target.locators[n].lookup);
    locator.set_in_shadow(found_in_shadow(target, target.locators[n]));
    locator.set_refresh(refresh_by(model, number, n));
    for (const auto& rule : model.rules) {
      if (rule.target != number || rule.locator != n) continue;
      auto& followed = *locator.add_rules();
      followed.set_source(model.sources[rule.source].schema + "." + model.sources[rule.source].name);
      for (const auto& column : rule.source_columns) followed.add_columns(column);
      for (const auto& column : rule.relevant_columns) followed.add_relevant_columns(column);
      followed.set_derived(reason(derived, model, rule));
    }
  }
}

std::string target_text(const Model& model, const std::vector<std::string>& derived, TargetId number, std::size_t width) {
  const auto& target = model.targets[number];
  auto text = fmt::format("\n{}. {}: key ({}), {} columns", number.place() + 1, target.name, fmt::join(target.key, ", "), target.columns.size());
  if (target.estimated_rows > 0) text += fmt::format(", about {} rows", human_count(target.estimated_rows));
  text += '\n';
  if (!target.chunk_column.empty()) {
    const auto& source = model.sources[target.chunk_source];
    text += fmt::format("   backfilled along {}.{}.{}\n", source.schema, source.name, target.chunk_column);
  }
  for (const auto n : target.locators.ids()) {
    if (!has_rule(model, number, n)) continue;
    const auto& locator = target.locators[n];
    text += in_lines("   by ", one_line(keys_of(locator)), width, 6) + in_lines("      ", found_in_shadow(target, locator), width, 8);
    for (const auto& rule : model.rules) {
      if (rule.target != number || rule.locator != n) continue;
      const auto& source = model.sources[rule.source];
      const auto rows = fmt::format("{}.{}({}), when it changes in {}", source.schema, source.name, fmt::join(rule.source_columns, ", "), fmt::join(rule.relevant_columns, ", "));
      text += in_lines("      ← ", rows, width, 8);
      const auto why = reason(derived, model, rule);
      if (!why.empty()) text += in_lines("        derived: ", why, width, 10);
    }
  }
  return text;
}

}  // namespace

namespace {

/// A statement for each of a hundred partitions is for the script.
std::string fix_text(const std::string& fix) {
  constexpr std::size_t kMostLines = 4;
  constexpr std::size_t kShown = 2;
  std::vector<std::string> lines = {""};
  for (const char c : fix) {
    if (c == '\n') lines.emplace_back();
    else lines.back() += c;
  }
  if (lines.size() > kMostLines) {
    const auto more = lines.size() - kShown;
    lines.resize(kShown);
    lines.push_back(fmt::format("… and {} more; all of them: crossfade plan --print-fixes", more));
  }
  return fmt::format("{}", fmt::join(lines, "\n        "));
}

/// What is to be copied stays as it is.
std::string finding_text(const Finding& finding, const Paint& paint, std::size_t width) {
  auto text = in_lines(level_text(finding.level, paint) + "  ", fmt::format("{}: {}", finding.subject, finding.message), width, 6);
  const bool to_copy = is_statement(finding.fix) || finding.fix.find('\n') != std::string::npos;
  if (to_copy) text += fmt::format("      → {}\n", fix_text(finding.fix));
  else if (!finding.fix.empty()) text += in_lines("      → ", fix_text(finding.fix), width, 8);
  return text;
}

}  // namespace

std::string plan_text(const Preflight& preflight, const Paint& paint, std::size_t width) {
  std::string text;
  int failed = 0;
  int warned = 0;
  for (const auto& finding : preflight.findings) {
    text += finding_text(finding, paint, width);
    failed += finding.level == Finding::Level::kFail ? 1 : 0;
    warned += finding.level == Finding::Level::kWarn ? 1 : 0;
  }
  for (const auto n : preflight.model.targets.ids()) text += target_text(preflight.model, preflight.derived, n, width);
  if (preflight.reverse) {
    text += "\nOnce the writes have moved, the old tables follow the new ones:\n";
    for (const auto n : preflight.reverse->targets.ids()) text += target_text(*preflight.reverse, preflight.reverse_derived, n, width);
  }
  text += unsaid_text(preflight, width);
  const auto& name = preflight.model.name;
  text += failed > 0 ? fmt::format("\n{} {}: {} to mend, {} to look at.\n", name, paint.bad("cannot begin"), failed, warned)
                     : fmt::format("\n{} {}: nothing to mend, {} to look at.\n", name, paint.good("can begin"), warned);
  return text;
}

std::string faults_text(const Preflight& preflight) {
  std::string text;
  for (const auto& finding : preflight.findings) {
    if (finding.level == Finding::Level::kFail) text += finding_text(finding, {}, 0);
  }
  return text;
}

std::string refusal_text(const Preflight& preflight) {
  return fmt::format("{}\n{} cannot begin. crossfade plan shows all that was looked at, crossfade plan --print-fixes the statements that mend it.\n",
                     faults_text(preflight), preflight.model.name);
}

std::string refresh_sql(const Model& model) {
  std::string text;
  for (const auto target : model.targets.ids()) {
    for (const auto surrogate : model.targets[target].surrogates) {
      text += fmt::format("\n-- {} for {}\n{};\n", model.surrogates[surrogate].name, model.targets[target].name,
                          Statements(model, target).allocate(surrogate, {KeyFilter{}}));
    }
    for (const auto locator : model.targets[target].locators.ids()) {
      if (!has_rule(model, target, locator)) continue;
      text += fmt::format("\n-- {} by {}\n{};\n", model.targets[target].name, one_line(keys_of(model.targets[target].locators[locator])),
                          refresh_by(model, target, locator));
    }
  }
  return text;
}

namespace {

/// What statements mend is one step, however many they are; what a person has to write is one each.
void add_next_steps(const Preflight& preflight, v1::PlanReply& reply) {
  if (preflight.ok()) return reply.add_next_steps("crossfade lint: it tries the follow rules by changes that are rolled back");
  if (reply.fixes_size() > 0) reply.add_next_steps(fmt::format("crossfade plan --print-fixes | psql: {} statements mend what statements can mend", reply.fixes_size()));
  for (const auto& finding : preflight.findings) {
    if (finding.level == Finding::Level::kFail && !is_statement(finding.fix)) reply.add_next_steps(fmt::format("{}: {}", finding.subject, finding.fix));
  }
}

}  // namespace

v1::PlanReply plan_reply(const Preflight& preflight) {
  v1::PlanReply reply;
  reply.set_migration(preflight.model.name);
  reply.set_ok(preflight.ok());
  for (const auto& finding : preflight.findings) {
    auto& found = *reply.add_findings();
    found.set_level(std::string(word(finding.level)));
    found.set_subject(finding.subject);
    found.set_message(finding.message);
    found.set_fix(finding.fix);
  }
  for (auto& statement : fixes(preflight)) reply.add_fixes(std::move(statement));
  add_next_steps(preflight, reply);
  for (const auto n : preflight.model.targets.ids()) fill(preflight.model, preflight.derived, n, *reply.add_targets());
  if (preflight.reverse) {
    for (const auto n : preflight.reverse->targets.ids()) fill(*preflight.reverse, preflight.reverse_derived, n, *reply.add_reverse_targets());
  }
  add_unsaid(preflight, reply);
  return reply;
}

}  // namespace crossfade::mapping
