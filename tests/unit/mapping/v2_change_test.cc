#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mapping/amend/diff.h"
#include "mapping/amend/labels_change.h"
#include "mapping/amend/v2_change.h"
#include "mapping/amend/view_said.h"

namespace crossfade::mapping {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// v2 as it stands in the database, and as it shall be.
class V2ChangeTest : public testing::Test {
 protected:
  V2ChangeTest() {
    there.tables["day"] = {column("id", "integer", true), column("title", "text", false)};
    there.pieces["day_pkey"] = {"day", 'p', "alter table v2.day add constraint day_pkey PRIMARY KEY (id)", "", "alter table v2.day drop constraint if exists day_pkey", "id", ""};
    wanted = there;
  }

  static ColumnSide column(std::string name, std::string type, bool required) {
    ColumnSide made;
    made.name = std::move(name);
    made.type = std::move(type);
    made.required = required;
    return made;
  }
  V2Change change() { return compare("v2", there, wanted, before); }

  Side there;
  Side wanted;
  std::optional<Side> before;
};

TEST_F(V2ChangeTest, WhatIsTheSameChangesNothing) { EXPECT_TRUE(change().empty()); }

TEST_F(V2ChangeTest, AColumnThatComesIsRequiredOnceEveryRowHasIt) {
  wanted.tables["day"].push_back(column("number", "integer", true));
  const auto made = change();
  EXPECT_THAT(made.statements, ElementsAre(R"(alter table "v2"."day" add column "number" integer)"));
  ASSERT_EQ(made.later.size(), 1U);
  EXPECT_EQ(made.later[0].stage, 2);
  EXPECT_THAT(made.later[0].piece.create, HasSubstr(R"(check ("number" is not null) not valid)"));
  EXPECT_THAT(made.later[0].piece.validate, HasSubstr("set not null"));
  EXPECT_THAT(made.touched, ElementsAre("day"));
}

TEST_F(V2ChangeTest, AColumnWithADefaultIsThereAtOnce) {
  auto number = column("number", "integer", true);
  number.given = "1";
  wanted.tables["day"].push_back(number);
  const auto made = change();
  EXPECT_THAT(made.statements, ElementsAre(R"(alter table "v2"."day" add column "number" integer default 1 not null)"));
  EXPECT_THAT(made.later, IsEmpty());
}

TEST_F(V2ChangeTest, AColumnIsDroppedOrRetyped) {
  wanted.tables["day"].pop_back();
  EXPECT_THAT(change().statements, ElementsAre(R"(alter table "v2"."day" drop column "title")"));
  wanted = there;
  wanted.tables["day"][1].type = "character varying(40)";
  const auto made = change();
  EXPECT_THAT(made.statements, ElementsAre(R"(alter table "v2"."day" alter column "title" type character varying(40) using "title"::character varying(40))"));
  EXPECT_THAT(made.touched, ElementsAre("day"));
}

TEST_F(V2ChangeTest, AColumnThatSomebodyAddedByHandStaysWhereItIsKnownWhatWasSaidBefore) {
  before = there;
  there.tables["day"].push_back(column("by_hand", "text", false));
  EXPECT_TRUE(change().empty());
  before.reset();
  EXPECT_THAT(change().says, ElementsAre("column day.by_hand is dropped"));
}

TEST_F(V2ChangeTest, AnIndexThatSomebodyAddedByHandStays) {
  there.pieces["day_by_hand"] = {"day", 'i', "CREATE INDEX day_by_hand ON v2.day (title)", "", "drop index if exists v2.day_by_hand", "title", ""};
  EXPECT_TRUE(change().empty());
  before = there;
  EXPECT_THAT(change().statements, ElementsAre("drop index if exists v2.day_by_hand"));
}

TEST_F(V2ChangeTest, KeysAndIndexesOfATableThatStaysWaitForItsRows) {
  wanted.pieces["day_title_key"] = {"day", 'u', "alter table v2.day add constraint day_title_key UNIQUE (title)", "", "", "title", ""};
  const auto made = change();
  EXPECT_THAT(made.statements, IsEmpty());
  ASSERT_EQ(made.later.size(), 1U);
  EXPECT_EQ(made.later[0].name, "day_title_key");
  EXPECT_EQ(made.later[0].stage, 1);
}

TEST_F(V2ChangeTest, ATableComesWithItsKeysBeforeForeignKeys) {
  wanted.tables["set"] = {column("day", "integer", true)};
  wanted.pieces["a on v2.set"] = {"set", 'f', "alter table v2.set add constraint a FOREIGN KEY (day) REFERENCES v2.day(id) not valid", "alter table v2.set validate constraint a", "", "", ""};
  wanted.pieces["set_pkey"] = {"set", 'p', "alter table v2.set add constraint set_pkey PRIMARY KEY (day)", "", "", "day", ""};
  const auto made = change();
  EXPECT_THAT(made.statements, ElementsAre(R"(create table "v2"."set" ("day" integer not null))", HasSubstr("PRIMARY KEY"), HasSubstr("FOREIGN KEY"), HasSubstr("validate")));
  EXPECT_THAT(made.added, ElementsAre("set"));
  EXPECT_THAT(made.touched, IsEmpty());
}

TEST_F(V2ChangeTest, AKeyGoesAfterTheForeignKeyThatLeansOnIt) {
  there.tables["set"] = {column("day", "integer", true)};
  there.pieces["set_day_fkey on v2.set"] = {"set", 'f', "alter table v2.set add constraint set_day_fkey FOREIGN KEY (day) REFERENCES v2.day(id) not valid", "", "drop the foreign key", "", ""};
  there.pieces["day_pkey"].drop = "drop the key";
  before = there;
  wanted.tables = {{"set", there.tables["set"]}};
  wanted.pieces.clear();
  EXPECT_THAT(change().statements, ElementsAre("drop the foreign key", "drop the key", R"(drop table "v2"."day")"));
}

TEST_F(V2ChangeTest, ATableGoesOnlyIfItWasSaidOnce) {
  there.tables["set"] = {column("day", "integer", true)};
  EXPECT_TRUE(change().empty());
  before = there;
  EXPECT_THAT(change().statements, ElementsAre(R"(drop table "v2"."set")"));
}

TEST_F(V2ChangeTest, LabelsComeInTheirPlaceAndNoneIsTakenAway) {
  there.labels["v2.mood"] = {"good", "bad"};
  wanted.labels["v2.mood"] = {"best", "good", "so so", "bad", "worse", "worst"};
  EXPECT_THAT(change().statements, ElementsAre("alter type v2.mood add value 'best' before 'good'", "alter type v2.mood add value 'so so' after 'good'", "alter type v2.mood add value 'worse'",
                                               "alter type v2.mood add value 'worst'"));
  wanted.labels["v2.mood"] = {"bad"};
  there.tables["day"].push_back(column("mood", "v2.mood", false));
  wanted.tables = there.tables;
  const auto made = change();
  ASSERT_THAT(made.refused, ElementsAre("type v2.mood has other labels, or has them in another order"));
  EXPECT_EQ(made.mends.at(made.refused[0]), R"(alter type v2.mood rename to crossfade_old; create type v2.mood as enum ('bad'); )"
                                            R"(alter table "v2"."day" alter column "mood" type v2.mood using "mood"::text::v2.mood; drop type "v2".crossfade_old;)");
  EXPECT_TRUE(compare("v2", there, keeping_labels(wanted, there), before).empty()) << "an undo leaves it";
  before = wanted;
  EXPECT_TRUE(change().empty()) << "somebody has added it by hand";
  wanted.labels["v2.mood"] = {"bad", "good"};
  EXPECT_THAT(change().refused, testing::SizeIs(1));
}

TEST_F(V2ChangeTest, ALabelInAnothersPlaceIsThatOneRenamed) {
  there.labels["v2.mood"] = {"good", "bad"};
  there.tables["day"].push_back(column("mood", "v2.mood", false));
  wanted.tables = there.tables;
  wanted.labels["v2.mood"] = {"good", "sad"};
  const auto made = change();
  EXPECT_THAT(made.statements, ElementsAre("alter type v2.mood rename value 'bad' to 'sad'"));
  EXPECT_THAT(made.touched, ElementsAre("day"));
}

TEST_F(V2ChangeTest, ATypeGoesOnlyIfItWasSaidOnce) {
  there.labels["v2.mood"] = {"good"};
  EXPECT_TRUE(change().empty());
  before = there;
  EXPECT_THAT(change().statements, ElementsAre("drop type v2.mood"));
}

TEST_F(V2ChangeTest, AnotherCollationIsNamed) {
  wanted.tables["day"][1].collation = "\"C\"";
  EXPECT_THAT(change().says, ElementsAre("column day.title is text collate \"C\" instead of text of its own collation"));
  std::swap(wanted, there);
  EXPECT_THAT(change().says, ElementsAre("column day.title is text of its own collation instead of text collate \"C\""));
}

TEST_F(V2ChangeTest, WhatIsNotCarriedOverIsRefused) {
  wanted.pieces["day_pkey"].create = "alter table v2.day add constraint day_pkey PRIMARY KEY (id, title)";
  wanted.others["function v2.f()"] = {.text = "select 1"};
  wanted.tables["day"][0].generated = 's';
  EXPECT_THAT(change().refused, ElementsAre("the key of day is another one", "column day.id is generated otherwise", "function v2.f() is not there"));
}

TEST_F(V2ChangeTest, AnIdentityComesGoesAndTakesValuesOtherwise) {
  wanted.tables["day"][0].identity = 'd';
  EXPECT_THAT(change().statements, ElementsAre(R"(alter table "v2"."day" alter column "id" add generated by default as identity)"));
  there.tables["day"][0].identity = 'a';
  EXPECT_THAT(change().statements, ElementsAre(R"(alter table "v2"."day" alter column "id" set generated by default)"));
  wanted.tables["day"][0].identity = 0;
  EXPECT_THAT(change().statements, ElementsAre(R"(alter table "v2"."day" alter column "id" drop identity)"));
}

TEST_F(V2ChangeTest, ValuesThatAreNoneOfTheNewTypeGoAndComeAgain) {
  there.tables["day"][1].required = wanted.tables["day"][1].required = true;
  wanted.tables["day"][1].type = "date";
  const auto made = change();
  ASSERT_EQ(made.otherwise.size(), 1U);
  const auto& otherwise = made.otherwise.at(0);
  EXPECT_EQ(otherwise.sql, R"(alter table "v2"."day" alter column "title" drop not null, alter column "title" type date using null)");
  EXPECT_EQ(otherwise.by_hand, R"(alter table "v2"."day" alter column "title" type date using …)");
  ASSERT_TRUE(otherwise.later);
  EXPECT_THAT(otherwise.later->piece.validate, HasSubstr("set not null"));
}

TEST_F(V2ChangeTest, APolicyComesGoesAndIsMadeAnew) {
  const OtherSide policy{.text = "true", .make = "make it", .unmake = "drop it", .table = "day", .anew = true};
  wanted.others["policy p on v2.day"] = policy;
  EXPECT_THAT(change().statements, ElementsAre("make it"));
  there = before.emplace(wanted);
  wanted.others["policy p on v2.day"].text = "false";
  EXPECT_THAT(change().statements, ElementsAre("drop it", "make it"));
  wanted.others.clear();
  EXPECT_THAT(change().statements, ElementsAre("drop it"));
  wanted.tables.clear();
  EXPECT_THAT(change().statements, testing::Not(testing::Contains("drop it"))) << "it goes with its table";
}

TEST_F(V2ChangeTest, WhatIsNotSaidAnyMoreIsNamedWhereItStays) {
  there.others["function v2.f()"] = {.text = "select 1"};
  EXPECT_TRUE(change().empty()) << "nobody knows who made it";
  before = there;
  EXPECT_THAT(change().refused, ElementsAre("function v2.f() is there, and v2.sql says so no longer"));
}

TEST_F(V2ChangeTest, AnOptionIsHeldAgainstWhatWasSaidOfIt) {
  there.others["storage parameter fillfactor of v2.day"] = {.text = "80", .unmake = "reset", .table = "day", .option = true};
  before = wanted;
  EXPECT_TRUE(change().empty()) << "somebody set it by hand";
  wanted.others["storage parameter fillfactor of v2.day"] = {.text = "70", .make = "set", .table = "day", .option = true};
  EXPECT_THAT(change().statements, ElementsAre("set"));
  before = wanted;
  wanted.others.clear();
  there.others["storage parameter fillfactor of v2.day"].text = "70";
  EXPECT_THAT(change().statements, ElementsAre("reset"));
}

TEST_F(V2ChangeTest, APrivilegeGoesWithTheLineThatGaveIt) {
  there.grants["grant SELECT on table v2.day to app"] = "revoke it";
  EXPECT_TRUE(change().empty());
  before = there;
  EXPECT_THAT(change().statements, ElementsAre("revoke it"));
  wanted.grants = std::exchange(there.grants, {});
  EXPECT_THAT(change().statements, ElementsAre("grant SELECT on table v2.day to app"));
}

TEST(LineDiffTest, ShowsWhatWentAndWhatCame) {
  EXPECT_EQ(line_diff("a\nb\nc\n", "a\nb\nc\n"), "");
  EXPECT_EQ(line_diff("a\nb\nc\n", "a\nx\nc\n"), "- b\n+ x\n");
  EXPECT_EQ(line_diff("", "a\nb"), "+ a\n+ b\n");
  EXPECT_EQ(line_diff("a\nb\nc\nd\n", "b\nd\ne\n"), "- a\n- c\n+ e\n");
}

TEST(LineDiffTest, TextsOfManyLinesAreNotLaidSideBySide) {
  std::string before, now;
  for (int n = 0; n < 3000; ++n) before += "old " + std::to_string(n) + "\n";
  for (int n = 0; n < 3000; ++n) now += "new " + std::to_string(n) + "\n";
  const auto diff = line_diff(before, now);
  EXPECT_THAT(diff, HasSubstr("- old 2999\n+ new 0\n"));
}

TEST(ViewSaidTest, BlanksAndCommentsSayNothingAndOtherViewsNothingOfThisOne) {
  const std::string before = "create view map.a as select id from public.t; create view b as select 1 as n;";
  EXPECT_TRUE(view_said_alike(before, "-- as it was\nCREATE VIEW map.a AS\n  select id /* the key */ from public.t;\ncreate view b as select 2 as n", "a"));
  EXPECT_FALSE(view_said_alike(before, "create view map.a as select id from public.t; create view b as select 2 as n", "b"));
  EXPECT_FALSE(view_said_alike(before, "create or replace view map.a as select upper(id) as id from public.t; create view b as select 1 as n", "a"));
  EXPECT_FALSE(view_said_alike(before, "create view b as select 1 as n", "a"));
}

TEST(ViewSaidTest, BesideAFunctionOrWhatCannotBeReadAnyViewMayMeanSomethingElse) {
  const std::string before = "create view a as select f(id) as id from public.t; create function f(int) returns int language sql as 'select $1';";
  EXPECT_FALSE(view_said_alike(before, "create view a as select f(id) as id from public.t; create function f(int) returns int language sql as 'select -$1';", "a"));
  EXPECT_FALSE(view_said_alike("create view a as select 'one", "create view a as select 'two", "a"));
}

}  // namespace
}  // namespace crossfade::mapping
