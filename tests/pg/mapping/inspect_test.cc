#include "mapping/inspect.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "inspect_fixture.h"

namespace crossfade::mapping {
namespace {

namespace fs = std::filesystem;

TEST_F(InspectTest, AGoodMigrationHasNothingToMend) {
  const auto preflight = inspected();
  EXPECT_EQ(trouble(preflight), Lines{});
  EXPECT_TRUE(preflight.ok());
  EXPECT_EQ(sql.value("select count(*) from pg_namespace where nspname in ('v2', 'map', 'crossfade')"), "0");
}

TEST_F(InspectTest, TheModelHasParentsFirstAndLocatorsPlaced) {
  const auto model = inspected().model;
  ASSERT_EQ(model.targets.size(), 3U);
  EXPECT_EQ(model.targets[0].name, "plans");
  EXPECT_EQ(model.targets[1].name, "weeks");
  const auto& exercises = model.targets[2];
  EXPECT_EQ(exercises.name, "Exercises");
  ASSERT_EQ(exercises.columns.size(), 5U);
  EXPECT_EQ(exercises.columns[3].type, "text");
  EXPECT_EQ(exercises.columns[4].type, "numeric");
  // The primary key is what a backfill walks along.
  ASSERT_EQ(exercises.locators.size(), 2U);
  EXPECT_EQ(exercises.locators[0].name(), "id");
  EXPECT_EQ(exercises.walk_column, "id");
  EXPECT_EQ(model.sources[exercises.walk_source].name, "Exercises");
  EXPECT_GT(exercises.estimated_rows, 0);
}

TEST_F(InspectTest, ALocatorIsFoundAlongForeignKeys) {
  const auto preflight = inspected();
  EXPECT_EQ(trouble(preflight), Lines{});
  const auto& locator = preflight.model.targets.at(2).locators.at(1);
  ASSERT_EQ(locator.path.size(), 1U);
  EXPECT_EQ(locator.path[0].parent.name, "weeks");
  EXPECT_EQ(locator.path[0].columns, (Lines{"weekPlan", "week"}));
  EXPECT_EQ(locator.path[0].parent_columns, (Lines{"plan_id", "week"}));
}

TEST_F(InspectTest, LineageKnowsWhichColumnsMatter) {
  const auto model = inspected().model;
  const auto relevant = [&](const std::string& target, const std::string& source) {
    for (const auto& rule : model.rules) {
      if (model.targets[rule.target].name == target && model.sources[rule.source].name == source) return rule.relevant_columns;
    }
    return Lines{"no rule"};
  };
  EXPECT_EQ(relevant("plans", "plans"), (Lines{"id", "owner", "note"}));
  EXPECT_EQ(relevant("weeks", "plans"), (Lines{"id", "weeks"}));
  EXPECT_EQ(relevant("Exercises", "plans"), Lines{"id"});
}

/// The migrations that come with crossfade, on an old schema without rows.
class ShippedMigrationTest : public InspectTest, public testing::WithParamInterface<std::string> {};

TEST_P(ShippedMigrationTest, HasNothingToMend) {
  const auto folder = fs::path(CROSSFADE_MIGRATIONS) / GetParam();
  const auto migration = load_migration(folder);
  sql.exec("drop table \"Exercises\", plans");
  std::ifstream v1(folder / "v1.sql");
  sql.exec(std::string(std::istreambuf_iterator<char>(v1), {}));
  const auto preflight = inspected_file(migration);
  EXPECT_TRUE(preflight.ok()) << plan_text(preflight);
}

INSTANTIATE_TEST_SUITE_P(Shipped, ShippedMigrationTest, testing::Values("vagus_workout", "fitness_planning", "gain_grid", "science_schema"), [](const auto& of) { return of.param; });

}  // namespace
}  // namespace crossfade::mapping
