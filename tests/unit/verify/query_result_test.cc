#include "verify/queries/query_result.h"

#include <gtest/gtest.h>

namespace crossfade::verify {
namespace {

QueryResult answer(std::vector<QueryResult::Row> rows) { return {{"name", "at"}, std::move(rows)}; }

TEST(AnswerTest, EqualAnswersDoNotDiffer) {
  EXPECT_EQ(difference(answer({{"Squat", "1"}}), answer({{"Squat", "1"}})), std::nullopt);
  EXPECT_EQ(difference(answer({}), answer({})), std::nullopt);
}

TEST(AnswerTest, TheFirstColumnThatDiffersIsNamed) {
  EXPECT_EQ(difference(answer({{"Squat", "1"}, {"Press", std::nullopt}}), answer({{"Squat", "1"}, {"Press", "2"}})), "row 2, at: v1 null, v2 \"2\"");
}

TEST(AnswerTest, RowsThatOneSideLacksAreNamed) {
  EXPECT_EQ(difference(answer({{"Squat", "1"}, {"Press", "2"}}), answer({{"Squat", "1"}})), "2 rows in v1, 1 in v2, only in v1: (\"Press\", \"2\")");
  EXPECT_EQ(difference(answer({{"Squat", "1"}}), answer({{"Squat", "1"}, {"Squat", "1"}})), "1 rows in v1, 2 in v2, only in v2: (\"Squat\", \"1\")");
}

TEST(AnswerTest, AnotherOrderAndOtherColumnsAreDifferencesOfTheirOwn) {
  EXPECT_EQ(difference(answer({{"a", "1"}, {"b", "2"}}), answer({{"b", "2"}, {"a", "1"}})), "the same rows in another order");
  EXPECT_EQ(difference(answer({}), QueryResult{{"name"}, {}}), "columns: v1 (name, at), v2 (name)");
}

TEST(NoiseTest, AColumnThatDiffersByItselfIsLeftOut) {
  Nondeterminism noise;
  EXPECT_TRUE(noise.learn(answer({{"Squat", "12:00"}}), answer({{"Squat", "12:01"}})));
  EXPECT_EQ(noise.columns, std::set<std::size_t>{1});
  EXPECT_FALSE(noise.order);
  EXPECT_EQ(difference(noise.without(answer({{"Squat", "12:02"}})), noise.without(answer({{"Squat", "12:03"}}))), std::nullopt);
  EXPECT_EQ(difference(noise.without(answer({{"Squat", "12:02"}})), noise.without(answer({{"Press", "12:02"}}))), "row 1, name: v1 \"Squat\", v2 \"Press\"");
}

TEST(NoiseTest, AnOrderThatDiffersByItselfIsLeftOut) {
  Nondeterminism noise;
  EXPECT_TRUE(noise.learn(answer({{"a", "1"}, {"b", "2"}}), answer({{"b", "2"}, {"a", "1"}})));
  EXPECT_TRUE(noise.order);
  EXPECT_TRUE(noise.columns.empty());
  EXPECT_EQ(difference(noise.without(answer({{"c", "1"}, {"d", "2"}})), noise.without(answer({{"d", "2"}, {"c", "1"}}))), std::nullopt);
}

TEST(NoiseTest, OtherRowsEachTimeCannotBeCompared) {
  Nondeterminism noise;
  EXPECT_FALSE(noise.learn(answer({{"a", "1"}}), answer({})));
  EXPECT_FALSE(noise.learn(answer({{"a", "1"}, {"b", "2"}}), answer({{"a", "2"}, {"b", "1"}})));
}

}  // namespace
}  // namespace crossfade::verify
