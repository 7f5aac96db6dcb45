#include "mapping/views/own_row.h"

#include <gtest/gtest.h>

namespace crossfade::mapping::views {
namespace {

bool own(const std::string& select, const std::vector<std::string>& parameters = {"id"}, const std::vector<std::string>& key = {"id"}) {
  return looks_for_own_row(select, {"public", "payment"}, key, parameters);
}

TEST(OwnRow, IsLookedForByTheKeyOfTheChangedTable) {
  EXPECT_TRUE(own("SELECT date_trunc('month', p.paid_on) FROM public.payment p WHERE (p.id = ANY ($1::integer[]))"));
  EXPECT_TRUE(own("select c.id from customer c join payment p on p.customer_id = c.id where p.id = any($1)"));
  EXPECT_TRUE(own("select paid_on from payment where id = any($1)"));
}

TEST(OwnRow, IsNotLookedForByAnotherColumnOrInAnotherTable) {
  EXPECT_FALSE(own("select x from unnest($1) x", {"paid_on"}));
  EXPECT_FALSE(own("select p.id from public.payment p where p.parent_id = any($1::integer[])"));
  EXPECT_FALSE(own("select r.id from public.rental r where r.id = any($1::integer[])"));
  EXPECT_FALSE(own("select p.paid_on from other.payment p where p.id = any($1)"));
}

TEST(OwnRow, HasAllColumnsOfItsKey) {
  EXPECT_FALSE(own("select p.day from payment p where p.id = any($1)", {"id"}, {"id", "line"}));
  EXPECT_TRUE(own("select p.day from payment p where p.id = any($1) and p.line = any($2)", {"id", "line"}, {"id", "line"}));
}

TEST(OwnRow, WhatIsNotUnderstoodSaysNothing) { EXPECT_FALSE(own("select from where")); }

}  // namespace
}  // namespace crossfade::mapping::views
