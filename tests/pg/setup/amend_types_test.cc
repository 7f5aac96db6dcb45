#include <fmt/format.h>

#include "amend_fixture.h"

namespace crossfade::test {
namespace {

/// Types of v2 that v2.sql says otherwise, and that the views name.
class AmendTypesTest : public AmendTest {
 protected:
  AmendTypesTest() {
    edit("v2.sql", "create table gym_v2.plans",
         "create type gym_v2.level as enum ('easy', 'hard');\ncreate type gym_v2.unused as enum ('one');\ncreate domain gym_v2.length as int check (value > 0);\n"
         "create type gym_v2.span as (low int, high int);\ncreate table gym_v2.plans");
    edit("v2.sql", "title varchar(40) not null", "title varchar(40) not null,\n  level gym_v2.level not null default 'easy',\n  length gym_v2.length,\n  span gym_v2.span");
    edit("mapping.sql", "e.title", "e.title, case when e.id % 2 = 0 then 'easy'::gym_v2.level else 'hard'::gym_v2.level end as level, e.id::gym_v2.length as length, row(1, e.id)::gym_v2.span as span");
  }
  std::string labels() { return value("select enum_range(null::gym_v2.level)"); }
  std::string levels() { return value("select string_agg(level || ' ' || n, ', ' order by level) from (select level, count(*) as n from gym_v2.exercises group by level) l"); }
};

TEST_F(AmendTypesTest, LabelsComeEachInItsPlaceAndMayBeUsedAtOnce) {
  follow();
  edit("v2.sql", "enum ('easy', 'hard')", "enum ('none', 'easy', 'so so', 'hard', 'very hard')");
  EXPECT_TRUE(names(amend({"--dry-run"}), "type gym_v2.level has label so so"));
  amend();
  EXPECT_EQ(labels(), R"({none,easy,"so so",hard,"very hard"})");
  expect_made_good();
  // What is written with them in the same breath cannot be in the same transaction.
  edit("v2.sql", "'very hard')", "'very hard', 'utmost')");
  edit("mapping.sql", "'hard'::gym_v2.level end", "'utmost'::gym_v2.level end");
  const auto done = amend();
  EXPECT_TRUE(names(done, "alter type gym_v2.level add value 'utmost', beforehand")) << done;
  expect_made_good();
  EXPECT_TRUE(names(levels(), "utmost")) << levels();
  // It stays: nothing takes it away.
  amend({"--undo"});
  expect_made_good();
  EXPECT_TRUE(names(labels(), "utmost"));
  EXPECT_FALSE(names(levels(), "utmost")) << levels();
}

TEST_F(AmendTypesTest, ALabelThatTheHotfixBringsIsAmendedBeforeItIsUsed) {
  follow();
  edit("mapping.sql", "'hard'::gym_v2.level end", "'utmost'::gym_v2.level end");
  edit("v2.sql", "enum ('easy', 'hard')", "enum ('easy', 'hard', 'utmost')");
  const auto told = amend({"--ddl", ddl("alter table plans add column note text").string()}, ExitCode::kPrecondition);
  EXPECT_TRUE(names(told, "first amend with the label alone, then with what uses it")) << told;
  EXPECT_EQ(labels(), "{easy,hard}");
  expect_said_nothing();
}

TEST_F(AmendTypesTest, ALabelThatIsCalledOtherwiseIsRenamed) {
  follow();
  edit("v2.sql", "enum ('easy', 'hard')", "enum ('light', 'hard')");
  edit("v2.sql", "default 'easy'", "default 'light'");
  edit("mapping.sql", "'easy'::gym_v2.level else", "'light'::gym_v2.level else");
  const auto done = amend();
  EXPECT_TRUE(names(done, "type gym_v2.level has label light instead of easy")) << done;
  EXPECT_EQ(labels(), "{light,hard}");
  expect_made_good();
  amend({"--undo"});
  EXPECT_EQ(labels(), "{easy,hard}");
  expect_made_good();
}

TEST_F(AmendTypesTest, ALabelThatGoesIsRefusedWithTheDdlThatTakesIt) {
  follow();
  edit("v2.sql", "enum ('easy', 'hard')", "enum ('hard')");
  edit("v2.sql", "default 'easy'", "default 'hard'");
  edit("mapping.sql", "'easy'::gym_v2.level else", "'hard'::gym_v2.level else");
  const auto told = amend({}, ExitCode::kPrecondition);
  EXPECT_TRUE(names(told, "type gym_v2.level has other labels, or has them in another order, which amend does not carry over")) << told;
  const std::string such = "Such as: ";
  const auto begin = told.find(such);
  ASSERT_NE(begin, std::string::npos) << told;
  const auto mends = told.substr(begin + such.size(), told.find('\n', begin) - begin - such.size());
  EXPECT_TRUE(names(mends, R"(alter table "gym_v2"."exercises" alter column "level" drop default, alter column "level" type gym_v2.level)")) << mends;
  // Rows have it; what becomes of them the person says, by the view first.
  auto with_rows = mends;
  with_rows.replace(with_rows.find(R"("level"::text::gym_v2.level)"), 27, "'hard'");
  with_rows.replace(with_rows.find("'easy'::gym_v2.level"), 20, "'hard'");
  amend({"--ddl", ddl(with_rows).string()});
  EXPECT_EQ(labels(), "{hard}");
  expect_made_good();
}

TEST_F(AmendTypesTest, OtherTypesAreNamedAndTheRestOfV2ComesWithoutThem) {
  follow();
  const auto before = text_of("v2.sql");
  // A change of something else is not held up by the types that the views name.
  edit("v2.sql", "owner text not null\n", "owner text not null,\n  note text\n");
  edit("mapping.sql", "select id, owner from", "select id, owner, 'n'::text as note from");
  amend();
  expect_made_good();
  edit("v2.sql", "check (value > 0)", "check (value > -1)");
  edit("v2.sql", "(low int, high int)", "(low int, high int, step int)");
  edit("v2.sql", "create type gym_v2.unused as enum ('one');\n", "");
  const auto told = amend({}, ExitCode::kPrecondition);
  EXPECT_TRUE(names(told, "domain gym_v2.length is another one: v2.sql says integer CHECK ((VALUE > '-1'::integer)), the database integer CHECK ((VALUE > 0)), which amend does not carry over")) << told;
  EXPECT_TRUE(names(told, "type gym_v2.span is another one: v2.sql says low integer, high integer, step integer, the database low integer, high integer")) << told;
  EXPECT_FALSE(names(told, "crossfade_aside")) << told;
  edit("mapping.sql", "row(1, e.id)::gym_v2.span", "row(1, e.id, 2)::gym_v2.span");
  const auto done = amend({"--ddl", ddl("alter domain gym_v2.length drop constraint length_check; alter domain gym_v2.length add constraint length_check check (value > -1);"
                                        "alter type gym_v2.span add attribute step int")
                                        .string()});
  EXPECT_TRUE(names(done, "type gym_v2.unused is dropped")) << done;
  expect_made_good();
  EXPECT_EQ(value("select count(*) from gym_v2.exercises where (span).step = 2"), value("select count(*) from exercises"));
}

}  // namespace
}  // namespace crossfade::test
