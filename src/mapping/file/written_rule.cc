#include "mapping/file/written_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/error/failure.h"
#include "mapping/sql/scan.h"

namespace crossfade::mapping {
namespace {

/// A map field in the order of its keys: Protobuf's own order changes from run to run.
template <typename Map>
auto sorted(const Map& map) {
  return std::map<std::string, typename Map::mapped_type>(map.begin(), map.end());
}

bool is_lookup(const std::string& value) { return value.find_first_of(" \n\t") != std::string::npos; }

std::vector<std::string> split_names(const std::string& list) {
  std::vector<std::string> names;
  std::string name;
  for (const char c : list + ",") {
    if (c == ',') {
      if (!name.empty()) names.push_back(name);
      name.clear();
    } else if (c != ' ') {
      name += c;
    }
  }
  return names;
}

WrittenRule read_rule(std::string_view section, std::string target, std::string source, const v1::FollowRule& written) {
  WrittenRule rule;
  rule.target = std::move(target);
  rule.source = std::move(source);
  const auto wrong = [&](const char* what, std::string advice) {
    return usage_failure(fmt::format("migration.yaml: {}.{}.follow.{}: {}", section, rule.target, rule.source, what),
                         std::move(advice));
  };
  if (written.columns().empty()) {
    throw wrong("the rule names no column", "Write {view_column: source_column}.");
  }
  for (const auto& [locator_column, value] : sorted(written.columns())) {
    if (is_lookup(value)) {
      if (written.columns().size() > 1) {
        throw wrong("a select stands beside other columns",
                    "Name all columns in one key: {\"a, b\": \"select a, b from … where id = any($id)\"}.");
      }
      auto lookup = read_lookup(value);
      if (lookup.columns.empty()) {
        throw wrong("the select uses no column of the changed row",
                    fmt::format("Write $column for an array of {}'s values: … where id = any($id).", rule.source));
      }
      rule.locator_columns = split_names(locator_column);
      rule.source_columns = std::move(lookup.columns);
      rule.lookup = std::move(lookup.sql);
    } else {
      rule.locator_columns.push_back(locator_column);
      rule.source_columns.push_back(value);
    }
  }
  return rule;
}

}  // namespace

Lookup read_lookup(std::string_view written) {
  Lookup lookup;
  lookup.sql = with_tokens_replaced(written, [&](const Token& token) -> std::optional<std::string> {
    if (token.kind != Token::Kind::kPlaceholder) return std::nullopt;
    const auto known = std::find(lookup.columns.begin(), lookup.columns.end(), token.text);
    const auto number = known - lookup.columns.begin() + 1;
    if (known == lookup.columns.end()) lookup.columns.push_back(token.text);
    return fmt::format("${}", number);
  });
  return lookup;
}

std::vector<WrittenRule> written_rules(const v1::Migration& file, std::string_view section) {
  std::vector<WrittenRule> rules;
  for (const auto& [target_name, target] : sorted(file.targets())) {
    for (const auto& [source_name, written] : sorted(target.follow())) {
      for (const auto& rule : written.rules()) rules.push_back(read_rule(section, target_name, source_name, rule));
    }
  }
  return rules;
}

std::string describe(const WrittenRule& rule) { return rule.target + " ← " + rule.source; }

}  // namespace crossfade::mapping
