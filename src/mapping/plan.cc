#include "mapping/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>

namespace crossfade::mapping {
namespace {

std::string_view word(Finding::Level level) {
  switch (level) {
    case Finding::Level::kOk:
      return "ok  ";
    case Finding::Level::kWarn:
      return "warn";
    case Finding::Level::kFail:
      return "FAIL";
  }
  return "";
}

std::string found_in_shadow(const Target& target, const Locator& locator) {
  if (!locator.locate.empty()) return "in the shadow table where " + locator.locate;
  if (locator.path.empty()) return "in the shadow table by its own columns";
  auto way = "in the shadow table by " + target.name;
  for (std::size_t n = 0; n < locator.path.size(); ++n) {
    const auto& step = locator.path[n];
    if (n > 0) way += ", " + locator.path[n - 1].parent;
    way += fmt::format("({}) → {}({})", fmt::join(step.columns, ", "), step.parent, fmt::join(step.parent_columns, ", "));
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

std::string target_text(const Model& model, std::uint16_t number) {
  const auto& target = model.targets[number];
  auto text = fmt::format("\n{}. {}: key ({}), {} columns", number + 1, target.name, fmt::join(target.key, ", "), target.columns.size());
  if (target.estimated_rows > 0) text += fmt::format(", about {:.0f} rows", target.estimated_rows);
  text += '\n';
  if (!target.walk_column.empty()) {
    const auto& source = model.sources[target.walk_source];
    text += fmt::format("   backfilled along {}.{}.{}\n", source.schema, source.name, target.walk_column);
  }
  for (std::uint16_t n = 0; n < target.locators.size(); ++n) {
    const auto& locator = target.locators[n];
    text += fmt::format("   by {}\n      {}\n", one_line(keys_of(locator)), found_in_shadow(target, locator));
    for (const auto& rule : model.rules) {
      if (rule.target != number || rule.locator != n) continue;
      const auto& source = model.sources[rule.source];
      text += fmt::format("      ← {}.{}({}), when it changes in {}\n", source.schema, source.name, fmt::join(rule.source_columns, ", "),
                          fmt::join(rule.relevant_columns, ", "));
    }
  }
  return text;
}

}  // namespace

std::string plan_text(const Preflight& preflight) {
  std::string text;
  int failed = 0;
  int warned = 0;
  for (const auto& finding : preflight.findings) {
    text += fmt::format("{}  {}: {}\n", word(finding.level), finding.subject, finding.message);
    if (!finding.fix.empty()) text += fmt::format("      → {}\n", finding.fix);
    failed += finding.level == Finding::Level::kFail ? 1 : 0;
    warned += finding.level == Finding::Level::kWarn ? 1 : 0;
  }
  for (std::uint16_t n = 0; n < preflight.model.targets.size(); ++n) text += target_text(preflight.model, n);
  const auto& name = preflight.model.name;
  text += failed > 0 ? fmt::format("\n{} cannot begin: {} to mend, {} to look at.\n", name, failed, warned)
                     : fmt::format("\n{} can begin: nothing to mend, {} to look at.\n", name, warned);
  return text;
}

}  // namespace crossfade::mapping
