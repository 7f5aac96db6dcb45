#include <fmt/format.h>

#include <csignal>

#include "base/error/exit_code.h"
#include "support/move.h"

namespace crossfade::test {
namespace {

/// A preparation that was broken off.
class HalfPreparedTest : public testing::Test {
 protected:
  /// Killed while the slot waits for a transaction: all is committed but the slot and the checkpoint.
  void kill_at_the_slot() {
    writer.exec("begin; update exercises set title = 'not yet' where id = 1");
    const auto prepare = move.start({"prepare"});
    ASSERT_TRUE(eventually([&] { return waiting() != ""; }, kLimit)) << prepare->output();
    prepare->signal(SIGKILL);
    EXPECT_EQ(prepare->exit_within(kLimit), 128 + SIGKILL);
  }
  /// The pid of what makes the slot.
  std::string waiting() { return move.sql().value("select active_pid from pg_replication_slots where database = current_database() and active_pid is not null"); }
  std::string left() {
    return move.sql().value("select concat_ws(' ', (select count(*) from pg_replication_slots where database = current_database()), "
                            "(select count(*) from pg_publication), (select count(*) from pg_namespace where nspname in ('crossfade', 'gym_v2', 'gym_map', 'gym_unmap')))");
  }
  void expect_done(const std::vector<std::string>& words) {
    const auto [exit, text] = move.call(words);
    EXPECT_EQ(exit, 0) << words.front() << ": " << text;
  }

  Move move{test_migration("gym")};
  Sql writer{move.conninfo()};
};

TEST_F(HalfPreparedTest, IsSaidAndGoneOnWith) {
  kill_at_the_slot();
  const auto pid = waiting();
  ASSERT_NE(pid, "");
  for (const std::vector<std::string>& words : {std::vector<std::string>{"prepare"}, {"cancel", "--confirm", "gym"}}) {
    const auto [exit, text] = move.call(words);
    EXPECT_EQ(exit, static_cast<int>(ExitCode::kNotLeader)) << text;
    EXPECT_NE(text.find("is being prepared, amended or cancelled in this database: pid " + pid), std::string::npos) << text;
    EXPECT_NE(text.find("select pg_terminate_backend(" + pid + ")"), std::string::npos) << text;
  }
  move.sql().exec("select pg_terminate_backend(" + pid + ", 5000)");
  writer.exec("commit");
  expect_done({"prepare"});
  expect_done({"prepare"});
  move.start_daemon();
  move.expect_equal();
}

TEST_F(HalfPreparedTest, IsCancelledWithoutALeftover) {
  kill_at_the_slot();
  move.sql().exec("select pg_terminate_backend(" + waiting() + ", 5000)");
  writer.exec("commit");
  EXPECT_NE(left(), "0 0 0");
  expect_done({"cancel", "--confirm", "gym"});
  EXPECT_EQ(left(), "0 0 0");
  move.start_daemon();
  move.expect_equal();
}

TEST_F(HalfPreparedTest, ASlotWithoutItsCheckpointIsMadeAnew) {
  expect_done({"prepare"});
  move.sql().exec("delete from crossfade.checkpoint");
  move.sql().exec("update exercises set title = 'in between' where id = 7");
  expect_done({"prepare"});
  move.start_daemon();
  move.expect_equal();
}

/// The transactions are such that the server decodes the DDL while it looks for the slot's first position.
TEST_F(HalfPreparedTest, DdlThatCommitsWhileTheSlotIsMadeIsInNobodysWay) {
  const auto waits_for = [&](Sql& sql) {
    const auto xid = sql.value("select pg_current_xact_id()::xid");
    return [this, xid] { return move.sql().value(fmt::format("select count(*) from pg_locks where not granted and transactionid = '{}'", xid)) != "0"; };
  };
  writer.exec("begin");
  const auto waits_for_first = waits_for(writer);
  const auto prepare = move.start({"prepare"});
  ASSERT_TRUE(eventually(waits_for_first, kLimit)) << prepare->output();
  Sql second(move.conninfo());
  second.exec("begin");
  const auto waits_for_second = waits_for(second);
  writer.exec("commit");
  ASSERT_TRUE(eventually(waits_for_second, kLimit)) << prepare->output();
  move.sql().exec("create table of_the_application (a int primary key); alter table of_the_application add column b int");
  second.exec("commit");
  EXPECT_EQ(prepare->exit_within(kLimit), 0) << prepare->output();
  move.start_daemon();
  move.expect_equal();
}

TEST_F(HalfPreparedTest, WhatASchemaThatWasDroppedByHandLeavesBehindIsCancelledToo) {
  expect_done({"prepare"});
  move.sql().exec("drop schema crossfade cascade; drop schema gym_v2 cascade; drop schema if exists gym_map cascade; drop schema if exists gym_unmap cascade");
  EXPECT_EQ(left(), "1 1 0");
  expect_done({"cancel", "--confirm", "gym"});
  EXPECT_EQ(left(), "0 0 0");
  const auto [exit, text] = move.call({"cancel", "--confirm", "gym"});
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kUsage)) << text;
  EXPECT_NE(text.find("there is nothing to cancel"), std::string::npos) << text;
}

}  // namespace
}  // namespace crossfade::test
