#include "mapping/file/said_by_scripts.h"

#include <gmock/gmock.h>

#include <map>
#include <string>
#include <vector>

namespace crossfade::mapping {
namespace {

using testing::ElementsAre;

v1::Migration in_schemas() {
  v1::Migration yaml;
  yaml.mutable_schemas()->set_source("public");
  yaml.mutable_schemas()->set_shadow("v2");
  yaml.mutable_schemas()->set_mapping("map");
  yaml.mutable_schemas()->set_reverse("unmap");
  return yaml;
}

template <typename Map>
std::vector<std::string> keys_of(const Map& map) {
  const std::map<std::string, int> sorted = [&] {
    std::map<std::string, int> keys;
    for (const auto& [key, value] : map) keys[key] = 0;
    return keys;
  }();
  std::vector<std::string> keys;
  for (const auto& [key, nothing] : sorted) keys.push_back(key);
  return keys;
}

std::vector<std::string> sources(const std::string& mapping) {
  auto yaml = in_schemas();
  add_what_scripts_say(yaml, {{"mapping.sql", mapping}});
  return keys_of(yaml.sources());
}

std::vector<std::string> targets(const std::string& v2, const std::string& mapping) {
  auto yaml = in_schemas();
  add_what_scripts_say(yaml, {{"v2.sql", v2}, {"mapping.sql", mapping}});
  return keys_of(yaml.targets());
}

TEST(SaidByScripts, SourcesAreTheTablesThatTheViewsRead) {
  EXPECT_THAT(sources("create view map.days as select * from public.plans p join legacy.\"Exercises\" e using (id) where exists (select from users u);"),
              ElementsAre("legacy.Exercises", "plans", "users"));
  EXPECT_THAT(sources("create or replace view days as select 1 from a union all select 1 from lateral (select * from b) x;"), ElementsAre("a", "b"));
}

TEST(SaidByScripts, WhatAWithNamesIsNoSourceWhereItIsNamed) {
  EXPECT_THAT(sources("create view map.days as with plans as (select * from public.exercises) select * from plans;"), ElementsAre("exercises"));
  EXPECT_THAT(sources("create view map.days as select * from (with plans as (select 1) select * from plans) x, plans;"), ElementsAre("plans"));
}

TEST(SaidByScripts, ViewsOfTheMappingAndWhatIsNotV1sAreNoSources) {
  EXPECT_THAT(sources("create view helper as select * from a; create view map.days as select * from helper, map.helper, pg_class, pg_catalog.pg_type, crossfade.gym_ids, v2.days;"),
              ElementsAre("a"));
}

TEST(SaidByScripts, FunctionsInSqlAreReadToo) {
  EXPECT_THAT(sources("create function map.name_of(int) returns text language sql stable as $$ select name from members where id = $1 $$;"
                      "create function map.other() returns int language plpgsql as $$ begin return (select 1 from elsewhere); end $$;"
                      "create view map.loans as select map.name_of(l.member) from loans l;"),
              ElementsAre("loans", "members"));
}

TEST(SaidByScripts, WhatTheParserDoesNotUnderstandSaysNothing) {
  EXPECT_THAT(sources("create view map.a as select * from a; create view map.b as select merge surely from where;"), ElementsAre("a"));
  EXPECT_THAT(sources("create view map.a as select 'open from a;"), ElementsAre());
}

TEST(SaidByScripts, SourcesThatAreNamedAreAllOfThem) {
  auto yaml = in_schemas();
  (*yaml.mutable_sources())["plans"].set_shared(true);
  add_what_scripts_say(yaml, {{"mapping.sql", "create view map.days as select * from plans, exercises;"}});
  EXPECT_THAT(keys_of(yaml.sources()), ElementsAre("plans"));
}

TEST(SaidByScripts, TargetsAreTheViewsThatHaveATable) {
  const std::string v2 = "create table v2.days (id int); create unlogged table if not exists \"Weeks\" (id int); create table v2.kept (id int) partition by range (id);"
                         "create table v2.kept_1 partition of v2.kept default; create table other.elsewhere (id int); create table years as select 1;";
  EXPECT_THAT(targets(v2, "create view map.days as select 1; create view \"Weeks\" as select 1; create view map.kept as select 1; create view map.kept_1 as select 1;"
                          "create view map.helper as select 1; create view map.elsewhere as select 1; create view map.years as select 1;"),
              ElementsAre("Weeks", "days", "kept", "years"));
  EXPECT_THAT(targets("create table v2.days (id int, unique nulls not distinct (id));", "create view map.days as select 1 from a;"), ElementsAre("days")) << "newer than the parser";
}

TEST(SaidByScripts, WhatIsWrittenOfATargetStays) {
  auto yaml = in_schemas();
  (*yaml.mutable_targets())["days"].set_backfill(v1::TargetTable::BACKFILL_LAZY);
  add_what_scripts_say(yaml, {{"v2.sql", "create table v2.days (id int); create table v2.weeks (id int);"},
                              {"mapping.sql", "create view map.days as select 1; create view map.weeks as select 1 from a;"}});
  EXPECT_THAT(keys_of(yaml.targets()), ElementsAre("days", "weeks"));
  EXPECT_EQ(yaml.targets().at("days").backfill(), v1::TargetTable::BACKFILL_LAZY);
}

TEST(SaidByScripts, TheWayBackHasTheViewsOfOldTables) {
  auto yaml = in_schemas();
  (*yaml.mutable_sources())["plans"];
  (*yaml.mutable_sources())["legacy.exercises"];
  (*yaml.mutable_sources())["users"].set_shared(true);
  const std::map<std::string, std::string> scripts = {
      {"reverse.sql", "create view unmap.plans as select 1; create view unmap.exercises as select 1; create view unmap.users as select 1; create view unmap.helper as select 1;"}};
  add_what_scripts_say(yaml, scripts);
  EXPECT_THAT(keys_of(yaml.reverse()), ElementsAre("exercises", "plans"));
  auto without = in_schemas();
  without.mutable_schemas()->clear_reverse();
  (*without.mutable_sources())["plans"];
  add_what_scripts_say(without, scripts);
  EXPECT_THAT(keys_of(without.reverse()), ElementsAre());
}

std::vector<std::string> idle(const std::map<std::string, std::string>& scripts) {
  auto yaml = in_schemas();
  (*yaml.mutable_surrogates())["day_id"];
  add_what_scripts_say(yaml, scripts);
  std::vector<std::string> said;
  for (const auto& each : idle_views(yaml, scripts)) said.push_back(each.script + " " + each.view + " " + each.near);
  return said;
}

TEST(IdleViewsTest, ANameThatFillsNothingIsSaidWithTheOneThatMayBeMeant) {
  const std::string tables = "create table v2.lines (id int primary key); create table v2.people (id int)";
  EXPECT_THAT(idle({{"v2.sql", tables}, {"mapping.sql", "create view map.line as select id from public.l; create view map.people as select id from public.p"}}),
              ElementsAre("mapping.sql line lines"));
  EXPECT_THAT(idle({{"mapping.sql", "create view map.people as select id from public.persons"}, {"v2.sql", tables},
                    {"rejects.sql", "create view map.rejected_person as select 1 as id, '' as reason; create view map.rejected_persons as select 1 as id, '' as reason"}}),
              ElementsAre("rejects.sql rejected_person rejected_persons"));
  EXPECT_THAT(idle({{"v2.sql", tables}, {"mapping.sql", "create view map.people as select id from public.persons"}, {"reverse.sql", "create view unmap.person as select 1 as id"}}),
              ElementsAre("reverse.sql person persons"));
}

TEST(IdleViewsTest, WhatSomethingReadsIsNot) {
  const std::string tables = "create table v2.people (id int)";
  EXPECT_THAT(idle({{"v2.sql", tables}, {"mapping.sql", "create view map.helper as select id from public.l; create view map.people as select id from map.helper;"
                                                        "create view map.day_id as select 1 as day"}}),
              ElementsAre());
  EXPECT_THAT(idle({{"v2.sql", tables}, {"mapping.sql", "create view map.helper as select id from public.l; create function map.f() returns int language plpgsql as $$ begin "
                                                        "return (select count(*) from map.helper); end $$; create view map.people as select map.f() as id from public.p"}}),
              ElementsAre());
  EXPECT_THAT(idle({{"v2.sql", tables}, {"mapping.sql", "create view map.helper as select id from public.l; create view map.people as select id from public.p"},
                    {"migration.yaml", "checks: [{name: x, when: before, sql: select count(*) from map.helper}]"}}),
              ElementsAre());
}

}  // namespace
}  // namespace crossfade::mapping
