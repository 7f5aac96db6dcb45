#include "mapping/catalog/query_plan.h"

#include <gtest/gtest.h>

namespace crossfade::mapping {
namespace {

TEST(QueryPlan, FindsSequentialScansAndTheColumnTheyPickBy) {
  const auto scans = sequential_scans(R"json([{"Plan": {"Node Type": "Hash Join", "Plan Rows": 12, "Hash Cond": "(e.\"planId\" = p.id)", "Plans": [
    {"Node Type": "Seq Scan", "Schema": "public", "Relation Name": "exercises", "Alias": "e"},
    {"Node Type": "Hash", "Plans": [
      {"Node Type": "Seq Scan", "Schema": "public", "Relation Name": "plans", "Alias": "p", "Filter": "((p.owner IS NOT NULL) AND (p.id = 1))"}]},
    {"Node Type": "Index Scan", "Schema": "public", "Relation Name": "days", "Alias": "d"}]}}])json");
  ASSERT_EQ(scans.size(), 2U);
  EXPECT_EQ(scans[0].schema, "public");
  EXPECT_EQ(scans[0].table, "exercises");
  EXPECT_EQ(scans[0].column, "\"planId\"");
  EXPECT_EQ(scans[1].column, "id");
}

TEST(QueryPlan, AScanWithoutAConditionHasNoColumn) {
  const auto scans = sequential_scans(R"json([{"Plan": {"Node Type": "Seq Scan", "Schema": "s", "Relation Name": "t", "Alias": "t"}}])json");
  ASSERT_EQ(scans.size(), 1U);
  EXPECT_EQ(scans[0].column, "");
}

TEST(QueryPlan, AnAliasIsAWholeWord) {
  const auto scans = sequential_scans(
      R"json([{"Plan": {"Node Type": "Seq Scan", "Schema": "s", "Relation Name": "t", "Alias": "e", "Filter": "(table.x = 1) AND (e.y = 2)"}}])json");
  EXPECT_EQ(scans.at(0).column, "y");
}

TEST(QueryPlan, TellsTheEstimate) {
  EXPECT_EQ(estimated_rows(R"json([{"Plan": {"Node Type": "Result", "Plan Rows": 2550000}}])json"), 2'550'000);
}

TEST(QueryPlan, WhatIsNoPlanHasNothing) {
  EXPECT_TRUE(sequential_scans("nonsense").empty());
  EXPECT_EQ(estimated_rows("[]"), 0);
}

}  // namespace
}  // namespace crossfade::mapping
