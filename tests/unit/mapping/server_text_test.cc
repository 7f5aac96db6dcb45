#include "mapping/catalog/server_text.h"

#include <gtest/gtest.h>

namespace crossfade::mapping {
namespace {

using Names = std::vector<std::string>;

TEST(ServerText, ReadsAPrimaryKey) {
  const auto key = read_key_statement("alter table v2.weeks add constraint weeks_pkey PRIMARY KEY (plan_id, \"Week\"\"No\")");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->schema, "v2");
  EXPECT_EQ(key->table, "weeks");
  EXPECT_FALSE(key->references);
  EXPECT_EQ(key->columns, (Names{"plan_id", "Week\"No"}));
}

TEST(ServerText, ReadsAForeignKey) {
  const auto key = read_key_statement(
      "alter table \"V 2\".\"Days\" add constraint \"Days_week_fkey\" FOREIGN KEY (\"weekId\") REFERENCES \"V 2\".weeks(id) ON DELETE CASCADE "
      "not valid");
  ASSERT_TRUE(key);
  EXPECT_TRUE(key->references);
  EXPECT_EQ(key->schema, "V 2");
  EXPECT_EQ(key->table, "Days");
  EXPECT_EQ(key->columns, Names{"weekId"});
  EXPECT_EQ(key->parent, "weeks");
  EXPECT_EQ(key->parent_columns, Names{"id"});
}

TEST(ServerText, OtherStatementsAreNoKeys) {
  EXPECT_FALSE(read_key_statement("alter table v2.weeks add constraint u UNIQUE (plan_id)"));
  EXPECT_FALSE(read_key_statement("create index i on v2.weeks (plan_id)"));
  EXPECT_FALSE(read_key_statement("alter table v2.weeks add constraint f FOREIGN KEY (a) REFERENCES auth.users(id)"));
  EXPECT_FALSE(read_key_statement(""));
}

TEST(ServerText, ALookupsParametersAreCast) {
  EXPECT_EQ(lookup_from_body("BEGIN ATOMIC\n SELECT d.plan_id\n    FROM public.days d\n   WHERE ((d.id = ANY ($1)) OR (d.x = ANY ($2)));\nEND",
                             {"uuid[]", "integer[]"}),
            "SELECT d.plan_id\n    FROM public.days d\n   WHERE ((d.id = ANY ($1::uuid[])) OR (d.x = ANY ($2::integer[])))");
}

}  // namespace
}  // namespace crossfade::mapping
