#include <fmt/format.h>

#include <atomic>
#include <thread>

#include "support/move.h"

namespace crossfade::test {
namespace {

/// A commit that is in the WAL and streamed, but not visible: it waits for a standby that is not there.
class ReceivedBeforeVisibleTest : public testing::Test {
 protected:
  ReceivedBeforeVisibleTest() {
    move.start_daemon();
    move.expect_equal();
    move.sql().exec("set synchronous_commit = local");
  }
  ~ReceivedBeforeVisibleTest() override { release(); }

  /// Changes plan 1 until a commit hangs.
  void hang_a_commit() {
    server.set("synchronous_standby_names", "absent");
    server.reload();
    writer = std::thread([this] {
      Sql session(move.conninfo());
      for (int n = 1; !released; ++n) session.exec(fmt::format("update plans set owner = 'late {}' where id = 1", n));
    });
    ASSERT_TRUE(eventually([&] { return move.sql().value("select count(*) from pg_stat_activity where wait_event = 'SyncRep'") == "1"; }));
  }

  void release() {
    released = true;
    server.set("synchronous_standby_names", "");
    server.reload();
    if (writer.joinable()) writer.join();
  }

  bool arrives(const std::string& owner, int plan) {
    return eventually([&] { return move.sql().value(fmt::format("select owner from gym_v2.plans where id = {}", plan)) == owner; });
  }

  ThrowawayServer server;
  Move move{test_migration("gym"), server};
  std::thread writer;
  std::atomic<bool> released = false;
};

TEST_F(ReceivedBeforeVisibleTest, AKeyIsNotRetiredWithTheOldValue) {
  hang_a_commit();
  // What committed later and can be seen arrives, so the hanging one has been received.
  move.sql().exec("update plans set owner = 'seen' where id = 2");
  ASSERT_TRUE(arrives("seen", 2));
  EXPECT_EQ(move.sql().value("select crossfade.wait_for(pg_current_wal_insert_lsn(), '100ms')"), "f") << "the position passed a pending key";
  release();
  move.expect_equal();
  EXPECT_EQ(move.sql().value("select owner = (select owner from plans where id = 1) from gym_v2.plans where id = 1"), "t");
}

TEST_F(ReceivedBeforeVisibleTest, AKeySetDownIsNotRetiredWithTheOldValue) {
  ASSERT_EQ(move.call({"pause"}).first, 0);
  hang_a_commit();
  ASSERT_TRUE(eventually([&] { return move.sql().value("select count(*) > 0 from crossfade.dirty where target = 'plans' and key = '{1}'") == "t"; }));
  const auto hanging = move.sql().value("select backend_xid from pg_stat_activity where wait_event = 'SyncRep'");
  ASSERT_TRUE(eventually([&] { return move.sql().value("select count(*) > 0 from crossfade.dirty where xid = " + hanging) == "t"; }));
  ASSERT_EQ(move.call({"resume"}).first, 0);
  move.sql().exec("update plans set owner = 'seen' where id = 2");
  EXPECT_TRUE(arrives("seen", 2)) << "one commit that hangs holds up all the others";
  release();
  move.expect_equal();
}

}  // namespace
}  // namespace crossfade::test
