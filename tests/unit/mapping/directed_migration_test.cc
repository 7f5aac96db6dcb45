#include "mapping/file/directed_migration.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error/failure.h"
#include "mapping/file/migration_file.h"

namespace crossfade::mapping {
namespace {

constexpr const char* kYaml = R"yaml(
migration: vagus
schemas: {source: app, shadow: v2, mapping: map, reverse: unmap}
sources: {plans: {key: [id]}, legacy.moves: {}, auth.users: {shared: true}, coaches: {shared: true}}
targets:
  plans: {follow: {plans: {id: id}, auth.users: {owner: id}}}
  days: {follow: {plans: {plan_id: id}, legacy.moves: {plan_id: plan_id}, coaches: {coach: id}}}
reverse:
  plans: {follow: {plans: {id: id}, coaches: {coach: id}}}
  moves: {follow: {days: {id: "select id from days where id = any($id)"}}}
)yaml";

v1::Migration file(const std::string& yaml = kYaml) { return read_migration_yaml("migration.yaml", yaml); }

std::string refusal_of(const std::string& what, const std::string& by) {
  std::string yaml = kYaml;
  const auto at = yaml.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  yaml.replace(at, what.size(), by);
  try {
    file(yaml);
  } catch (const Failure& failure) {
    return failure.what();
  }
  return "accepted";
}

std::vector<std::string> names(const auto& map) {
  std::vector<std::string> sorted;
  for (const auto& [name, value] : map) sorted.push_back(name);
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}
using Names = std::vector<std::string>;

TEST(ForwardCourse, FillsTheShadowTables) {
  const auto directed = forward_migration(file());
  EXPECT_EQ(directed.tables.at("days"), (TableName{"v2", "days"}));
  EXPECT_EQ(names(directed.yaml.sources()), (Names{"auth.users", "coaches", "legacy.moves", "plans"}));
  EXPECT_EQ(directed.rejects_schema, "");
}

TEST(ReverseCourse, FollowsTheNewTablesAndFillsTheOldOnes) {
  const auto directed = reverse_migration(file(), Naming::kOriginal);
  EXPECT_EQ(directed.direction, Direction::kReverse);
  EXPECT_EQ(names(directed.yaml.targets()), (Names{"moves", "plans"}));
  EXPECT_EQ(directed.yaml.schemas().mapping(), "unmap");
  EXPECT_EQ(directed.yaml.schemas().source(), "v2");
  EXPECT_EQ(directed.tables.at("plans"), (TableName{"app", "plans"}));
  EXPECT_EQ(directed.tables.at("moves"), (TableName{"legacy", "moves"}));
  EXPECT_EQ(directed.rejects_schema, "map");
}

TEST(ReverseCourse, FindsTheTablesWhereTheCutoverHasPutThem) {
  const auto directed = reverse_migration(file(), Naming::kSwapped);
  EXPECT_EQ(directed.yaml.schemas().source(), "app");
  EXPECT_EQ(directed.tables.at("plans"), (TableName{"app", "plans_v1"}));
  EXPECT_EQ(directed.tables.at("moves"), (TableName{"legacy", "moves_v1"}));
}

TEST(ReverseCourse, ASharedTableIsASourceByItsWholeName) {
  const auto directed = reverse_migration(file(), Naming::kOriginal);
  EXPECT_EQ(names(directed.yaml.sources()), (Names{"app.coaches", "auth.users", "days", "plans"}));
  EXPECT_EQ(names(directed.yaml.targets().at("plans").follow()), (Names{"app.coaches", "plans"}));
}

TEST(ReverseCourse, EveryTableThatIsNotSharedNeedsAWayBack) {
  EXPECT_EQ(tables_without_reverse(file()), Names{});
  auto yaml = file();
  yaml.mutable_reverse()->erase("moves");
  EXPECT_EQ(tables_without_reverse(yaml), Names{"legacy.moves"});
}

TEST(ReverseRules, NameOldTablesAndFollowNewOnes) {
  EXPECT_EQ(refusal_of("  moves: {follow: {days", "  sets: {follow: {days"), "migration.yaml: reverse.sets: is no table among the sources, or a shared one");
  EXPECT_EQ(refusal_of("  moves: {follow: {days", "  coaches: {follow: {days"), "migration.yaml: reverse.coaches: is no table among the sources, or a shared one");
  EXPECT_EQ(refusal_of("{follow: {days", "{follow: {day"), "migration.yaml: reverse.moves.follow: \"day\" is not among the sources");
  EXPECT_EQ(refusal_of("  moves: {follow", "  moves: {backfill: lazy, follow"),
            "migration.yaml: reverse.moves: backfill has no meaning here: the old table is full when the direction turns");
  EXPECT_EQ(refusal_of(", reverse: unmap", ""), "migration.yaml: schemas.reverse: is missing, but reverse has rules");
  EXPECT_EQ(refusal_of("where id = any($id)", "where true"), "migration.yaml: reverse.moves.follow.days: the select uses no column of the changed row");
}

}  // namespace
}  // namespace crossfade::mapping
