#include "mapping/sql/scan.h"

#include <gtest/gtest.h>

namespace crossfade::mapping {
namespace {

using Kind = Token::Kind;
using Texts = std::vector<std::string>;

Texts of(Kind kind, std::string_view sql) {
  Texts texts;
  for (const auto& token : scan(sql)) {
    if (token.kind == kind) texts.push_back(token.text);
  }
  return texts;
}

std::string next_number(std::string_view sql) {
  return with_tokens_replaced(sql, [](const Token& token) -> std::optional<std::string> {
    if (token.kind != Kind::kParameter) return std::nullopt;
    return "$" + std::to_string(token.number + 1);
  });
}

TEST(Scan, NamesAreAsTheCatalogHasThem) {
  EXPECT_EQ(of(Kind::kName, "Select \"A \"\"b\"\"\".C$1, größe from user"), (Texts{"select", "A \"b\"", "c$1", "größe", "from", "user"}));
}

TEST(Scan, WhatStandsInStringsAndCommentsIsNoName) {
  const std::string sql = "'$a' || $$ $b $1 $$ || E'\\'$c' /* $d /* nested */ $1 */ -- $e\n || $x$ $f $x$";
  EXPECT_EQ(of(Kind::kName, sql), Texts{});
  EXPECT_EQ(of(Kind::kPlaceholder, sql), Texts{});
  EXPECT_EQ(of(Kind::kParameter, sql), Texts{});
  EXPECT_EQ(of(Kind::kString, sql).size(), 4U);
  EXPECT_EQ(of(Kind::kComment, sql).size(), 2U);
}

TEST(Scan, APlaceholderIsASignAndANameAtOnce) {
  EXPECT_EQ(of(Kind::kPlaceholder, "any($plan_id) + $Day, $user $1 $ x"), (Texts{"plan_id", "Day", "user"}));
  EXPECT_EQ(of(Kind::kPlaceholder, "$größe"), Texts{"größe"});
}

TEST(Scan, ParametersAreReplacedWholeAndOnce) {
  EXPECT_EQ(next_number("$1 + $10 + $2 + $9, '$1', a$1, $1::int[]"), "$2 + $11 + $3 + $10, '$1', a$1, $2::int[]");
}

TEST(Scan, PlacesAreBytes) {
  EXPECT_EQ(next_number("'ü' || \"größe\" || $1 || $2"), "'ü' || \"größe\" || $2 || $3");
}

TEST(Scan, WhatCannotBeScannedStaysAsItIs) {
  EXPECT_TRUE(scan("select 'no end").empty());
  EXPECT_EQ(next_number("select 'no end $1"), "select 'no end $1");
  EXPECT_TRUE(scan("").empty());
}

TEST(Scan, APlainNameIsTheSameWithoutQuotes) {
  for (const auto* plain : {"plans", "_a1"}) EXPECT_TRUE(is_plain_identifier(plain)) << plain;
  for (const auto* other : {"", "1a", "Plans", "a b", "größe", "a$"}) EXPECT_FALSE(is_plain_identifier(other)) << other;
}

}  // namespace
}  // namespace crossfade::mapping
