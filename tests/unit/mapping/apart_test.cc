#include <gtest/gtest.h>

#include <algorithm>

#include "mapping/sql/statements.h"
#include "unit/mapping/statement_samples.h"

namespace crossfade::mapping {
namespace {

/// The sample with v2 on another server.
Model apart() {
  auto model = test::sample_model();
  model.apart = true;
  for (auto& target : model.targets) {
    target.view_columns = target.columns;
    for (const auto& locator : target.locators) {
      for (std::size_t n = 0; n < locator.columns.size(); ++n) {
        const auto known = [&](const Column& column) { return column.name == locator.columns[n]; };
        if (std::none_of(target.view_columns.begin(), target.view_columns.end(), known)) target.view_columns.push_back({locator.columns[n], "integer"});
      }
    }
  }
  return model;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

KeyFilter keys_of(LocatorId locator) {
  KeyFilter filter;
  filter.locator = locator;
  return filter;
}

TEST(ApartTest, WhatIsReadIsOnOneOfTheServersAndNothingOnBoth) {
  const auto model = apart();
  const auto one_server = test::sample_model();
  auto both = model.relations_read();
  const auto at_source = model.relations_read_at_source(model.targets.all());
  for (const auto& name : at_source) {
    EXPECT_EQ(std::count(both.begin(), both.end(), name), 0) << name;
    EXPECT_FALSE(name.starts_with("\"v2\".")) << name;
  }
  both.insert(both.end(), at_source.begin(), at_source.end());
  std::sort(both.begin(), both.end());
  EXPECT_EQ(both, one_server.relations_read());
  EXPECT_TRUE(one_server.relations_read_at_source(one_server.targets.all()).empty());
}

TEST(ApartTest, StatementsOfTheTargetNameNoViewAndNoSource) {
  const auto model = apart();
  for (const auto target : model.targets.ids()) {
    // Of the way back, where v1's own tables say what stays.
    if (model.targets[target].keeps) continue;
    const Statements statements(model, target);
    std::vector<std::string> texts = {statements.bulk({keys_of(kChunkKey)}), statements.remove()};
    const auto& locator = model.targets[target].locators.front();
    if (!locator.indirect()) {
      const std::vector<KeyFilter> filters = {keys_of(kChunkKey)};
      for (auto& text : {statements.merge(filters), statements.replace(filters), statements.compare(filters), statements.stale(filters)}) texts.push_back(text);
    }
    for (const auto& text : texts) {
      EXPECT_FALSE(has(text, "\"map\".")) << text;
      EXPECT_FALSE(has(text, "v1.")) << text;
    }
  }
}

TEST(ApartTest, TheSourceIsAskedForTheRowsOfTheViewAsItIs) {
  const auto model = apart();
  for (const auto target : model.targets.ids()) {
    const Statements statements(model, target);
    const auto rows = statements.rows_of_view({keys_of(kChunkKey)});
    EXPECT_TRUE(has(rows, "\"map\".")) << rows;
    EXPECT_FALSE(has(rows, "pg_temp")) << rows;
    EXPECT_TRUE(has(statements.create_stand_in(), statements.stand_in())) << statements.create_stand_in();
  }
}

TEST(ApartTest, KeysOfSeveralColumnsThatASelectHasGivenAreComparedByTheViewsTypes) {
  const auto model = apart();
  const auto totals = *model.find_target("totals");
  KeyFilter filter = keys_of(LocatorId(2));
  filter.form = KeyFilter::Form::kRows;
  const auto merge = Statements(model, totals).merge({filter});
  EXPECT_TRUE(has(merge, "unnest($1::text[], $2::text[])")) << merge;
  EXPECT_TRUE(has(merge, "k.k1::date")) << merge;
  EXPECT_FALSE(has(merge, "v1.moves")) << merge;
}

}  // namespace
}  // namespace crossfade::mapping
