#include "mapping/catalog/catalog.h"

#include <gtest/gtest.h>

#include "mapping/preflight/walk.h"

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

/// One target with locators over the named columns, and rules source number → locator number.
struct Walk {
  Walk(const std::vector<Names>& columns, const std::vector<std::pair<std::uint16_t, std::uint16_t>>& rules) {
    model.sources = {{"public", "plans", {"id"}, 1}, {"public", "exercises", {"id"}, 2}};
    target.key = {"id"};
    for (const auto& names : columns) {
      Locator locator;
      locator.columns = names;
      target.locators.push_back(locator);
    }
    for (const auto& [source, locator] : rules) {
      FollowRule rule;
      rule.source = source;
      rule.locator = locator;
      rule.source_columns = {source == 0 ? "id" : "plan_id"};
      model.rules.push_back(rule);
    }
  }

  Model model;
  Target target;
};

TEST(ChooseWalk, PrefersThePrimaryKey) {
  Walk walk({{"plan_id"}, {"id"}}, {{0, 0}, {1, 0}, {1, 1}});
  ASSERT_TRUE(choose_walk(walk.model, walk.target, 0));
  EXPECT_EQ(walk.target.locators[0].name(), "id");
  EXPECT_EQ(walk.model.rules[0].locator, 1);
  EXPECT_EQ(walk.model.rules[2].locator, 0);
  EXPECT_EQ(walk.target.walk_source, 1);
}

TEST(ChooseWalk, ElseWhatMostSourcesShareFromTheSourceThatItIsTheKeyOf) {
  Walk walk({{"user_id"}, {"plan_id"}}, {{1, 0}, {1, 1}, {0, 1}});
  ASSERT_TRUE(choose_walk(walk.model, walk.target, 0));
  EXPECT_EQ(walk.target.locators[0].name(), "plan_id");
  EXPECT_EQ(walk.target.walk_source, 0);
  EXPECT_EQ(walk.target.walk_column, "id");
}

TEST(ChooseWalk, FindsNoneWithoutASingleColumn) {
  Walk walk({{"user_id", "day"}}, {{0, 0}});
  EXPECT_FALSE(choose_walk(walk.model, walk.target, 0));
  EXPECT_EQ(walk.target.walk_column, "");
}

}  // namespace
}  // namespace crossfade::mapping
