#include "mapping/catalog/catalog.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "mapping/preflight/choose_chunk_key.h"

namespace crossfade::mapping {
namespace {

using Names = std::vector<std::string>;
using Targets = std::map<std::string, TargetCatalog>;

TargetCatalog table(const Names& columns, const std::vector<ForeignKeyCatalog>& keys = {}) {
  TargetCatalog target;
  for (const auto& name : columns) {
    ColumnCatalog column;
    column.name = name;
    target.table.columns.push_back(column);
  }
  target.table.foreign_keys = keys;
  return target;
}

/// plans ← weeks ← days ← exercises.
Targets workout() {
  Targets targets = {{"plans", table({"id"})},
                     {"weeks", table({"id", "plan_id"}, {{"plans", {"plan_id"}, {"id"}}})},
                     {"days", table({"id", "week_id"}, {{"weeks", {"week_id"}, {"id"}}})},
                     {"exercises", table({"id", "day_id"}, {{"exercises", {"id"}, {"id"}}, {"days", {"day_id"}, {"id"}}, {"elsewhere", {"id"}, {"id"}}})}};
  for (auto& [name, target] : targets) {
    target.table.schema = "v2";
    target.table.name = name + "_of_v2";
  }
  return targets;
}

TEST(FindPath, IsEmptyWhereTheTableHasTheColumns) {
  const auto path = find_path(workout(), "weeks", {"plan_id"});
  ASSERT_TRUE(path);
  EXPECT_TRUE(path->empty());
}

TEST(FindPath, FollowsForeignKeysToTheNearestTable) {
  const auto path = find_path(workout(), "exercises", {"plan_id"});
  ASSERT_TRUE(path);
  ASSERT_EQ(path->size(), 2U);
  EXPECT_EQ(path->at(0).parent, (TableName{"v2", "days_of_v2"}));
  EXPECT_EQ(path->at(0).columns, Names{"day_id"});
  EXPECT_EQ(path->at(1).parent, (TableName{"v2", "weeks_of_v2"}));
}

TEST(FindPath, FindsNothingWhereNoTableHasThem) {
  EXPECT_FALSE(find_path(workout(), "exercises", {"user_id"}));
  EXPECT_FALSE(find_path(workout(), "exercises", {"plan_id", "user_id"}));
}

TEST(OrderTargets, ParentsComeFirstAndATableMayReferToItself) {
  const auto order = order_targets(workout());
  EXPECT_EQ(order.names, (Names{"plans", "weeks", "days", "exercises"}));
  EXPECT_TRUE(order.cycle.empty());
}

TEST(OrderTargets, ARingIsNamed) {
  const Targets ring = {{"a", table({"id"}, {{"b", {"id"}, {"id"}}})}, {"b", table({"id"}, {{"a", {"id"}, {"id"}}})}, {"c", table({"id"})}};
  const auto order = order_targets(ring);
  EXPECT_EQ(order.names, (Names{"c", "a", "b"}));
  EXPECT_EQ(order.cycle, (Names{"a", "b"}));
}

TEST(OrderTargets, InARingARowWhoseReferenceIsCheckedLaterComesFirst) {
  auto deferred = table({"id"}, {{"a", {"id"}, {"id"}, true}});
  auto immediate = table({"id"}, {{"b", {"id"}, {"id"}}});
  for (auto* each : {&deferred, &immediate}) each->table.columns.front().required = true;
  const auto order = order_targets({{"a", immediate}, {"b", deferred}});
  EXPECT_EQ(order.names, (Names{"b", "a"}));
  EXPECT_TRUE(order.cycle.empty()) << "nothing is left to be declared";
}

/// One target with locators over the named columns, and rules source number → locator number.
struct Walk {
  Walk(const std::vector<Names>& columns, const std::vector<std::pair<std::size_t, std::size_t>>& rules) {
    model.sources = {{"public", "plans", {"id"}, 1}, {"public", "exercises", {"id"}, 2}};
    target.key = {"id"};
    for (const auto& names : columns) {
      Locator locator;
      locator.columns = names;
      target.locators.push_back(locator);
    }
    for (const auto& [source, locator] : rules) {
      FollowRule rule;
      rule.source = SourceId(source);
      rule.locator = LocatorId(locator);
      rule.source_columns = {source == 0 ? "id" : "plan_id"};
      model.rules.push_back(rule);
    }
  }

