#include "mapping/preflight/build_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "mapping/catalog/catalog.h"
#include "mapping/file/strict_yaml.h"

namespace crossfade::mapping {
namespace {

using ::testing::HasSubstr;

ColumnCatalog column(const std::string& name, const std::string& type) {
  ColumnCatalog made;
  made.name = name;
  made.type = made.full_type = type;
  made.type_oid = type == "bigint" ? 20 : type == "integer" ? 23 : 25;
  return made;
}

RelationCatalog relation(const std::string& schema, const std::string& name, std::uint32_t oid, std::vector<ColumnCatalog> columns) {
  RelationCatalog made;
  made.schema = schema;
  made.name = name;
  made.oid = oid;
  made.kind = 'r';
  made.owned = made.readable = true;
  made.columns = std::move(columns);
  return made;
}

/// exercises of plans become days: one a plan and day, counted.
class BuildModelTest : public ::testing::Test {
 protected:
  BuildModelTest() {
    v1::Migration yaml;
    read_yaml("migration.yaml",
              "migration: gym\nschemas: {source: public, mapping: gym_map, shadow: gym_v2, stable: gym_stable}\n"
              "sources: {exercises: {}, plans: {}}\ntargets: {days: {}}\n",
              yaml);
    directed = forward_migration(yaml);

    auto exercises = relation("public", "exercises", 1, {column("id", "bigint"), column("plan_id", "bigint"), column("day", "integer"), column("note", "text")});
    exercises.primary_key = {"id"};
    exercises.identities = {{"public.exercises", 'f', {}}};
    exercises.columns[1].leads_index = true;
    auto plans = relation("public", "plans", 2, {column("id", "bigint"), column("name", "text")});
    plans.primary_key = {"id"};
    plans.identities = {{"public.plans", 'd', {"id"}}};
    plans.columns[0].leads_index = true;
    catalog.sources = {{"exercises", exercises}, {"plans", plans}};

    auto& days = catalog.targets["days"];
    days.table = relation("gym_v2", "days", 3, {column("plan_id", "bigint"), column("day", "integer"), column("exercises", "bigint"), column("plan", "text")});
    days.table.primary_key = {"plan_id", "day"};
    days.view = relation("gym_map", "days", 4, days.table.columns);
    days.view.kind = 'v';
    days.reads = {{"public", "exercises", 'r', false, {"plan_id", "day"}, false}, {"public", "plans", 'r', false, {"id", "name"}, false}};
    catalog.rules = {{"exercises", "days", {"plan_id"}, {"plan_id"}, "", ""}, {"plans", "days", {"plan_id"}, {"id"}, "", ""}};

    catalog.server.wal_level = "logical";
    catalog.server.free_slots = catalog.server.free_senders = 5;
    catalog.server.may_replicate = catalog.server.may_create = true;
    catalog.server.encoding = "UTF8";
    catalog.server.version = 150004;
  }

  Preflight build() { return build_model(directed, catalog); }

  /// The messages of what keeps the migration from being prepared.
  static std::vector<std::string> failures(const Preflight& preflight) {
    std::vector<std::string> said;
    for (const auto& finding : preflight.findings) {
      if (finding.level == Finding::Level::kFail) said.push_back(finding.subject + ": " + finding.message);
    }
    return said;
  }

