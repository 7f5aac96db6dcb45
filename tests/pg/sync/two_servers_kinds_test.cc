// Migrations of each kind, with v2 on another server.

#include <fmt/format.h>

#include "support/small_migration.h"
#include "support/two_servers.h"
#include "support/workload.h"
#include "support/writers.h"

namespace crossfade::test {
namespace {

/// Of two columns, and of one: what they read is on the source alone.
TEST(TwoServersKindsTest, RulesWhoseSelectGivesWhatToLookFor) {
  TwoServers both(write_down({
      "create table session (id int primary key, user_id int, began timestamptz, hours int); alter table session replica identity full;"
      "create table person (id int primary key, team int); alter table person replica identity full;"
      "insert into person select n, n % 5 from generate_series(1, 50) n;"
      "insert into session select n, 1 + n % 50, timestamptz '2024-01-01 12:00Z' + n * interval '7 hours', n % 3 from generate_series(1, 1000) n",
      "create table small_v2.day (user_id int, day date, hours bigint not null, team int, primary key (user_id, day));"
      "create table small_v2.team (id int primary key, hours bigint not null)",
      "create view small_map.day as select s.user_id, (s.began at time zone 'UTC')::date as day, sum(s.hours) as hours, min(p.team) as team"
      " from public.session s join public.person p on p.id = s.user_id group by 1, 2;"
      "create view small_map.team as select p.team as id, sum(s.hours) as hours from public.session s join public.person p on p.id = s.user_id"
      " where p.team is not null group by 1",
      "sources: {session: {}, person: {}}\n"
      "targets:\n"
      "  day:\n    follow:\n      session:\n"
      "        user_id, day: \"select u.user_id, (u.began at time zone 'UTC')::date from unnest($user_id, $began) u (user_id, began)\"\n"
      "      person:\n        user_id, day: \"select s.user_id, (s.began at time zone 'UTC')::date from public.session s where s.user_id = any($id)\"\n"
      "  team:\n    follow:\n      session: {id: \"select p.team from public.person p where p.id = any($user_id)\"}\n      person: {id: team}\n"}));
  both.follow();
  both.expect_equal();
  auto& sql = both.move.sql();
  sql.exec("update session set hours = 50 where id = 5; update session set user_id = 7, began = began + interval '3 days' where id = 6;"
           "delete from session where id = 7; update person set team = 4 where id = 8; insert into session values (2000, 9, '2025-01-01', 8), (2001, null, null, 1)");
  both.expect_equal();
  // So many that each goes another way.
  sql.exec("update session set began = began + interval '1 day', hours = hours + 1; update person set team = team + 1 where id <= 20");
  both.expect_equal();
  sql.exec("delete from person where id = 11; truncate session");
  both.expect_equal();
  const auto verified = both.call({"verify"});
  EXPECT_EQ(verified.first, 0) << verified.second;
  both.move.stop_daemon();
}

TEST(TwoServersKindsTest, IdsThatAreGivenStandOnTheSource) {
  TwoServers both(test_migration("courts"));
  both.follow();
  both.expect_equal();
  auto& sql = both.move.sql();
  const std::string ids = "select string_agg(concat_ws(' ', id, club, court), ', ' order by id) from crossfade.courts_court_id";
  const auto before = sql.value(ids);
  EXPECT_EQ(both.v2().value("select to_regclass('crossfade.courts_court_id')"), "");
  sql.exec("create temp table gone as select * from entries where club = 'club 7'; delete from entries where club = 'club 7'");
  both.expect_equal();
  sql.exec("insert into entries values (9001, 'another club', 1, 'p'); insert into entries select * from gone; update entries set club = 'club of its own', court = 12 where id = 5");
  both.expect_equal();
  EXPECT_TRUE(sql.value(ids).starts_with(before)) << sql.value(ids);
  both.move.kill_daemon();
  sql.exec("insert into entries select n, 'club ' || n % 3000, n % 7, 'p' from generate_series(10001, 16000) n");
  both.follow();
  both.expect_equal();
  EXPECT_TRUE(sql.value(ids).starts_with(before)) << sql.value(ids);
  both.move.stop_daemon();
}

TEST(TwoServersKindsTest, LazyTargetsComeOverWhenTheyAreAskedForAndWhenTheyChange) {
  TwoServers both(test_migration("fitness_on_demand"));
  both.move.sql().exec(
      "insert into users (id, name, phone_number) values ('00000000-0000-4000-8000-000000000001', 'Ann', '1');"
      "insert into fitness_plans (id, client_id, program_type, overview, mesocycles, start_date)"
      " select ('a0000000-0000-0000-0000-00000000000' || n)::uuid, '00000000-0000-4000-8000-000000000001', 'strength', 'plan ' || n,"
      " '[{\"name\": \"Base\", \"weeks\": 2}]', '2025-02-03' from generate_series(1, 5) n;"
      "insert into microcycles (id, user_id, fitness_plan_id, mesocycle_index, week_number, pattern, start_date, end_date)"
      " select ('c0000000-0000-0000-0000-0000000000' || n || w)::uuid, '00000000-0000-4000-8000-000000000001', ('a0000000-0000-0000-0000-00000000000' || n)::uuid,"
      " 0, w, '{\"days\": [{\"day\": \"MONDAY\", \"theme\": \"Upper\"}]}', '2025-02-03', '2025-02-09' from generate_series(1, 5) n, generate_series(1, 2) w");
  both.follow();
  const std::string there = "select string_agg(right(p.id::text, 1) || ':' || (select count(*) from fitness_v2.microcycles c where c.fitness_plan_id = p.id), ' ' order by p.id) from fitness_v2.fitness_plans p";
  both.expect_caught_up();
  EXPECT_EQ(both.v2().value(there), "");
  both.move.sql().exec("select crossfade.touch('fitness_planning', target, 'a0000000-0000-0000-0000-000000000001') from unnest(array['fitness_plans', 'mesocycles', 'microcycles']) target");
  both.expect_caught_up();
  EXPECT_EQ(both.v2().value(there), "1:2");
  both.move.sql().exec("update fitness_plans set overview = 'changed' where id = 'a0000000-0000-0000-0000-000000000002'");
  both.expect_caught_up();
  EXPECT_EQ(both.v2().value(there), "1:2 2:2");
  const auto verified = both.call({"verify"});
  EXPECT_EQ(verified.first, 0) << verified.second;
  // After a gap what is there is compared, and nothing else comes.
  both.move.kill_daemon();
  ASSERT_TRUE(eventually([&] { return both.move.sql().value("select count(*) from pg_replication_slots where active and database = current_database()") == "0"; }, kLimit));
  both.move.sql().exec("select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = current_database();"
                       "delete from microcycles where id = 'c0000000-0000-0000-0000-000000000011'");
  both.follow();
  both.expect_caught_up();
  EXPECT_TRUE(eventually([&] { return both.v2().value(there) == "1:1 2:2"; }, kLimit)) << both.v2().value(there);
  both.move.stop_daemon();
}

/// The server that has the view is not the one that has the table.
TEST(TwoServersKindsTest, ARowThatTheViewRaisesForIsSetAsideAlone) {
  TwoServers both(write_down({
      "create table a (id int primary key, n int not null, raises text); create table b (id int primary key, n int not null);"
      "create table kind (n int primary key, name text); insert into a select n, n from generate_series(1, 200) n; insert into b select n, n from generate_series(1, 200) n;"
      "create function oops(state text) returns text language plpgsql stable as $$ begin"
      " if state is not null then raise exception using errcode = state, message = 'raised ' || state; end if; return state; end $$",
      "create table small_v2.a (id int primary key, n int not null, raises text, kind text); create table small_v2.b (id int primary key, n int not null)",
      "create view small_map.a as select a.id, a.n, public.oops(a.raises) as raises, k.name as kind from public.a a left join public.kind k on k.n = a.n;"
      "create view small_map.b as select * from public.b",
      "sources: {a: {}, b: {}, kind: {}}\ntargets:\n  a:\n    follow:\n      a: {id: id}\n"
      "      kind: {id: \"select a.id from public.a a where a.n = any($n)\"}\n  b: {}\n"}));
  auto& sql = both.move.sql();
  sql.exec("update a set raises = '22023' where id = 150");
  both.follow();
  EXPECT_EQ(both.set_aside(1), "a id {150} 22023");
  EXPECT_EQ(both.v2().value("select count(*) from small_v2.a"), "199");
  sql.exec("begin; update a set raises = '22012' where id = 5; update a set n = -1 where id = 6; update b set n = -1; commit");
  both.expect_caught_up();
  EXPECT_EQ(both.set_aside(2), "a id {150} 22023; a id {5} 22012");
  EXPECT_EQ(both.v2().value("select n from small_v2.a where id = 6"), "-1");
  EXPECT_EQ(both.v2().value("select count(*) from small_v2.b where n = -1"), "200");
  const auto listed = both.call({"quarantine", "list"});
  EXPECT_NE(listed.second.find("raised 22012"), std::string::npos) << listed.second;
  // The row that is set aside is found by a select, too, which reads v1.
  sql.exec("insert into kind values (5, 'five'), (7, 'seven')");
  both.expect_caught_up();
  both.set_aside(3);
  EXPECT_EQ(both.v2().value("select kind from small_v2.a where id = 7"), "seven");
  const auto verified = both.call({"verify"});
  EXPECT_EQ(verified.first, 0) << verified.second;
  sql.exec("update a set raises = null");
  both.expect_caught_up();
  both.set_aside(0);
  both.expect_equal();
  both.move.stop_daemon();
}

TEST(TwoServersKindsTest, PartitionedTablesOnBothSides) {
  TwoServers both(test_migration("partitions"));
  both.follow();
  both.expect_equal();
  both.move.sql().exec("update reading set day = day + 1 where id % 100 = 0 and day < '2024-02-28'; delete from reading where id % 70 = 0; update customer set region = 'west' where id = 3;"
                       "update reading set kind = 'b' where id = 4; truncate reading_2024_02");
  both.expect_equal();
  const auto verified = both.call({"verify"});
  EXPECT_EQ(verified.first, 0) << verified.second;
  both.move.stop_daemon();
}

/// Invariant 8 across two servers.
TEST(TwoServersKindsTest, ATableThatIsWrittenAnewIsNotTakenForEmpty) {
  TwoServers both(test_migration("gym"));
  both.follow();
  both.expect_equal();
  for (const char* rewrite : {"alter table exercises add column points int default (random() * 100)::int",
                              "create temp table kept as table exercises; truncate exercises; insert into exercises select * from kept; drop table kept"}) {
    Sql application(both.move.conninfo());
    application.exec(fmt::format("begin; {}", rewrite));
    both.move.sql().exec("update plans set owner = owner || '!'");
    ASSERT_TRUE(eventually([&] {
      return both.move.sql().value("select exists (select from pg_locks l join pg_stat_activity a using (pid) where not l.granted and l.locktype = 'relation'"
                                   " and a.datname = current_database() and a.application_name like 'crossfade%')") == "t";
    }, kLimit)) << "nobody waits for the table";
    // What does not read that table goes on.
    EXPECT_TRUE(eventually([&] { return both.v2().value("select count(*) from gym_v2.plans where owner like '%!'") == "100"; }, kLimit));
    application.exec("commit");
    both.expect_equal();
    EXPECT_EQ(both.v2().value("select count(*) from gym_v2.exercises"), "1000");
  }
  both.move.stop_daemon();
}

TEST(TwoServersKindsTest, WhatWasProvedBeforeTheSourceChangedIsVoid) {
  TwoServers both(test_migration("gym"));
  both.follow();
  both.expect_equal();
  const auto advised = [&] { return both.call({"status"}).second.find("crossfade verify") != std::string::npos; };
  EXPECT_TRUE(advised());
  const auto verified = both.call({"verify"});
  EXPECT_EQ(verified.first, 0) << verified.second;
  EXPECT_FALSE(advised()) << both.call({"status"}).second;
  both.move.sql().exec("alter publication crossfade_gym set (publish_via_partition_root = true)");
  EXPECT_TRUE(eventually(advised, kLimit)) << both.call({"status"}).second;
  const auto again = both.call({"verify"});
  EXPECT_EQ(again.first, 0) << again.second;
  EXPECT_FALSE(advised()) << both.call({"status"}).second;
  both.move.stop_daemon();
}

TEST(TwoServersKindsTest, WhoKeepsTheDaemonWaitingOnEitherServerIsNamed) {
  TwoServers both(test_migration("gym"));
  ASSERT_EQ(both.call({"prepare"}).first, 0);
  const std::string hold = "begin; select count(*) from gym_v2.exercises";
  Sql holder(both.conninfo());
  holder.exec(hold);
  both.move.start_daemon();
  const auto named = [&](const std::string& who) { return both.call({"status"}).second.find(who) != std::string::npos; };
  const auto who = fmt::format("on the target, pid {} (postgres, idle in transaction, for ", holder.backend_pid());
  EXPECT_TRUE(eventually([&] { return named(who); }, kLimit)) << both.call({"status"}).second;
  holder.exec("rollback");
  ASSERT_TRUE(both.move.logged("following"));
  both.expect_equal();
  // What has changed on the source is compared once those who were at work there are through.
  Sql writer(both.move.conninfo());
  writer.exec("create table other (n int); begin; insert into other values (1)");
  both.move.sql().exec("alter publication crossfade_gym set (publish_via_partition_root = true)");
  EXPECT_TRUE(eventually([&] { return named(fmt::format("on the source, pid {} ", writer.backend_pid())); }, kLimit)) << both.call({"status"}).second;
  writer.exec("commit");
  EXPECT_TRUE(eventually([&] { return !named("on the source, pid"); }, kLimit));
  both.expect_equal();
  both.move.stop_daemon();
}

/// A shipped one, whose days are found by what a select of two columns gives, under its own workload.
TEST(TwoServersKindsTest, ScienceSchemaUnderItsWorkloadEndsEqual) {
  TwoServers both(migration("science_schema"));
  both.move.sql().exec(fmt::format("set crossfade.sample_seed = {};", seed() % 1000) + read_file(both.move.folder() / "sample.sql"));
  const Workload workload(both.move.sql(), both.move.folder());
  {
    Writers writers(both.move.conninfo(), 2, [&](Random& random) { return workload.draw_one(random); });
    both.follow();
    writers.expect_progress(200);
  }
  both.expect_equal();
  const auto verified = both.call({"verify"});
  EXPECT_EQ(verified.first, 0) << verified.second;
  both.move.stop_daemon();
}

}  // namespace
}  // namespace crossfade::test
