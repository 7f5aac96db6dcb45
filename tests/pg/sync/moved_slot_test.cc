#include <fmt/format.h>

#include "app/ephemeral/server_programs.h"
#include "support/move.h"

namespace crossfade::test {
namespace {

/// Somebody else reads the slot while the daemon has looked at it and waits for it to be free.
TEST(MovedSlotTest, ASlotThatMovesBetweenTheLookAndItsUseIsAGap) {
  CROSSFADE_NEEDS("pg_recvlogical");
  Move move(test_migration("gym"));
  move.start_daemon();
  move.expect_equal();
  move.stop_daemon();
  const auto taken = move.server().directory() / "taken";
  Program reader({(server_programs() / "pg_recvlogical").string(), "--dbname", move.conninfo(), "--slot", move.slot(), "--start", "--file", taken.string(),
                  "--option", "proto_version=1", "--option", "publication_names=crossfade_gym", "--fsync-interval", "1", "--status-interval", "1"},
                 move.server().directory() / "reader.log");
  const auto slot = [&](const std::string& what) { return move.sql().value("select " + what + " from pg_replication_slots where database = current_database()"); };
  ASSERT_TRUE(eventually([&] { return slot("active") == "t"; }, kLimit)) << reader.output();
  move.start_daemon();
  ASSERT_TRUE(move.logged("slot is in use"));
  move.sql().exec("update exercises set title = 'for somebody else' where id <= 50");
  const auto end = move.sql().value("select pg_current_wal_insert_lsn()");
  ASSERT_TRUE(eventually([&] { return slot(fmt::format("confirmed_flush_lsn >= '{}'", end)) == "t"; }, kLimit)) << reader.output();
  reader.signal(SIGTERM);
  ASSERT_TRUE(reader.exit_within(kLimit));
  EXPECT_TRUE(move.logged("the slot was moved or made anew while the stream began"));
  move.expect_equal();
  EXPECT_EQ(move.sql().value("select count(*) from gym_v2.exercises where title = 'for somebody else'"), "50");
}

}  // namespace
}  // namespace crossfade::test
