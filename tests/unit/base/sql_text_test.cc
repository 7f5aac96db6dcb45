#include "base/text/sql_text.h"

#include <gtest/gtest.h>

#include "base/error/failure.h"

namespace crossfade {
namespace {

using Elements = std::vector<std::optional<std::string>>;

TEST(SqlTextTest, AnIdentifierIsAlwaysQuotedAndItsQuotesDoubled) {
  EXPECT_EQ(quote_identifier("plans"), R"("plans")");
  EXPECT_EQ(quote_identifier(R"(a"; drop table x; --)"), R"("a""; drop table x; --")");
  EXPECT_EQ(quote_qualified("Gain Grid", "Workout"), R"("Gain Grid"."Workout")");
}

TEST(SqlTextTest, ALiteralDoublesItsQuotes) { EXPECT_EQ(quote_literal("it's"), "'it''s'"); }

TEST(SqlTextTest, ALiteralWithABackslashMeansTheSameUnderEverySetting) {
  EXPECT_EQ(quote_literal(R"(a\'b)"), R"( E'a\\''b')");
}

TEST(SqlTextTest, ElementsOfAnArrayAreQuotedAndNullIsNot) {
  EXPECT_EQ(array_text({"a", std::nullopt, "NULL", ""}), R"({"a",NULL,"NULL",""})");
  EXPECT_EQ(array_text({R"(q"b\s)"}), R"({"q\"b\\s"})");
  EXPECT_EQ(array_text({}), "{}");
}

TEST(SqlTextTest, AnArrayIsReadBackAsItWasWritten) {
  for (const Elements& elements : {Elements{}, Elements{"a", std::nullopt, "NULL", ""}, Elements{std::nullopt},
                                   Elements{R"(q"b\s)", "{1,2}", "a,b", " blank ", "new\nline"}}) {
    EXPECT_EQ(parse_array(array_text(elements)), elements);
  }
}

TEST(SqlTextTest, AnArrayIsReadAsTheServerPrintsIt) {
  EXPECT_EQ(parse_array(R"({a,"b c",NULL,"NULL"})"), (Elements{"a", "b c", std::nullopt, "NULL"}));
}

TEST(SqlTextTest, WhatIsNoArrayIsRefused) {
  for (const auto* text : {"", "{", "a", R"({"a})", R"({"a"b})", R"({a\})"}) {
    EXPECT_THROW(parse_array(text), Failure) << text;
  }
}

TEST(SqlTextTest, ATextIsUtf8WithoutAZeroByte) {
  for (const auto* text : {"", "plain", "Größe", "\u20ac", "\U0001F600", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) EXPECT_TRUE(is_text(text)) << text;
  for (const auto* bytes : {"\xff", "caf\xe9", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "a\x80"}) {
    EXPECT_FALSE(is_text(bytes)) << as_text(bytes);
  }
  EXPECT_FALSE(is_text(std::string_view("a\0b", 3)));
}

TEST(SqlTextTest, BytesThatAreNoTextAreShownByTheirNumbers) {
  EXPECT_EQ(as_text("caf\xe9, Gr\xc3\xb6\xc3\x9f" "e"), "caf\\xe9, Größe");
  EXPECT_EQ(as_text(std::string_view("a\0\xff", 3)), "a\\x00\\xff");
  EXPECT_TRUE(is_text(as_text("\xff\xfe\xf4\x90")));
}

}  // namespace
}  // namespace crossfade