  /// Where `ordered` are the columns that indexes begin with.
  bool choose(const Names& ordered = {}) {
    return choose_chunk_key(model, target, 0, [&](SourceId, const std::string& column) { return std::find(ordered.begin(), ordered.end(), column) != ordered.end(); });
  }

  Model model;
  Target target;
};

TEST(ChooseChunkKey, PrefersThePrimaryKey) {
  Walk walk({{"plan_id"}, {"id"}}, {{0, 0}, {1, 0}, {1, 1}});
  ASSERT_TRUE(walk.choose());
  EXPECT_EQ(walk.target.locators[0].name(), "id");
  EXPECT_EQ(walk.model.rules[0].locator, LocatorId(1));
  EXPECT_EQ(walk.model.rules[2].locator, LocatorId(0));
  EXPECT_EQ(walk.target.chunk_source, SourceId(1));
}

TEST(ChooseChunkKey, ElseWhatMostSourcesShareFromTheSourceThatItIsTheKeyOf) {
  Walk walk({{"user_id"}, {"plan_id"}}, {{1, 0}, {1, 1}, {0, 1}});
  ASSERT_TRUE(walk.choose());
  EXPECT_EQ(walk.target.locators[0].name(), "plan_id");
  EXPECT_EQ(walk.target.chunk_source, SourceId(0));
  EXPECT_EQ(walk.target.chunk_column, "id");
}

TEST(ChooseChunkKey, FindsNoneInSeveralColumnsThatNoIndexBeginsWith) {
  Walk walk({{"user_id", "day"}}, {{0, 0}});
  walk.model.rules[0].source_columns = {"owner", "on_day"};
  EXPECT_FALSE(walk.choose({"user_id", "id"}));
  EXPECT_EQ(walk.target.chunk_column, "");
}

TEST(ChooseChunkKey, OfSeveralColumnsTakesTheFirstWhereAnIndexBeginsWithIt) {
  Walk walk({{"user_id", "day"}}, {{0, 0}, {1, 0}});
  for (auto& rule : walk.model.rules) rule.source_columns = {rule.source == 0 ? "whose" : "owner", "on_day"};
  ASSERT_TRUE(walk.choose({"owner"}));
  EXPECT_EQ(walk.target.chunk_source, SourceId(1)) << "the other source would be read whole for each chunk";
  EXPECT_EQ(walk.target.chunk_column, "owner");
  EXPECT_EQ(walk.target.locators[0].chunk_column(), "user_id");
}

TEST(ChooseChunkKey, OfSeveralColumnsTakesTheOneThatTheKeyOfTheSourceBeginsWith) {
  Walk walk({{"no", "tenant"}}, {{1, 0}});
  walk.model.sources[1].key = {"tenant_id", "entry"};
  walk.model.rules[0].source_columns = {"entry", "tenant_id"};
  ASSERT_TRUE(walk.choose({"tenant_id"}));
  EXPECT_EQ(walk.target.chunk_column, "tenant_id");
  EXPECT_EQ(walk.target.locators[0].chunk_column(), "tenant");
}

TEST(ChooseChunkKey, WhichColumnItIsDoesNotHangOnIndexesThatComeAndGo) {
  Walk walk({{"no", "tenant"}}, {{1, 0}});
  walk.model.sources[1].key = {"tenant_id", "entry"};
  walk.model.rules[0].source_columns = {"entry", "tenant_id"};
  EXPECT_FALSE(walk.choose({"entry"}));
  EXPECT_EQ(walk.target.locators[0].chunk_column(), "tenant") << "what a chunk of an earlier life has covered means the same";
}

TEST(ChooseChunkKey, PrefersASingleColumnToSeveralHoweverManyRulesShareThose) {
  Walk walk({{"user_id", "day"}, {"plan_id"}}, {{0, 0}, {1, 0}, {1, 1}});
  for (auto& rule : walk.model.rules) {
    if (rule.locator == 0) rule.source_columns = {"owner", "on_day"};
  }
  ASSERT_TRUE(walk.choose({"owner"}));
  EXPECT_EQ(walk.target.locators[0].name(), "plan_id");
}

}  // namespace
}  // namespace crossfade::mapping
