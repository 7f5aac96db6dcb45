#include "mapping/file/written_rule.h"

#include <gtest/gtest.h>

#include "base/error/failure.h"
#include "mapping/file/strict_yaml.h"

namespace crossfade::mapping {
namespace {

std::vector<WrittenRule> rules(const std::string& follow) {
  v1::Migration yaml;
  read_yaml("m.yaml", "targets: {days: {follow: {plans: " + follow + "}}}\n", yaml);
  return written_rules(yaml);
}

TEST(WrittenRule, NamesViewColumnsAndSourceColumns) {
  const auto read = rules("{user_id: owner, day: day}");
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].locator_columns, (std::vector<std::string>{"day", "user_id"}));
  EXPECT_EQ(read[0].source_columns, (std::vector<std::string>{"day", "owner"}));
  EXPECT_EQ(read[0].lookup, "");
  EXPECT_EQ(describe(read[0]), "days ← plans");
}

TEST(WrittenRule, ASourceMayReachATargetInTwoWays) {
  EXPECT_EQ(rules("[{plan_id: from_id}, {plan_id: to_id}]").size(), 2U);
}

TEST(WrittenRule, ASelectIsALookupByTheChangedRowsColumns) {
  const auto read = rules("{plan_id: \"select plan_id from d where id = any($dayId) and x = any($x) or id = any($dayId)\"}");
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].locator_columns, std::vector<std::string>{"plan_id"});
  EXPECT_EQ(read[0].source_columns, (std::vector<std::string>{"dayId", "x"}));
  EXPECT_EQ(read[0].lookup, "select plan_id from d where id = any($1) and x = any($2) or id = any($1)");
}

TEST(WrittenRule, ALookupMayGiveSeveralColumns) {
  EXPECT_EQ(rules("{\"user_id, day\": \"select u, d from t where id = any($id)\"}")[0].locator_columns,
            (std::vector<std::string>{"user_id", "day"}));
}

TEST(WrittenRule, WithoutAColumnIsRefused) {
  EXPECT_THROW(rules("{}"), Failure);
  EXPECT_THROW(rules("{plan_id: \"select plan_id from days\"}"), Failure);
  EXPECT_THROW(rules("{plan_id: \"select plan_id from days where id = any($id)\", b: c}"), Failure);
}

}  // namespace
}  // namespace crossfade::mapping
