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

TEST_F(ReceivedBeforeVisibleTest, AKeySpilledIsNotRetiredWithTheOldValue) {
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

/// Least of all one that holds locks on what applications read.
TEST(AbsentStandbyTest, NoCommandWaitsForIt) {
  ThrowawayServer server;
  Move move(test_migration("gym"), server);
  move.sql().exec("set synchronous_commit = local");
  server.set("synchronous_standby_names", "absent");
  server.reload();
  ASSERT_TRUE(eventually([&] { return Sql(move.conninfo()).value("show synchronous_standby_names") == "absent"; }));
  const auto done = [&](const std::vector<std::string>& words) {
    const auto [exit, text] = move.call(words);
    EXPECT_EQ(exit, 0) << words.front() << ": " << text;
  };
  done({"prepare"});
  move.start_daemon();
  move.expect_equal();
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from pg_constraint where connamespace = 'gym_v2'::regnamespace and not convalidated") == "0"; }, kLimit));
  for (const auto* command : {"pause", "resume", "verify", "account"}) done({command});
  done({"throttle", "--sessions", "50"});
  done({"refresh", "plans", "1"});
  done({"wait", "--lag", "10s"});
  done({"cutover", "reads", "--percent", "100", "--confirm", "gym"});
  done({"cutover", "writes", "--confirm", "gym"});
  done({"rollback", "writes", "--confirm", "gym"});
  done({"rollback", "reads", "--confirm", "gym"});
  move.stop_daemon();
  done({"cancel", "--confirm", "gym"});
  // Who drops the database would wait for it.
  server.set("synchronous_standby_names", "");
  server.reload();
}

}  // namespace
}  // namespace crossfade::test
