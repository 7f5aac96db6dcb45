#include <algorithm>

#include "inspect_fixture.h"

namespace crossfade::mapping {
namespace {

/// What can be followed, and what is refused with the reason.
class SourceKindsTest : public InspectTest {
 protected:
  void make_plans(const std::string& statements) { sql.exec("truncate \"Exercises\"; drop table plans; " + statements); }

  static constexpr auto kColumns = "(id uuid primary key, owner int not null, weeks int not null, note text)";
};

TEST_F(SourceKindsTest, UnloggedTables) {
  make_plans(std::string("create unlogged table plans ") + kColumns);
  EXPECT_EQ(trouble(), Lines{"FAIL source public.plans: it is not logged: its changes are not in the WAL → alter table \"public\".\"plans\" set logged;"});
}

TEST_F(SourceKindsTest, MaterializedViews) {
  make_plans("create table plan " + std::string(kColumns) + "; create materialized view plans as table plan");
  ASSERT_FALSE(trouble().empty());
  EXPECT_EQ(trouble()[0], "FAIL source public.plans: it is not a table: changes of views, materialized views and foreign tables are not in the WAL → "
                          "Name the tables behind it under sources in migration.yaml, with all others that the views read.");
}

TEST_F(SourceKindsTest, ForeignTables) {
  make_plans("create foreign data wrapper nothing; create server nowhere foreign data wrapper nothing;"
             "create foreign table plans (id uuid not null, owner int not null, weeks int not null, note text) server nowhere");
  ASSERT_FALSE(trouble().empty());
  EXPECT_NE(trouble()[0].find("foreign tables are not in the WAL"), std::string::npos) << trouble()[0];
}

TEST_F(SourceKindsTest, TablesThatOthersInheritFrom) {
  make_plans("create table plans " + std::string(kColumns) + "; create table old_plans () inherits (plans)");
  EXPECT_EQ(trouble(), Lines{"FAIL source public.plans: other tables inherit from it, and their changes come under their own names → "
                             "Name the inheriting tables as sources and union them in the view with `from only`."});
}

TEST_F(SourceKindsTest, ATableThatInheritsIsATable) {
  make_plans("create table plan " + std::string(kColumns) + "; create table plans (primary key (id)) inherits (plan)");
  EXPECT_EQ(trouble(), Lines{});
}

TEST_F(SourceKindsTest, AFieldOfACompositeTypeIsReadInItsColumn) {
  sql.exec("create type written as (by int, note text)");
  make_plans("create table plans (id uuid primary key, owner int not null, weeks int not null, words written)");
  replace(mapping, ", note", ", (words).note as note");
  EXPECT_EQ(trouble(), Lines{});
}

TEST_F(SourceKindsTest, APartitionByItself) {
  make_plans("create table all_plans " + std::string(kColumns) + " partition by hash (id);"
             "create table plans partition of all_plans for values with (modulus 1, remainder 0)");
  EXPECT_EQ(trouble(), Lines{});
}

TEST_F(SourceKindsTest, PartitionsThatTheWalDoesNotHave) {
  make_plans("create table plans (id uuid not null, owner int not null, weeks int not null, note text) partition by hash (id);"
             "create unlogged table plans_0 partition of plans for values with (modulus 2, remainder 0);"
             "create foreign data wrapper nothing; create server nowhere foreign data wrapper nothing;"
             "create foreign table plans_1 partition of plans for values with (modulus 2, remainder 1) server nowhere");
  replace(yaml, "plans: {}", "plans: {key: [id]}");
  const auto found = trouble();
  const auto has = [&](const std::string& line) { return std::find(found.begin(), found.end(), line) != found.end(); };
  EXPECT_TRUE(has("FAIL source public.plans: partition public.plans_1 of it is a foreign table: its changes are not in the WAL → "
                  "alter table \"public\".\"plans\" detach partition public.plans_1;  -- or leave the table out")) << testing::PrintToString(found);
  EXPECT_TRUE(has("FAIL source public.plans: partition public.plans_0 of it is not logged: its changes are not in the WAL → alter table public.plans_0 set logged;"))
      << testing::PrintToString(found);
}

}  // namespace
}  // namespace crossfade::mapping