  DirectedMigration directed;
  Catalog catalog;
};

TEST_F(BuildModelTest, RulesOfTheSameColumnsShareALocatorAndItIsWalkedAlong) {
  const auto preflight = build();
  EXPECT_THAT(failures(preflight), ::testing::IsEmpty());
  const auto& model = preflight.model;
  ASSERT_EQ(model.sources.size(), 2U);
  ASSERT_EQ(model.targets.size(), 1U);
  ASSERT_EQ(model.rules.size(), 2U);
  const auto& days = model.targets[TargetId(0)];
  EXPECT_EQ(days.key, (std::vector<std::string>{"plan_id", "day"}));
  ASSERT_EQ(days.locators.size(), 1U);
  EXPECT_EQ(days.locators.front().columns, std::vector<std::string>{"plan_id"});
  EXPECT_EQ(model.rules[0].locator, kChunkKey);
  EXPECT_EQ(model.rules[1].locator, kChunkKey);
}

TEST_F(BuildModelTest, AChangeCountsWhereItTouchesWhatTheViewReads) {
  const auto model = build().model;
  EXPECT_EQ(model.rules[0].relevant_columns, (std::vector<std::string>{"plan_id", "day"})) << "a note is nothing to days";
  EXPECT_EQ(model.rules[1].relevant_columns, (std::vector<std::string>{"id", "name"}));
}

TEST_F(BuildModelTest, ATableThatIsReadAndNotFollowedIsRefused) {
  catalog.rules.pop_back();
  const auto preflight = build();
  EXPECT_FALSE(preflight.ok());
  EXPECT_THAT(failures(preflight), ::testing::Contains(HasSubstr("public.plans")));
}

TEST_F(BuildModelTest, WhatTheWalDoesNotTellOfAnOldRowIsRefusedWithItsStatement) {
  catalog.sources.at("exercises").identities = {{"public.exercises", 'd', {"id"}}};
  const auto preflight = build();
  EXPECT_FALSE(preflight.ok());
  EXPECT_TRUE(std::any_of(preflight.findings.begin(), preflight.findings.end(),
                          [](const Finding& each) { return each.fix == "alter table public.exercises replica identity full;"; }));
}

TEST_F(BuildModelTest, AKeyThatTheViewLacksLeavesNoTarget) {
  catalog.targets.at("days").table.primary_key.clear();
  const auto preflight = build();
  EXPECT_FALSE(preflight.ok());
  EXPECT_TRUE(preflight.model.targets.empty());
}

TEST_F(BuildModelTest, AColumnOfAnotherTypeIsRefusedWithTheCast) {
  catalog.targets.at("days").view.columns[2] = column("exercises", "numeric");
  const auto preflight = build();
  EXPECT_THAT(failures(preflight), ::testing::ElementsAre(HasSubstr("column exercises is numeric in the view and bigint in the table")));
}

TEST_F(BuildModelTest, WithoutAnIndexInWhoseOrderRowsComeItIsFilledInOnePiece) {
  for (auto& [word, source] : catalog.sources) {
    for (auto& each : source.columns) each.leads_index = false;
  }
  // A rule of one column is walked along whether or not an index helps: a chunk is a range of values. One of two columns is not.
  catalog.rules = {{"exercises", "days", {"plan_id", "day"}, {"plan_id", "day"}, "", ""}, {"plans", "days", {"plan_id", "day"}, {}, "select e.plan_id, e.day from public.exercises e where e.plan_id = any ($1)", ""}};
  catalog.rules[1].source_columns = {"id"};
  catalog.lookups[1] = {"select e.plan_id, e.day from public.exercises e where e.plan_id = any ($1::bigint[])", "", {}};
  const auto preflight = build();
  EXPECT_TRUE(std::any_of(preflight.findings.begin(), preflight.findings.end(),
                          [](const Finding& each) { return each.message.find("backfilled in one piece") != std::string::npos; }));
}

TEST_F(BuildModelTest, ARingOfForeignKeysIsNamed) {
  auto& days = catalog.targets.at("days");
  catalog.targets["weeks"] = days;
  auto& weeks = catalog.targets.at("weeks");
  weeks.table.name = weeks.view.name = "weeks";
  days.table.foreign_keys = {{"weeks", {"plan_id", "day"}, {"plan_id", "day"}, false, ""}};
  weeks.table.foreign_keys = {{"days", {"plan_id", "day"}, {"plan_id", "day"}, false, ""}};
  auto& targets = *directed.yaml.mutable_targets();
  targets["weeks"] = targets.at("days");
  directed.tables["weeks"] = {"gym_v2", "weeks"};
  const auto preflight = build();
  EXPECT_TRUE(std::any_of(preflight.findings.begin(), preflight.findings.end(),
                          [](const Finding& each) { return each.message == "foreign keys form a ring through days, weeks"; }));
}

TEST_F(BuildModelTest, ASourceThatNothingFollowsIsSaid) {
  catalog.rules.pop_back();
  catalog.targets.at("days").reads.pop_back();
  const auto preflight = build();
  EXPECT_TRUE(preflight.ok());
  EXPECT_TRUE(std::any_of(preflight.findings.begin(), preflight.findings.end(),
                          [](const Finding& each) { return each.subject == "source public.plans" && each.message == "no target follows it"; }));
}

}  // namespace
}  // namespace crossfade::mapping
