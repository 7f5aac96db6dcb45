#include "mapping/file/moved_names.h"

#include <gtest/gtest.h>

#include "mapping/file/migration_file.h"

namespace crossfade::mapping {
namespace {

std::string moved(const std::string& sql, Naming naming = Naming::kSwapped) {
  const auto file = read_migration_yaml("migration.yaml", R"yaml(
migration: gym
schemas: {shadow: gym_v2, mapping: gym_map}
sources: {plans: {key: [id]}, Moves: {key: [id]}, auth.users: {shared: true}}
targets: {plans: {follow: {plans: {id: id}}}, days: {follow: {Moves: {id: id}}}}
)yaml");
  return with_moved_names(sql, file, naming);
}

TEST(MovedNamesTest, BeforeTheCutoverAStatementStaysAsItIs) {
  EXPECT_EQ(moved("select * from public.plans, gym_v2.plans", Naming::kOriginal), "select * from public.plans, gym_v2.plans");
}

TEST(MovedNamesTest, AfterwardsBothSidesAreNamedAsTheyAreCalledThen) {
  EXPECT_EQ(moved("select (select count(*) from public.plans)-(select count(*) from GYM_V2.Plans p)"),
            "select (select count(*) from \"public\".\"plans_v1\")-(select count(*) from \"public\".\"plans\" p)");
  EXPECT_EQ(moved("select m.id from public.\"Moves\" m join \"gym_v2\".days on true"),
            "select m.id from \"public\".\"Moves_v1\" m join \"public\".\"days\" on true");
}

TEST(MovedNamesTest, WhatIsNoTableOfThisMigrationStays) {
  const std::string sql = "select p.plans, gym_map.plans, gym_v2.weeks, public.moves, auth.users, xpublic.plans, days.plans from plans where $1 = 1.5";
  EXPECT_EQ(moved(sql), sql);
}

TEST(MovedNamesTest, StringsAndCommentsStay) {
  const std::string sql = "select 'it''s gym_v2.plans' /* gym_v2.plans */ -- gym_v2.plans\n, 1";
  EXPECT_EQ(moved(sql), sql);
  EXPECT_EQ(moved("select 'a' from gym_v2.days -- end"), "select 'a' from \"public\".\"days\" -- end");
}

}  // namespace
}  // namespace crossfade::mapping
