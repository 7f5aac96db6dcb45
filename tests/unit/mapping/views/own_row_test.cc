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

TEST(OwnRow, IsLookedForHoweverTheParametersAreTakenApart) {
  EXPECT_TRUE(own("select c.id from customer c join payment p on p.id = any($1) and p.customer_id = c.id"));
  EXPECT_TRUE(own("select p.day from payment p join unnest($1) x(id) on p.id = x.id"));
  EXPECT_TRUE(own("SELECT p.day FROM (public.payment p JOIN unnest($1::integer[]) x(id) ON ((x.id = p.id)))"));
  EXPECT_TRUE(own("select p.day from payment p, unnest($1) x where p.id = x"));
  EXPECT_TRUE(own("select p.day from payment p join unnest($1) x(id) using (id)"));
  EXPECT_TRUE(own("select p.day from payment p where p.id in (select unnest($1))"));
  EXPECT_TRUE(own("select p.day from payment p where p.id in (select x.id from unnest($1) x(id))"));
  EXPECT_TRUE(own("select p.day from payment p join unnest($1, $2) x(id, line) on p.id = x.id and p.line = x.line", {"id", "line"}, {"id", "line"}));
}

TEST(OwnRow, IsNotLookedForWhereTheParametersLeadElsewhere) {
  EXPECT_FALSE(own("select p.day from payment p join unnest($1) x(id) on p.parent_id = x.id"));
  EXPECT_FALSE(own("select p.day from payment p where p.id in (select r.id from rental r where r.parent_id = any($1))"));
  EXPECT_FALSE(own("select p.day from payment p join rental r on r.id = any($1) and p.rental_id = r.id"));
  EXPECT_FALSE(own("select x.id from unnest($1) x(id) where x.id = 1"));
  EXPECT_FALSE(own("select p.day from payment p join unnest($1) x(id) on p.id = x.id", {"parent_id"}));
  EXPECT_FALSE(own("select p.day from payment p join unnest($1, $2) x(id, line) on p.id = x.id", {"id", "line"}, {"id", "line"}));
}

TEST(OwnRow, HasAllColumnsOfItsKey) {
  EXPECT_FALSE(own("select p.day from payment p where p.id = any($1)", {"id"}, {"id", "line"}));
  EXPECT_TRUE(own("select p.day from payment p where p.id = any($1) and p.line = any($2)", {"id", "line"}, {"id", "line"}));
}

TEST(OwnRow, WhatIsNotUnderstoodSaysNothing) { EXPECT_FALSE(own("select from where")); }

}  // namespace
}  // namespace crossfade::mapping::views
