#include "app/status/backfill_share.h"

#include <gtest/gtest.h>

namespace crossfade::app {
namespace {

TEST(BackfillShare, IsMeasuredByTheEndsOfAColumnThatHasDistances) {
  mapping::Source source;
  source.schema = "public";
  source.name = "Rental";
  EXPECT_EQ(share_by_ends(source, "rental_id", "integer"),
            "select (($1::integer::numeric - low) / nullif(high - low, 0))::float8 from (select min(t.\"rental_id\")::numeric as low, "
            "max(t.\"rental_id\")::numeric as high from \"public\".\"Rental\" t) ends");
  EXPECT_EQ(share_by_ends(source, "day", "date").find("extract(epoch from $1::date)::numeric"), 9U);
  EXPECT_EQ(share_by_ends(source, "name", "text"), "") << "how far it is from 'a' to 'b' nobody knows";
}

TEST(BackfillShare, IsOfTheTypesOwnOrder) {
  const auto sql = share_by_statistics("character varying(20)", "<=");
  EXPECT_NE(sql.find("order by high::character varying(20) desc nulls first"), std::string::npos) << sql;
  EXPECT_NE(sql.find("histogram_bounds::text::character varying(20)[]"), std::string::npos) << sql;
}

}  // namespace
}  // namespace crossfade::app
