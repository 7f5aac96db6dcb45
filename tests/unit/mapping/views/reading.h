#pragma once

#include <string>
#include <vector>

#include "unit/mapping/derive/schema.h"

namespace crossfade::mapping::views {

/// A migration in a few words: tables of v1 in public, tables of v2 in v2, a view for each of these in map.
class Views {
 public:
  /// As Schema::table; v1's.
  Views& source(const std::string& name, const std::string& columns, const std::vector<std::string>& keys = {"id"}) {
    schema_.table(name, columns, keys);
    reading.sources.push_back({"public", name});
    return *this;
  }

  /// "books.genre_id → genres.id", of what has been said before the next target.
  Views& refers(const std::string& table, const std::string& column, const std::string& other, const std::string& its) {
    schema_.facts.relations.at(TableName{"public", table}.quoted()).references.push_back({{"public", other}, {{column, its}}});
    return *this;
  }

  /// A table that both sides use.
  Views& shared(const std::string& name, const std::string& columns, const std::vector<std::string>& keys = {"id"}) {
    schema_.table(name, columns, keys);
    return *this;
  }

  Views& target(const std::string& name, const std::string& columns, const std::string& sql, const std::string& key = "id") {
    derive::Schema there;
    there.table("v2." + name, columns, {key});
    reading.tables[name] = there.facts.relations.at(TableName{"v2", name}.quoted());
    schema_.view("map." + name, in_view_.empty() ? columns : in_view_, sql);
    in_view_.clear();
    reading.views[name] = TableName{"map", name}.quoted();
    reading.facts = schema_.facts;
    derive::Question question;
    question.view = reading.views[name];
    question.key = reading.tables[name].keys.front();
    question.never_null = {question.key.begin(), question.key.end()};
    question.locatable = [](const std::vector<std::string>&) { return true; };
    reading.answers[name] = derive::derive(reading.facts, question);
    return *this;
  }

  /// The next target's view has these columns alone.
  Views& shows(std::string columns) {
    in_view_ = std::move(columns);
    return *this;
  }

  derive::Reading reading;

 private:
  derive::Schema schema_;
  std::string in_view_;
};

}  // namespace crossfade::mapping::views
