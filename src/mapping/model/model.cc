#include "mapping/model/model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace crossfade::mapping {

std::string Locator::name() const {
  // Two rules may look up the same columns in different ways; the lookup tells them apart.
  return indirect() ? fmt::format("{} by {}", fmt::join(columns, ", "), lookup) : fmt::format("{}", fmt::join(columns, ", "));
}

const Column& Target::view_column(const std::string& column) const {
  return *std::find_if(view_columns.begin(), view_columns.end(), [&](const Column& each) { return each.name == column; });
}

std::vector<Operators> Target::key_operators() const {
  std::vector<Operators> operators;
  for (const auto& of_key : key) {
    const auto column = std::find_if(columns.begin(), columns.end(), [&](const Column& each) { return each.name == of_key; });
    operators.push_back(column == columns.end() ? Operators{} : column->operators);
  }
  return operators;
}

std::string rejects_name(const std::string& source) { return "rejected_" + source; }

std::optional<TargetId> Model::find_target(const std::string& target_name) const {
  for (const auto n : targets.ids()) {
    if (targets[n].name == target_name) return n;
  }
  return std::nullopt;
}

std::set<std::string> Model::views_read(const std::vector<TargetId>& of) const {
  std::set<std::string> read;
  for (const auto number : of) {
    const auto& target = targets.at(number);
    read.insert(quote_qualified(mapping_schema, target.name));
    for (const auto& table : target.read_by_functions) read.insert(table.quoted());
    for (const auto surrogate : target.surrogates) read.insert(quote_qualified(mapping_schema, surrogates.at(surrogate).name));
    if (std::none_of(target.locators.begin(), target.locators.end(), [](const Locator& locator) { return locator.indirect(); })) continue;
    // Whatever a lookup reads is followed.
    for (const auto& rule : rules) {
      if (rule.target == number) read.insert(quote_qualified(sources.at(rule.source).schema, sources.at(rule.source).name));
    }
  }
  return read;
}

std::set<std::string> Model::tables_read(const std::vector<TargetId>& of) const {
  std::set<std::string> read;
  for (const auto number : of) {
    const auto& target = targets.at(number);
    read.insert(target.table.quoted());
    if (target.keeps) read.insert(target.keeps->quoted());
    for (const auto& locator : target.locators) {
      for (const auto& step : locator.path) read.insert(step.parent.quoted());
    }
  }
  return read;
}

std::vector<std::string> Model::relations_read(const std::vector<TargetId>& of) const {
  // In one order for everybody.
  auto read = tables_read(of);
  if (!apart) read.merge(views_read(of));
  return {read.begin(), read.end()};
}

std::vector<std::string> Model::relations_read_at_source(const std::vector<TargetId>& of) const {
  if (!apart) return {};
  const auto read = views_read(of);
  return {read.begin(), read.end()};
}

std::vector<std::string> Model::relations_read() const {
  return relations_read(targets.all());
}

}  // namespace crossfade::mapping
