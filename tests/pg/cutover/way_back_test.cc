#include "pg/cutover/gym_writes.h"

namespace crossfade::test {
namespace {

/// What v1 demands and v2 does not.
class WayBackTest : public GymWrites {
 protected:
  WayBackTest() { move.sql().exec("alter table exercises add constraint short_title check (length(title) < 30)"); }

  std::string set_aside() { return move.sql().value("select count(*) from crossfade.quarantine"); }
};

TEST_F(WayBackTest, WhatV1DemandsAndV2DoesNotIsSaidBeforehand) {
  const auto text = move.call({"plan"}).second;
  EXPECT_NE(text.find("constraint short_title of public.exercises"), std::string::npos) << text;
  EXPECT_NE(text.find("CHECK ((length(title) < 30)); nothing of v2 demands it"), std::string::npos) << text;
  EXPECT_EQ(text.find("constraint exercises_plan_id_fkey of public.exercises"), std::string::npos) << "v2 has the like of it: " << text;
}

TEST_F(WayBackTest, RowsThatV1CannotTakeAreNamedByTheRollback) {
  expect_done(flip("cutover"));
  move.sql().exec("update exercises set title = repeat('x', 35) where id = 5; update exercises set title = 'fits' where id = 6");
  ASSERT_TRUE(eventually([&] { return set_aside() == "1"; }));
  const auto [exit, text] = move.call(flip("rollback"));
  EXPECT_EQ(exit, 3) << text;
  EXPECT_NE(text.find("✗ quarantine: v1 cannot take what v2 has: 1 keys are set aside (exercises 5: "), std::string::npos) << text;
  EXPECT_NE(text.find("short_title"), std::string::npos) << text;
  EXPECT_EQ(direction(), "reverse");
  move.sql().exec("update exercises set title = 'mended' where id = 5");
  ASSERT_TRUE(eventually([&] { return set_aside() == "0"; }));
  expect_done(flip("rollback"));
  EXPECT_EQ(move.sql().value("select string_agg(title, ' ' order by id) from exercises where id in (5, 6)"), "mended fits");
}

}  // namespace
}  // namespace crossfade::test
