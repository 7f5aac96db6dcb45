#include "base/text/fold.h"

#include <gtest/gtest.h>

namespace crossfade {
namespace {

TEST(FoldTest, ASelectOverSeveralLinesIsOne) {
  EXPECT_EQ(in_one_line("\n select a.id\n\t  from t a\r\n where a.x = 'ü'"), "select a.id from t a where a.x = 'ü'");
  EXPECT_EQ(in_one_line(""), "");
}

TEST(FoldTest, WhatDoesNotFitGoesOnBelow) {
  EXPECT_EQ(in_lines("- ", "one two three four five six seven eight nine ten", 40, 2), "- one two three four five six seven\n  eight nine ten\n");
  EXPECT_EQ(in_lines("- ", "one two three", 0, 2), "- one two three\n");
}

}  // namespace
}  // namespace crossfade
