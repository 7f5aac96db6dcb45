#include <fmt/format.h>

#include "support/move.h"
#include "support/writers.h"

namespace crossfade::test {
namespace {

void drop_slot(Move& move) { move.sql().exec(fmt::format("select pg_drop_replication_slot('{}')", move.slot())); }

/// Every kind of change that nobody receives.
constexpr auto kUnseen =
    "insert into plans values (501, 'unseen', 3); insert into exercises values (5001, 501, 'unseen', 1);"
    "update exercises set title = 'unseen' where id between 10 and 20; update plans set owner = 'unseen' where id = 7;"
    "delete from exercises where id between 100 and 200; delete from plans where id between 40 and 50;"
    "update exercises set id = id + 10000 where id between 300 and 310; update plans set duration = 1 where id between 60 and 70";

TEST(SlotTest, ASlotDroppedWhileTheDaemonIsDownIsBridgedByDifference) {
  Move move(test_migration("gym"));
  move.start_daemon();
  move.expect_equal();
  move.stop_daemon();
  drop_slot(move);
  move.sql().exec(kUnseen);
  // A row that is equal on both sides must not be written again.
  const auto untouched = move.sql().value("select xmin from gym_v2.exercises where id = 999");
  move.start_daemon();
  EXPECT_TRUE(move.logged("the slot is gone"));
  move.expect_equal();
  EXPECT_EQ(move.sql().value("select count(*) from pg_replication_slots where database = current_database() and active"), "1");
  EXPECT_EQ(move.sql().value("select xmin from gym_v2.exercises where id = 999"), untouched);
  move.stop_daemon();
}

TEST(SlotTest, ASlotMadeAnewBySomebodyElseIsAGap) {
  Move move(test_migration("gym"));
  move.start_daemon();
  move.expect_equal();
  move.stop_daemon();
  drop_slot(move);
  move.sql().exec(kUnseen);
  move.sql().exec(fmt::format("select pg_create_logical_replication_slot('{}', 'pgoutput')", move.slot()));
  move.start_daemon();
  EXPECT_TRUE(move.logged("the slot is ahead of the checkpoint"));
  move.expect_equal();
  move.stop_daemon();
}

TEST(SlotTest, ASlotLostUnderAWriterIsBridged) {
  ThrowawayServer::Options options;
  options.settings = {{"max_slot_wal_keep_size", "1MB"}, {"min_wal_size", "32MB"}, {"max_wal_size", "32MB"}};
  ThrowawayServer server(std::move(options));
  Move move(test_migration("gym"), server);
  move.start_daemon();
  move.expect_equal();
  move.kill_daemon();
  move.sql().exec(kUnseen);
  const auto lost = [&] {
    move.sql().exec("select pg_logical_emit_message(false, 'noise', repeat('x', 1000000)) from generate_series(1, 20); checkpoint");
    return move.sql().value("select wal_status from pg_replication_slots where database = current_database()") == "lost";
  };
  ASSERT_TRUE(eventually(lost, kLimit));
  Writers writers(move.conninfo(), 1, [](Random& random) { return change_gym(random, 1000); });
  move.start_daemon();
  EXPECT_TRUE(move.logged("the server has removed WAL that the slot needed"));
  writers.expect_progress(200);
  writers.stop();
  move.expect_equal();
  move.stop_daemon();
}

TEST(SlotTest, ASlotDroppedUnderARunningDaemonIsMadeAgain) {
  Move move(test_migration("gym"));
  move.start_daemon();
  move.expect_equal();
  Writers writers(move.conninfo(), 1, [](Random& random) { return change_gym(random, 1000); });
  const auto drop = [&] {
    move.sql().exec("select pg_terminate_backend(active_pid) from pg_replication_slots where database = current_database()");
    try {
      drop_slot(move);
      return true;
    } catch (const std::runtime_error&) {
      return false;  // the daemon was quicker
    }
  };
  ASSERT_TRUE(eventually(drop, kLimit));
  EXPECT_TRUE(move.logged("the slot is gone"));
  writers.expect_progress(200);
  writers.stop();
  move.expect_equal();
  move.stop_daemon();
}

}  // namespace
}  // namespace crossfade::test
