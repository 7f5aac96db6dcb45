#include <thread>

#include "pg/api/with_daemon.h"

namespace crossfade::test {
namespace {

/// A server whose slots may keep 64 MB of WAL.
class PaceTest : public WithDaemon {
 protected:
  PaceTest() : WithDaemon({.settings = {{"max_slot_wal_keep_size", "64MB"}}}) {}

  void start_and_expect_held_back_by(const std::string& reason) {
    move.start_daemon();
    EXPECT_TRUE(move.logged("the backfill waits while the server is busy held_back_by=" + reason));
    EXPECT_TRUE(eventually([&] { return refusal_of("/status") == ExitCode::kOk && status().throttled().by() == reason; }));
    EXPECT_TRUE(eventually([&] { return status().phase() == "backfilling"; }));
    EXPECT_EQ(metric("crossfade_throttled{migration=\"gym\",reason=\"" + reason + "\"}"), 1);
  }
  void expect_gone_on() {
    move.expect_equal();
    EXPECT_FALSE(status().has_throttled());
    move.stop_daemon();
  }
  void write_wal(int megabytes) {
    move.sql().exec("select pg_logical_emit_message(false, 'load', repeat('x', 1000000)) from generate_series(1, " + std::to_string(megabytes) + ")");
  }
  /// The slot lets go of what it no longer needs with a record of the running transactions, which a checkpoint writes.
  bool goes_on() {
    return eventually([&] {
      move.sql().exec("checkpoint");
      return move.daemon_log().find("the backfill goes on") != std::string::npos;
    }, kLimit);
  }
};

TEST_F(PaceTest, TheBackfillWaitsWhileTheServerIsBusyAndSaysWhy) {
  expect_done({"prepare"});
  expect_done({"throttle", "--sessions", "1"});
  // Two sessions that wait for a lock are two sessions at work.
  move.sql().exec("select pg_advisory_lock(1)");
  Sql one(move.conninfo());
  Sql two(move.conninfo());
  const auto wait_for_lock = [](Sql& session) { session.exec("select pg_advisory_lock_shared(1), pg_advisory_unlock_shared(1)"); };
  std::thread first(wait_for_lock, std::ref(one));
  std::thread second(wait_for_lock, std::ref(two));
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from pg_locks where locktype = 'advisory' and not granted") == "2"; }));
  start_and_expect_held_back_by("sessions");
  move.sql().exec("select pg_advisory_unlock(1)");
  first.join();
  second.join();
  expect_gone_on();
}

TEST_F(PaceTest, TheBackfillWaitsWhileTheSlotIsInDangerThoughNobodyAsked) {
  expect_done({"prepare"});
  // Of 64 MB and the rest of a segment less than 16 MB are left.
  write_wal(60);
  start_and_expect_held_back_by("retained_wal");
  EXPECT_TRUE(goes_on());
  expect_gone_on();
}

TEST_F(PaceTest, TheBackfillWaitsWhileMoreWalIsKeptThanTheOperatorWants) {
  expect_done({"prepare"});
  const auto [exit, says] = move.call({"throttle", "--retained-wal", "8MB"});
  EXPECT_EQ(exit, 0);
  EXPECT_EQ(says, "The backfill waits while the server keeps more than 8192 kB of WAL for the slot.\n");
  write_wal(10);
  start_and_expect_held_back_by("retained_wal");
  EXPECT_TRUE(goes_on());
  expect_gone_on();
}

TEST_F(PaceTest, TheBackfillWaitsForAStandbyThatIsBehind) {
  CROSSFADE_NEEDS("pg_basebackup");
  ThrowawayServer standby({.standby_of = server.conninfo()});
  Sql there(standby.conninfo());
  expect_done({"prepare"});
  expect_done({"throttle", "--replica-lag", "500ms"});
  there.exec("select pg_wal_replay_pause()");
  const auto lag_is_told = [&] {
    // What the standby has not replayed; its lag is told with its next answer, once a second.
    move.sql().exec("update exercises set day = day + 1 where id = 1");
    return move.sql().value("select coalesce(max(replay_lag) > '600ms', false) from pg_stat_replication") == "t";
  };
  ASSERT_TRUE(eventually(lag_is_told, kLimit));
  start_and_expect_held_back_by("replica_lag");
  there.exec("select pg_wal_replay_resume()");
  expect_gone_on();
}

}  // namespace
}  // namespace crossfade::test
