#include <fmt/format.h>

#include "base/error/exit_code.h"
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
