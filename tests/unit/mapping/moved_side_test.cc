#include "mapping/amend/moved_side.h"

#include <gtest/gtest.h>

namespace crossfade::mapping {
namespace {

/// A default as it is written once what stands in v2 stands in public.
std::string moved(const std::string& given, const std::string& from = "v2", const std::string& to = "public") {
  Side side;
  side.tables["t"] = {{}};
  side.tables["t"].front().given = given;
  return moved_side(side, from, to).tables.at("t").front().given;
}

TEST(MovedSideTest, NamesOfTheSchemaAreMovedHoweverTheyAreWritten) {
  EXPECT_EQ(moved("v2.f(1) + \"v2\".f(2)"), "public.f(1) + public.f(2)");
  EXPECT_EQ(moved("\"My v2\".f(1)", "My v2", "Pub lic"), "\"Pub lic\".f(1)");
}

TEST(MovedSideTest, ANameThatHasTheOtherInItIsAnotherOne) {
  for (const auto* other : {"xv2.f(1)", "v2_.f(1)", "\"my v2\".f(1)", "\"my v2.f\"", "\"-v2.f\" + 1", "public.v2.f", "v2"}) EXPECT_EQ(moved(other), other);
}

TEST(MovedSideTest, OfLiteralsThoseThatTheServerReadsAsNames) {
  EXPECT_EQ(moved("nextval('v2.a_id_seq'::regclass)"), "nextval('public.a_id_seq'::regclass)");
  EXPECT_EQ(moved("nextval('v2.\"it''s\"'::pg_catalog.regclass)"), "nextval('public.\"it''s\"'::pg_catalog.regclass)");
  for (const auto* other : {"'see v2.docs'::text", "'v2.a'::character varying", "'(v2.2)'"}) EXPECT_EQ(moved(other), other);
}

TEST(MovedSideTest, ABodyIsReadAsWhatItIs) {
  const std::string body = "create function v2.f() returns bigint language sql as $function$ select nextval('v2.s'::regclass), 'v2.x' from v2.t $function$";
  EXPECT_EQ(moved(body), "create function public.f() returns bigint language sql as $function$ select nextval('public.s'::regclass), 'v2.x' from public.t $function$");
}

}  // namespace
}  // namespace crossfade::mapping
