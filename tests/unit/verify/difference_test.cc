#include "verify/diff/difference.h"

#include <gtest/gtest.h>

namespace crossfade::verify {
namespace {

using Columns = std::vector<std::pair<std::string, std::string>>;

TEST(DifferenceTest, TakesAnObjectApartAsItIsWritten) {
  EXPECT_EQ(columns_of(R"({"id": 1, "price": 1.00, "name": "a, \"b\": {c}", "tags": ["x", {"y": 2}], "gone": null})"),
            (Columns{{"id", "1"}, {"price", "1.00"}, {"name", R"("a, \"b\": {c}")"}, {"tags", R"(["x", {"y": 2}])"}, {"gone", "null"}}));
}

TEST(DifferenceTest, TakesAnEmptyObjectApart) { EXPECT_EQ(columns_of("{}"), Columns{}); }

TEST(DifferenceTest, KeepsEveryDigit) {
  EXPECT_EQ(columns_of(R"({"n": 123456789012345678901234567890.5})"), (Columns{{"n", "123456789012345678901234567890.5"}}));
}

TEST(DifferenceTest, NamesARowByItsPrimaryKey) {
  mapping::Target target;
  target.key = {"plan_id", "day"};
  Difference difference;
  difference.in_shadow = R"({"day": "mon", "rest": 3, "plan_id": 7})";
  EXPECT_EQ(row_name(target, difference), "plan_id 7, day mon");
}

TEST(DifferenceTest, NamesTheColumnsThatDiffer) {
  Difference difference;
  difference.in_view = R"({"id": 1, "price": 1.0, "name": "a"})";
  difference.in_shadow = R"({"id": 1, "price": 1.00, "name": null})";
  const auto columns = differing_columns(difference);
  ASSERT_EQ(columns.size(), 2U);
  EXPECT_EQ(columns[0].name + ' ' + columns[0].in_view + ' ' + columns[0].in_shadow, "price 1.0 1.00");
  EXPECT_EQ(columns[1].name + ' ' + columns[1].in_view + ' ' + columns[1].in_shadow, "name \"a\" null");
}

TEST(DifferenceTest, NamesNoColumnWhereOneSideLacksTheRow) {
  Difference difference;
  difference.in_view = R"({"id": 1})";
  EXPECT_TRUE(differing_columns(difference).empty());
}

}  // namespace
}  // namespace crossfade::verify
