#include <fmt/format.h>

#include <atomic>
#include <thread>

#include "support/small_migration.h"
#include "support/two_servers.h"
#include "support/writers.h"

namespace crossfade::test {
namespace {

constexpr int kIds = 20'000;

void add_rows(Sql& sql) {
  sql.exec("insert into plans select n, 'owner ' || n % 7, n % 4 from generate_series(101, 5000) n;"
           "insert into exercises select n, 1 + n % 5000, 'exercise ' || n, n % 7 from generate_series(1001, 40000) n;"
           "analyze");
}

TEST(TwoServersTest, V2IsFilledFollowsAndIsVerifiedOnAnotherServer) {
  TwoServers both(test_migration("gym"));
  add_rows(both.move.sql());
  const auto planned = both.call({"plan"});
  EXPECT_EQ(planned.first, 0) << planned.second;
  EXPECT_EQ(both.v2().value("select to_regnamespace('gym_v2')"), "") << "plan has written something";
  both.move.start_daemon();
  ASSERT_TRUE(both.move.logged("following"));
  both.expect_equal();
  EXPECT_EQ(both.v2().value("select count(*) from gym_v2.exercises"), "40000");
  // A row that moves, one that goes with its children, a parent whose children read it.
  both.move.sql().exec("update exercises set plan_id = 7 where id = 5; delete from plans where id = 9; update plans set owner = 'another', duration = 3 where id = 11;"
                       "insert into plans values (9000, 'new', 2); insert into exercises values (90000, 9000, 'new', 1)");
  both.expect_equal();
  const auto verified = both.call({"verify"});
  EXPECT_EQ(verified.first, 0) << verified.second;
  EXPECT_EQ(both.call({"wait", "--phase", "following", "--lag", "30s"}).first, 0);
  const auto status = both.call({"status", "--json"});
  EXPECT_EQ(status.first, 0) << status.second;
  EXPECT_NE(status.second.find("\"phase\":\"following\""), std::string::npos) << status.second;
  const auto doctor = both.call({"doctor"});
  EXPECT_EQ(doctor.first, 0) << doctor.second;
  both.move.stop_daemon();
  both.move.start_daemon();
  both.move.sql().exec("update exercises set title = 'after a restart' where id = 6");
  both.expect_equal();
  both.move.stop_daemon();
  const auto without = both.call({"verify"});
  EXPECT_EQ(without.first, 0) << without.second;
}

TEST(TwoServersTest, ARowThatTheTargetRefusesIsSetAsideAlone) {
  TwoServers both(test_migration("gym"));
  both.move.start_daemon();
  ASSERT_TRUE(both.move.logged("following"));
  both.move.sql().exec("update exercises set title = null where id = 5; update exercises set title = 'good' where id = 6");
  EXPECT_TRUE(eventually([&] { return both.v2().value("select key[1] || sqlstate from crossfade.quarantine") == "523502"; }, kLimit));
  EXPECT_TRUE(eventually([&] { return both.v2().value("select title from gym_v2.exercises where id = 6") == "good"; }, kLimit));
  const auto listed = both.call({"quarantine", "list"});
  EXPECT_NE(listed.second.find("23502"), std::string::npos) << listed.second;
  both.move.sql().exec("update exercises set title = 'mended' where id = 5");
  EXPECT_TRUE(eventually([&] { return both.v2().value("select count(*) from crossfade.quarantine") == "0"; }, kLimit));
  both.expect_equal();
  both.move.stop_daemon();
}

TEST(TwoServersTest, VerifyFindsWhatDriftedAndRepairsIt) {
  TwoServers both(test_migration("gym"));
  both.move.start_daemon();
  ASSERT_TRUE(both.move.logged("following"));
  both.expect_equal();
  both.v2().exec("set crossfade.writer = 'gym'; update gym_v2.exercises set title = 'drifted' where id = 5; delete from gym_v2.weeks where plan_id = 6; insert into gym_v2.plans values (70000, 'nobody')");
  const auto found = both.call({"verify"});
  EXPECT_EQ(found.first, 4) << found.second;
  const auto repaired = both.call({"verify", "--repair"});
  EXPECT_EQ(repaired.first, 0) << repaired.second;
  both.expect_equal();
  both.move.stop_daemon();
}

TEST(TwoServersTest, ADaemonKilledAgainAndAgainUnderAWriterEndsEqual) {
  TwoServers both(test_migration("gym"));
  add_rows(both.move.sql());
  Random random(seed());
  Writers writers(both.move.conninfo(), 2, [](Random& own) { return change_gym(own, kIds); });
  for (int kill = 1; kill <= 6; ++kill) {
    const auto log_before = both.move.daemon_log().size();
    both.move.start_daemon();
    const std::string goal = kill <= 3 ? "prepared" : "leading";
    eventually([&] { return both.move.daemon_log().find(goal, log_before) != std::string::npos; }, std::chrono::seconds(kill == 1 || kill > 3 ? 60 : 2));
    std::this_thread::sleep_for(std::chrono::milliseconds(draw(random, 0, 900)));
    ASSERT_TRUE(both.move.daemon().running()) << "kill " << kill;
    both.move.kill_daemon();
  }
  both.move.start_daemon();
  writers.expect_progress(200);
  writers.stop();
  both.expect_equal();
  EXPECT_EQ(both.v2().value("select count(*) from crossfade.deferred where not built"), "0");
  both.move.stop_daemon();
}

TEST(TwoServersTest, EitherServerMayBeAwayForAWhile) {
  ThrowawayServer::Options options;
  options.durable = true;
  ThrowawayServer source(options);
  TwoServers both(test_migration("gym"), source);
  add_rows(both.move.sql());
  Writers writers(both.move.conninfo(), 2, [](Random& random) { return change_gym(random, kIds); });
  both.move.start_daemon();
  ASSERT_TRUE(both.move.logged("leading"));
  for (const auto how : {ThrowawayServer::Stop::kFast, ThrowawayServer::Stop::kImmediate}) {
    writers.expect_progress(50);
    both.server().restart(how);
    writers.expect_progress(50);
    ASSERT_TRUE(both.move.daemon().running());
    source.restart(how);
    writers.expect_progress(50);
    ASSERT_TRUE(both.move.daemon().running());
  }
  writers.stop();
  both.move.reconnect();
  both.reconnect();
  both.expect_equal();
  both.move.stop_daemon();
}

TEST(TwoServersTest, EverySourceRowIsAccountedForByTheViews) {
  const auto folder = write_down({
      "create table accounts (id int primary key, kind int not null); insert into accounts select n, n % 2 from generate_series(1, 200) n",
      "create table small_v2.odd (id int primary key); create table small_v2.even (id int primary key)",
      "create view small_map.odd as select id from accounts where kind = 1; create view small_map.even as select id from accounts where kind = 0",
      "sources: {accounts: {key: [id]}}\ntargets:\n  odd: {}\n  even: {}\n"});
  TwoServers both(folder);
  both.follow();
  both.expect_equal();
  EXPECT_NE(both.call({"status"}).second.find("crossfade account"), std::string::npos);
  const auto whole = both.call({"account"});
  EXPECT_EQ(whole.first, 0) << whole.second;
  EXPECT_EQ(whole.second.find("on the way"), std::string::npos) << whole.second;
  EXPECT_EQ(both.v2().value("select total_rows || ' ' || mapped_rows || ' ' || unaccounted_rows from crossfade.account"), "200 200 0");
  EXPECT_EQ(both.call({"status"}).second.find("crossfade account"), std::string::npos);
  both.move.sql().exec("insert into accounts values (201, 2)");
  const auto left = both.call({"account"});
  EXPECT_EQ(left.first, 4) << left.second;
  EXPECT_NE(left.second.find("201"), std::string::npos) << left.second;
  EXPECT_EQ(both.v2().value("select unaccounted_rows from crossfade.account"), "1");
  both.move.stop_daemon();
}

/// Invariant 6 across two servers: at every commit all that is read there is one snapshot of the source.
TEST(TwoServersTest, WhoeverReadsTheTargetSeesOneSnapshotOfTheSource) {
  const auto folder = write_down({
      "create table accounts (id int primary key, kind int not null, amount int not null); insert into accounts select n, n % 2, 100 from generate_series(1, 200) n",
      "create table small_v2.odd (id int primary key, amount int not null); create table small_v2.even (id int primary key, amount int not null)",
      "create view small_map.odd as select id, amount from accounts where kind = 1; create view small_map.even as select id, amount from accounts where kind = 0",
      "sources: {accounts: {key: [id]}}\ntargets:\n  odd: {}\n  even: {}\n"});
  TwoServers both(folder);
  both.move.start_daemon();
  ASSERT_TRUE(both.move.logged("following"));
  Writers writers(both.move.conninfo(), 3, [](Random& random) {
    const int from = draw(random, 1, 200), to = draw(random, 1, 200), amount = draw(random, 1, 50);
    // In the order of their ids, so that no two wait for each other.
    const auto change = [&](int id, int by) { return fmt::format("update accounts set amount = amount + {} where id = {};", by, id); };
    return "begin;" + (from < to ? change(from, -amount) + change(to, amount) : change(to, amount) + change(from, -amount)) + "commit";
  });
  int torn = 0;
  int reads = 0;
  std::string before, now;
  int moved = 0;
  constexpr int kEnough = 100;
  const auto until = std::chrono::steady_clock::now() + kLimit;
  while (moved < kEnough && std::chrono::steady_clock::now() < until) {
    now = both.v2().value("select (select sum(amount) from small_v2.odd) || ' ' || (select sum(amount) from small_v2.even) || ' ' || "
                          "((select sum(amount) from small_v2.odd) + (select sum(amount) from small_v2.even))");
    ++reads;
    torn += now.ends_with(" 20000") ? 0 : 1;
    moved += now != std::exchange(before, now) ? 1 : 0;
  }
  writers.stop();
  EXPECT_EQ(torn, 0) << "of " << reads;
  EXPECT_EQ(moved, kEnough) << "of " << reads;
  both.expect_equal();
  both.move.stop_daemon();
}

TEST(TwoServersTest, WhatCannotBeIsRefusedBeforeAnythingIsWritten) {
  TwoServers both(test_migration("gym"));
  // One database twice, in other words.
  both.move.target(both.move.conninfo() + " application_name=twice");
  const auto twice = both.call({"prepare"});
  EXPECT_EQ(twice.first, 2) << twice.second;
  EXPECT_NE(twice.second.find("one database"), std::string::npos) << twice.second;
  // Rows that somebody has put there.
  both.move.target(both.conninfo());
  both.v2().exec("create schema gym_v2; create table gym_v2.plans (id int primary key, owner text not null); insert into gym_v2.plans values (1, 'mine');"
                 "create table gym_v2.weeks (plan_id int not null references gym_v2.plans, number int not null check (number > 0), primary key (plan_id, number));"
                 "create table gym_v2.exercises (id bigint primary key, plan_id int not null references gym_v2.plans, owner text not null, title varchar(40) not null)");
  const auto rows = both.call({"prepare"});
  EXPECT_EQ(rows.first, 3) << rows.second;
  EXPECT_NE(rows.second.find("has rows on the target already"), std::string::npos) << rows.second;
  EXPECT_NE(rows.second.find("column id is bigint"), std::string::npos) << rows.second;
  both.v2().exec("drop schema gym_v2 cascade");
  for (const char* tells : {"--dry-run", "--print-sql"}) {
    const auto told = both.call({"prepare", tells});
    EXPECT_EQ(told.first, 2) << told.second;
    EXPECT_NE(told.second.find("tell the steps of one server"), std::string::npos) << told.second;
  }
  // Another encoding.
  both.server();
  Sql(both.server().conninfo()).exec("create database latin encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0");
  both.move.target(both.server().conninfo("latin"));
  const auto encoding = both.call({"prepare"});
  EXPECT_EQ(encoding.first, 3) << encoding.second;
  EXPECT_NE(encoding.second.find("encoding LATIN1"), std::string::npos) << encoding.second;
  EXPECT_EQ(both.move.sql().value("select to_regnamespace('crossfade')::text || to_regnamespace('gym_v2')::text"), "");
  EXPECT_EQ(both.v2().value("select to_regnamespace('crossfade')"), "");
}

TEST(TwoServersTest, OneServerAloneIsNotTakenForTheMigration) {
  TwoServers both(test_migration("gym"));
  const auto prepared = both.call({"prepare"});
  ASSERT_EQ(prepared.first, 0) << prepared.second;
  for (const auto& words : std::vector<std::vector<std::string>>{{"cutover", "writes", "--dry-run"}, {"rollback", "writes", "--set-aside"}, {"cutover", "reads", "--dry-run"}, {"complete"}, {"amend", "--dry-run"}}) {
    const auto refused = both.call(words);
    EXPECT_EQ(refused.first, 2) << refused.second;
    EXPECT_NE(refused.second.find("what to do"), std::string::npos) << refused.second;
  }
  // Either server holds its own to the bounds.
  const auto held = both.call({"throttle", "--sessions", "3"});
  EXPECT_EQ(held.first, 0) << held.second;
  for (auto* sql : {&both.move.sql(), &both.v2()}) EXPECT_EQ(sql->value("select pace_sessions from crossfade.migration"), "3");
  both.move.target("");
  const auto source = both.call({"status"});
  EXPECT_EQ(source.first, 2) << source.second;
  EXPECT_NE(source.second.find("v2 of migration gym is on another server"), std::string::npos) << source.second;
  const auto run = both.call({"run"});
  EXPECT_EQ(run.first, 2) << run.second;
  both.move.source(both.conninfo());
  const auto target = both.call({"status"});
  EXPECT_EQ(target.first, 2) << target.second;
  EXPECT_NE(target.second.find("v1 of migration gym is on another server"), std::string::npos) << target.second;
  both.move.source(both.move.conninfo());
  both.move.target(both.conninfo());
  const auto cancelled = both.call({"cancel", "--confirm", "gym"});
  EXPECT_EQ(cancelled.first, 0) << cancelled.second;
  for (auto* sql : {&both.move.sql(), &both.v2()}) {
    EXPECT_EQ(sql->value("select count(*) from pg_namespace where nspname in ('crossfade', 'gym_v2', 'gym_map', 'gym_unmap')"), "0");
  }
  EXPECT_EQ(both.move.sql().value("select count(*) from pg_replication_slots where database = current_database()"), "0");
  EXPECT_EQ(both.move.sql().value("select count(*) from pg_publication"), "0");
}

}  // namespace
}  // namespace crossfade::test
