#include "mapping/catalog/query_plan.h"

#include <gtest/gtest.h>

namespace crossfade::mapping {
namespace {

TEST(QueryPlan, FindsSequentialScansAndTheColumnTheyPickBy) {
  const auto scans = whole_scans(R"json([{"Plan": {"Node Type": "Hash Join", "Plan Rows": 12, "Hash Cond": "(e.\"planId\" = p.id)", "Plans": [
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
  const auto scans = whole_scans(R"json([{"Plan": {"Node Type": "Seq Scan", "Schema": "s", "Relation Name": "t", "Alias": "t"}}])json");
  ASSERT_EQ(scans.size(), 1U);
  EXPECT_EQ(scans[0].column, "");
}

TEST(QueryPlan, AnAliasIsAWholeWord) {
  const auto scans = whole_scans(
      R"json([{"Plan": {"Node Type": "Seq Scan", "Schema": "s", "Relation Name": "t", "Alias": "e", "Filter": "(table.x = 1) AND (e.y = 2)"}}])json");
  EXPECT_EQ(scans.at(0).column, "y");
}

constexpr const char* kAggregateBeside = R"json([{"Plan": {"Node Type": "Merge Join", "Merge Cond": "(p.id = x.plan_id)", "Plans": [
    {"Node Type": "Index Scan", "Schema": "public", "Relation Name": "plans", "Alias": "p", "Index Cond": "(p.id = ANY ('{1,2}'::integer[]))"},
    {"Node Type": "Aggregate", "Strategy": "Sorted", "Group Key": ["x.plan_id"], "Plans": [
      {"Node Type": "%s", "Schema": "public", "Relation Name": "exercises", "Alias": "x"%s}]}]}}])json";

std::string aggregate_over(const std::string& node, const std::string& rest) {
  std::string plan = kAggregateBeside;
  plan.replace(plan.find("%s"), 2, node);
  return plan.replace(plan.find("%s"), 2, rest);
}

TEST(QueryPlan, AnAggregateThatNoConditionReachesIntoGathersItsTable) {
  for (const char* node : {"Seq Scan", "Index Only Scan", "Index Scan"}) {
    const auto scans = whole_scans(aggregate_over(node, ""));
    ASSERT_EQ(scans.size(), 1U) << node;
    EXPECT_EQ(scans[0].table, "exercises");
    EXPECT_EQ(scans[0].gathered_by, "an aggregate");
    EXPECT_EQ(scans[0].groups, std::vector<std::string>{"x.plan_id"});
    EXPECT_EQ(scans[0].column, "");
  }
  EXPECT_EQ(whole_scans(aggregate_over("Seq Scan", R"j(, "Filter": "(x.kind = 'a'::public.kind)")j")).at(0).gathered_by, "an aggregate");
}

TEST(QueryPlan, AnAggregateThatIsAskedForOneRowReadsThat) {
  EXPECT_TRUE(whole_scans(aggregate_over("Index Scan", R"j(, "Index Cond": "(x.plan_id = p.id)")j")).empty());
  // And one whose table lacks the index is any table that does.
  const auto scans = whole_scans(aggregate_over("Seq Scan", R"j(, "Filter": "(x.plan_id = p.id)")j"));
  ASSERT_EQ(scans.size(), 1U);
  EXPECT_EQ(scans[0].gathered_by, "");
  EXPECT_EQ(scans[0].column, "plan_id");
}

TEST(QueryPlan, AStatementOfItsOwnIsNotSummedUpByWhatReadsIt) {
  const auto scans = whole_scans(R"json([{"Plan": {"Node Type": "Aggregate", "Plans": [
    {"Node Type": "Seq Scan", "Subplan Name": "CTE next", "Schema": "public", "Relation Name": "plans", "Alias": "p"},
    {"Node Type": "CTE Scan", "Alias": "next"}]}}])json");
  ASSERT_EQ(scans.size(), 1U);
  EXPECT_EQ(scans[0].gathered_by, "");
  const auto counted = whole_scans(R"json([{"Plan": {"Node Type": "Index Scan", "Alias": "p", "Index Cond": "(p.id = 1)", "Plans": [
    {"Node Type": "Aggregate", "Subplan Name": "InitPlan 1 (returns $0)", "Plans": [
      {"Node Type": "Seq Scan", "Schema": "public", "Relation Name": "exercises", "Alias": "e"}]}]}}])json");
  ASSERT_EQ(counted.size(), 1U);
  EXPECT_EQ(counted[0].gathered_by, "an aggregate");
}

TEST(QueryPlan, TellsTheEstimate) {
  EXPECT_EQ(estimated_rows(R"json([{"Plan": {"Node Type": "Result", "Plan Rows": 2550000}}])json"), 2'550'000);
}

TEST(QueryPlan, WhatIsNoPlanHasNothing) {
  EXPECT_TRUE(whole_scans("nonsense").empty());
  EXPECT_EQ(estimated_rows("[]"), 0);
}

}  // namespace
}  // namespace crossfade::mapping
