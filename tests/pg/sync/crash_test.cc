#include <fmt/ranges.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <future>

#include "base/error/exit_code.h"
#include "scenario/equal.h"
#include "support/move.h"

namespace crossfade::test {
namespace {

/// Invariant 4: what v2 shows is not on disk yet, and what the slot was told is. A crash of the server takes the one back, and the other not.
TEST(ServerCrash, WhatItTakesBackFromV2ComesAgainFromTheSlot) {
  ThrowawayServer server({.durable = true, .settings = {{"wal_writer_delay", "10s"}}});
  Move move(test_migration("gym"), server);
  move.start_daemon();
  move.expect_equal();
  for (int crash = 1; crash <= 3; ++crash) {
    for (int n = 1; n <= 30; ++n) {
      const auto owner = fmt::format("{} before crash {}", n, crash);
      move.sql().exec(fmt::format("update plans set owner = '{}' where id = 1", owner));
      ASSERT_TRUE(eventually([&] { return move.sql().value("select owner from gym_v2.plans where id = 1") == owner; }));
    }
    server.restart(ThrowawayServer::Stop::kImmediate);
    move.reconnect();
    move.expect_equal();
    EXPECT_EQ(move.sql().value("select owner from gym_v2.plans where id = 1"), fmt::format("30 before crash {}", crash));
  }
  EXPECT_EQ(move.daemon_log().find("there is a gap"), std::string::npos) << "the slot was told of what was not on disk";
}

/// The commit is sent together with the look at the lease, and must not be done where that finds another leader.
TEST(LostLease, KeepsWhatWasRefreshedFromBeingCommitted) {
  Move move(test_migration("gym"));
  move.start_daemon();
  move.expect_equal();
  const auto before = move.sql().value("select owner from gym_v2.plans where id = 1");
  move.sql().exec("begin; update crossfade.lease set epoch = epoch + 1; update plans set owner = 'written by a former leader' where id = 1; commit");
  EXPECT_EQ(move.daemon().exit_within(kLimit), static_cast<int>(ExitCode::kNotLeader));
  EXPECT_EQ(move.sql().value("select owner from gym_v2.plans where id = 1"), before);
}

/// How a leader goes without a word, in the middle of a transaction.
class FormerLeader : public testing::TestWithParam<int> {};

/// It stands still, or it was killed while the server is at work for it: rows, and the slot, are its own until the server notices.
TEST_P(FormerLeader, IsOutOfTheWayOfItsSuccessorInSeconds) {
  Move move(test_migration("gym"));
  move.start_daemon();
  move.expect_equal();
  move.sql().exec("create table held_up (); create function hold_up() returns trigger language plpgsql as"
                  " $$ begin if to_regclass('public.held_up') is not null then perform pg_sleep(120); end if; return new; end $$;"
                  "create trigger hold_up before update on gym_v2.plans for each row execute function hold_up();"
                  "alter table gym_v2.plans enable always trigger hold_up; update plans set owner = 'in hand' where id = 1");
  const auto held_up = [&] {
    return move.sql().value("select count(*) from pg_stat_activity where datname = current_database() and application_name = 'crossfade gym refresh'"
                            " and wait_event = 'PgSleep'") == "1";
  };
  ASSERT_TRUE(eventually(held_up, kLimit));
  move.daemon().signal(GetParam());
  move.sql().exec("drop table held_up");
  const auto gone = std::chrono::steady_clock::now();
  auto successor = move.start({"run", "--standby", "--control", move.server().directory() / "successor.sock"});
  const auto written = [&] { return move.sql().value("select owner from gym_v2.plans where id = 1") == "in hand"; };
  EXPECT_TRUE(eventually(written, std::chrono::seconds(60))) << successor->output();
  std::printf("after %.1f s\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - gone).count());
  if (GetParam() == SIGSTOP) {
    move.daemon().signal(SIGCONT);
    EXPECT_EQ(move.daemon().exit_within(kLimit), static_cast<int>(ExitCode::kNotLeader));
  } else {
    move.kill_daemon();
  }
  const auto differences = differences_to_views(move.sql(), move.folder());
  EXPECT_TRUE(differences.empty()) << fmt::format("{}", fmt::join(differences, "\n"));
  successor->signal(SIGTERM);
  EXPECT_EQ(successor->exit_within(kLimit), 0);
}

INSTANTIATE_TEST_SUITE_P(That, FormerLeader, testing::Values(SIGSTOP, SIGKILL),
                         [](const auto& signal) { return std::string(signal.param == SIGSTOP ? "IsFrozen" : "IsKilled"); });

/// Who waits for the lease has looked at the sessions before, and the one that leads by then has begun since.
TEST(Lease, IsNotTakenFromALeaderWhoseSessionBeganWhileItWasWaitedFor) {
  Move move(test_migration("gym"));
  move.start_daemon();
  move.expect_equal();
  move.stop_daemon();
  Sql first(move.conninfo()), late(move.conninfo());
  const auto pid = late.value("select pg_backend_pid()");
  first.exec("begin; select from crossfade.lease for update");
  auto taken = std::async(std::launch::async, [&] { return late.value("select crossfade.take_lease('gym', 'late:1')"); });
  ASSERT_TRUE(eventually([&] { return move.sql().value("select wait_event_type from pg_stat_activity where pid = " + pid) == "Lock"; }, kLimit));
  Sql leader(move.conninfo());
  first.exec(fmt::format("insert into crossfade.leader (migration, epoch, holder, pid, backend_start, renewed_at)"
                         " select 'gym', 99, 'leader:1', pid, backend_start, clock_timestamp() from pg_stat_activity where pid = {}; commit",
                         leader.value("select pg_backend_pid()")));
  EXPECT_EQ(taken.get(), "");
  EXPECT_EQ(move.sql().value("select holder from crossfade.leader"), "leader:1");
}

/// Dates that are written as text are read back in the same session, but not every name of a time zone is.
TEST(LostLease, IsNotWhatADatabaseSaysThatWritesDatesItsOwnWay) {
  Move move(test_migration("gym"));
  move.sql().exec("do $$ begin execute format('alter database %I set datestyle = \"SQL, DMY\"', current_database());"
                  "execute format('alter database %I set timezone = \"Asia/Jakarta\"', current_database()); end $$");
  move.start_daemon();
  move.expect_equal();
}

/// Who waits for the end of the log waits for the daemon's own commits in it, and nobody else's commit brings those to the disk here.
TEST(OwnCommits, AreOnDiskSoonAfterTheLastOne) {
  ThrowawayServer server({.durable = true, .settings = {{"wal_writer_delay", "10s"}}});
  Move move(test_migration("gym"), server);
  move.start_daemon();
  move.expect_equal();
  for (int n = 1; n <= 5; ++n) {
    const auto owner = fmt::format("change {}", n);
    move.sql().exec(fmt::format("update plans set owner = '{}' where id = 1", owner));
    ASSERT_TRUE(eventually([&] { return move.sql().value("select owner from gym_v2.plans where id = 1") == owner; }));
    EXPECT_EQ(move.sql().value("select crossfade.wait_for(pg_current_wal_insert_lsn(), '5 s')"), "t");
  }
}

}  // namespace
}  // namespace crossfade::test
