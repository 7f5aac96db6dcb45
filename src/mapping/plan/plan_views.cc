#include "mapping/plan/plan_views.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error/failure.h"
#include "base/text/nearest_word.h"
#include "mapping/views/draw.h"
#include "mapping/views/unsaid.h"

namespace crossfade::mapping {
namespace {

using views::Part;

/// One direction of a migration, as far as its views are concerned.
struct OneWay {
  const Model& model;
  const std::vector<std::string>& derived;
  const derive::Reading& reading;
};

/// "plan_id ← id": what somebody has written for this source of the target; "" where nobody has.
std::string written(const OneWay& way, const std::string& target, const TableName& source) {
  std::vector<std::string> rules;
  for (std::size_t n = 0; n < way.model.rules.size(); ++n) {
    const auto& rule = way.model.rules[n];
    const auto& from = way.model.sources[rule.source];
    const auto& to = way.model.targets[rule.target];
    const bool mine = to.name == target && from.schema == source.schema && from.name == source.name;
    if (!mine || n >= way.derived.size() || !way.derived[n].empty()) continue;
    const auto& locator = to.locators[rule.locator];
    rules.push_back(fmt::format("{} ← {}{}", fmt::join(locator.columns, ", "), locator.indirect() ? "a select by " : "", fmt::join(rule.source_columns, ", ")));
  }
  return fmt::format("{}", fmt::join(rules, "; "));
}

std::vector<Part> parts_of(const OneWay& way, const std::string& target) {
  auto parts = views::draw(way.reading.facts, way.reading.views.at(target), way.reading.answers.at(target));
  for (auto& part : parts) {
    const auto by_hand = part.is_table() ? written(way, target, part.source) : "";
    if (by_hand.empty()) continue;
    part.way = fmt::format("written: {}{}", by_hand, part.way.empty() ? "" : (part.told ? "; the view says: " : "; the view does not: ") + part.way);
    part.told = true;
  }
  return parts;
}

std::vector<OneWay> both_ways(const Preflight& preflight) {
  std::vector<OneWay> all = {{preflight.model, preflight.derived, preflight.reading}};
  if (preflight.reverse) all.push_back({*preflight.reverse, preflight.reverse_derived, preflight.reverse_reading});
  return all;
}

/// The view's name as people write it.
std::string view_name(const OneWay& way, const std::string& target) {
  const auto found = way.reading.facts.relations.find(way.reading.views.at(target));
  return found == way.reading.facts.relations.end() ? target : found->second.name.schema + "." + found->second.name.name;
}

void require_known(const Preflight& preflight, const std::string& target) {
  std::vector<std::string> names;
  for (const auto& way : both_ways(preflight)) {
    for (const auto& [name, view] : way.reading.views) names.push_back(name);
  }
  if (std::find(names.begin(), names.end(), target) != names.end()) return;
  const auto near = nearest_word(target, names);
  throw usage_failure(fmt::format("no target is called {}{}", target, near ? ". Did you mean " + *near + "?" : ""),
                      names.empty() ? "crossfade plan says what keeps the views from being read" : fmt::format("name one of {}", fmt::join(names, ", ")));
}

void add(const std::vector<views::Unsaid>& all, google::protobuf::RepeatedPtrField<v1::PlanReply::Unsaid>& reply) {
  for (const auto& each : all) {
    auto& made = *reply.Add();
    made.set_table(each.table.schema + "." + each.table.name);
    made.set_column(each.column);
    made.set_why(each.why);
  }
}

}  // namespace

std::string explanation_text(const Preflight& preflight, const std::string& target, const Paint& paint) {
  require_known(preflight, target);
  std::string text;
  for (const auto& way : both_ways(preflight)) {
    if (!way.reading.views.contains(target)) continue;
    if (!text.empty()) text += "\nand on the way back\n";
    const auto& refusal = way.reading.answers.at(target).refusal;
    text += refusal.empty() ? views::drawing_text(view_name(way, target), parts_of(way, target), paint)
                            : fmt::format("{} cannot be drawn: {}\n", view_name(way, target), refusal);
  }
  return text;
}

void add_explanation(const Preflight& preflight, const std::string& target, v1::PlanReply& reply) {
  require_known(preflight, target);
  for (const auto& way : both_ways(preflight)) {
    if (!way.reading.views.contains(target)) continue;
    for (const auto& part : parts_of(way, target)) {
      auto& made = *reply.add_explained();
      made.set_view(view_name(way, target));
      made.set_depth(part.depth);
      made.set_text(part.text);
      if (part.is_table()) made.set_source(part.source.schema + "." + part.source.name);
      made.set_way(part.way);
      made.set_told(part.told);
    }
  }
}

std::string unsaid_text(const Preflight& preflight, std::size_t width) {
  if (preflight.model.direction != Direction::kForward) return "";
  return views::unsaid_text("What v2 does not say", views::not_in_v2(preflight.reading), width) + views::unsaid_text("What v1 does not say", views::not_in_v1(preflight.reading), width);
}

void add_unsaid(const Preflight& preflight, v1::PlanReply& reply) {
  if (preflight.model.direction != Direction::kForward) return;
  add(views::not_in_v2(preflight.reading), *reply.mutable_v2_does_not_say());
  add(views::not_in_v1(preflight.reading), *reply.mutable_v1_does_not_say());
}

}  // namespace crossfade::mapping
