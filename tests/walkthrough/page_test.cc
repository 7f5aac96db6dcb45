#include "walkthrough/page.h"

#include <gtest/gtest.h>

namespace crossfade::test {
namespace {

TEST(WalkthroughPage, HasCommandsWithTheirOutputAndFiles) {
  const auto deeds = read_page(
      "Type this:\n\n```console\n$ createdb library\n$ psql -c \"\n> select 1\"\n 1\n\n(1 row)\n```\n\n```sql library/v2.sql\nselect 2;\n```\n```\nneither\n```\n");
  ASSERT_EQ(deeds.size(), 3U);
  EXPECT_EQ(deeds[0].text, "createdb library\n");
  EXPECT_TRUE(deeds[0].output.empty());
  EXPECT_EQ(deeds[1].text, "psql -c \"\nselect 1\"\n");
  EXPECT_EQ(deeds[1].output, (std::vector<std::string>{" 1", "", "(1 row)"}));
  EXPECT_EQ(deeds[1].output_line, 7U);
  EXPECT_EQ(deeds[2].file, "library/v2.sql");
  EXPECT_EQ(deeds[2].text, "select 2;\n");
}

TEST(WalkthroughPage, WhatChangesFromRunToRunIsNotCompared) {
  EXPECT_EQ(masked("done in 1.2 s at 0/16B3748,   2.0 KiB  "), "done in DURATION at LSN, SIZE");
  EXPECT_EQ(masked("2026-11-21 13:05:00.123+00 transaction 812"), "TIME transaction XID");
  EXPECT_EQ(masked("1,000 rows equal"), "1,000 rows equal");
}

TEST(WalkthroughPage, AnEllipsisStandsForAnyNumberOfLines) {
  EXPECT_TRUE(as_told({"a", "…", "d"}, {"a", "b", "c", "d"}));
  EXPECT_TRUE(as_told({"a", "…"}, {"a"}));
  EXPECT_FALSE(as_told({"a", "…", "d"}, {"a", "b", "c"}));
  EXPECT_FALSE(as_told({}, {"a"}));
  EXPECT_FALSE(as_told({"a"}, {}));
}

}  // namespace
}  // namespace crossfade::test
