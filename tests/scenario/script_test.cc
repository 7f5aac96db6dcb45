#include "scenario/script.h"

#include <gtest/gtest.h>

namespace crossfade::test {
namespace {

using Lines = std::vector<std::string>;

TEST(ScriptTest, AnEmptyLineEndsABlockAndCommentsAreNotThere) {
  const auto steps = parse_script("# about\nstatement in a\nselect 1;\n# why\nselect 2\n\n\nsync\n");
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0].line, 2);
  EXPECT_EQ(steps[0].words, (Lines{"statement", "in", "a"}));
  EXPECT_EQ(steps[0].body, (Lines{"select 1;", "select 2"}));
  EXPECT_EQ(steps[1].line, 8);
  EXPECT_TRUE(steps[1].body.empty());
}

TEST(ScriptTest, QuotesKeepSpacesTogetherAndTheRestStandsAsItIs) {
  const auto step = parse_script("statement error no  such \"table\"").front();
  EXPECT_EQ(step.rest, "error no  such \"table\"");
  EXPECT_EQ(parse_script("cli touch \"a b\"").front().words, (Lines{"cli", "touch", "a b"}));
}

TEST(ScriptTest, AQueryHasItsRowsBelowTheDashes) {
  const auto expected = parse_query(parse_script("query\nselect a\nfrom b\n----\n1|2\n").front());
  EXPECT_EQ(expected.sql, "select a\nfrom b\n");
  EXPECT_EQ(expected.rows, Lines{"1|2"});
  EXPECT_THROW(parse_query(parse_script("query\nselect 1").front()), std::runtime_error);
}

TEST(ScriptTest, ACallExpectsZeroUnlessToldOtherwise) {
  EXPECT_EQ(parse_cli(parse_script("cli verify").front()).exit, 0);
  const auto expected = parse_cli(parse_script("cli verify\nexit 4\noutput drift").front());
  EXPECT_EQ(expected.exit, 4);
  EXPECT_EQ(expected.output, Lines{"drift"});
  EXPECT_THROW(parse_cli(parse_script("cli verify\nexits 4").front()), std::runtime_error);
}

}  // namespace
}  // namespace crossfade::test
