#include "verify/queries/query_file.h"

#include <gtest/gtest.h>

#include "base/error/failure.h"

namespace crossfade::verify {
namespace {

std::string refusal(const std::string& text) {
  try {
    parse_query_pair(text);
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit(), ExitCode::kUsage);
    return failure.what();
  }
  return "accepted";
}

TEST(QueryFileTest, HasThreeStatementsInAnyOrder) {
  const auto pair = parse_query_pair("-- what the list of a plan shows\n\n-- keys\nselect id from plans\n  -- v1 \nselect 1\n-- a remark\nwhere $1 = 'a';\n-- v2\r\nselect $1\n");
  EXPECT_EQ(pair.keys, "select id from plans\n");
  EXPECT_EQ(pair.v1, "select 1\nwhere $1 = 'a';\n");
  EXPECT_EQ(pair.v2, "select $1\n");
}

TEST(QueryFileTest, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(refusal("select 1"), "line 1: a statement before any of the headers");
  EXPECT_EQ(refusal("-- v1\nselect $1\n-- v1\nselect $1"), "line 3: -- v1 stands twice");
  EXPECT_EQ(refusal("-- v1\nselect $1\n-- v2\nselect $1\n"), "nothing stands below -- keys");
  EXPECT_EQ(refusal("-- v1\nselect 1\n-- v2\nselect $1\n-- keys\nselect 1"), "the statement below -- v1 does not ask for $1, the key");
  EXPECT_EQ(refusal("-- v1\nselect $1\n-- v2\nselect $1\n-- keys\nselect $1"), "the statement below -- keys cannot have a key itself");
}

}  // namespace
}  // namespace crossfade::verify
