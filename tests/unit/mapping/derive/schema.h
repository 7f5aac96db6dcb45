#pragma once

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "mapping/derive/derive.h"

namespace crossfade::mapping::derive {

/// A database in a few words, and what is derived from a view of it.
class Schema {
 public:
  /// "id uuid!, plan_id uuid": ! for a column that is never null, ~ for one that the table computes. Keys: "id", or "plan_id day".
  Schema& table(const std::string& name, const std::string& columns, const std::vector<std::string>& keys = {"id"}) {
    facts.add(relation(name, columns, keys));
    return *this;
  }

  Schema& view(const std::string& name, const std::string& columns, std::string sql) {
    auto made = relation(name, columns, {});
    made.view = std::move(sql);
    facts.add(std::move(made));
    return *this;
  }

  /// The rules of a view v, one a line: "plan_id ← exercises(plan_id)", "id ← plans: select …"; what cannot be told as "plans?".
  std::string rules_of(const std::string& columns, std::string sql, const std::vector<std::string>& key = {"id"}) {
    view("map.v", columns, std::move(sql));
    Question question;
    question.view = TableName{"map", "v"}.quoted();
    question.key = key;
    question.never_null = {key.begin(), key.end()};
    question.never_null.insert(never_null.begin(), never_null.end());
    question.locatable = [this](const std::vector<std::string>& columns_asked) {
      return std::none_of(columns_asked.begin(), columns_asked.end(), [&](const auto& each) { return not_locatable.contains(each); });
    };
    answer = derive(facts, question);
    std::string text = answer.refusal.empty() ? "" : "refused: " + answer.refusal + "\n";
    for (const auto& rule : answer.rules) {
      text += joined(rule.locator_columns) + " ← " + rule.source.name;
      text += rule.lookup.empty() ? "(" + joined(rule.source_columns) + ")" : "(" + joined(rule.source_columns) + "): " + bare(rule.lookup);
      text += "\n";
    }
    for (const auto& each : answer.untold) text += each.source.name + "?\n";
    return text;
  }

  Facts facts;
  Answer answer;
  std::set<std::string> not_locatable;
  std::set<std::string> never_null;

 private:
  static RelationFacts relation(const std::string& name, const std::string& columns, const std::vector<std::string>& keys) {
    RelationFacts made;
    const auto dot = name.find('.');
    made.name = dot == std::string::npos ? TableName{"public", name} : TableName{name.substr(0, dot), name.substr(dot + 1)};
    std::istringstream each_column(columns);
    for (std::string column; std::getline(each_column, column, ',');) {
      std::istringstream words(column);
      ColumnFacts facts;
      words >> facts.name >> facts.type;
      if (facts.type.ends_with("!")) {
        facts.required = true;
        facts.type.pop_back();
      }
      if (facts.type.ends_with("~")) {
        facts.generated = true;
        facts.type.pop_back();
      }
      std::replace(facts.type.begin(), facts.type.end(), '_', ' ');
      facts.image_varies = facts.type == "numeric";
      made.columns.push_back(facts);
    }
    for (const auto& key : keys) {
      std::istringstream words(key);
      std::vector<std::string> parts;
      for (std::string part; words >> part;) parts.push_back(part);
      made.keys.push_back(parts);
    }
    return made;
  }

  static std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
  }

  static std::string bare(std::string sql) {
    std::erase(sql, '"');
    return sql;
  }
};

}  // namespace crossfade::mapping::derive
