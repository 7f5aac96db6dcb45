#include <fmt/format.h>

#include <fstream>

#include "pg/cutover/gym_writes.h"

namespace crossfade::test {
namespace {

/// What the stream brings is not what the views read. Nothing that was acknowledged may be missing on the side that owns the data.
class FollowedTest : public GymWrites {
 protected:
  void write() { move.sql().exec("update exercises set title = 'acknowledged' where id <= 50"); }
  std::string come_over() { return move.sql().value("select count(*) from gym_v2.exercises where title = 'acknowledged'"); }
  void expect_come_over() { EXPECT_TRUE(eventually([&] { return come_over() == "50"; }, kLimit)) << come_over(); }

  /// Whoever asks is told, by words of it and by what mends it, and nothing moves.
  void expect_said(const std::string& what, const std::string& mend) {
    EXPECT_TRUE(eventually([&] { return move.call({"status"}).second.find(what) != std::string::npos; }, kLimit)) << move.call({"status"}).second;
    EXPECT_NE(move.call({"status"}).second.find(mend), std::string::npos) << move.call({"status"}).second;
    EXPECT_NE(move.call({"plan"}).second.find(what), std::string::npos) << move.call({"plan"}).second;
    EXPECT_TRUE(move.logged(what));
    EXPECT_TRUE(move.daemon().running());
    const auto [exit, text] = move.call(flip("cutover"));
    EXPECT_NE(exit, 0) << text;
    EXPECT_NE(text.find(what), std::string::npos) << text;
    EXPECT_NE(move.call({"cutover", "reads"}).first, 0);
    EXPECT_EQ(direction(), "forward");
    EXPECT_NE(move.call({"verify"}).first, 0) << "a comparison proves nothing";
  }

  /// Once it is mended: nothing is missing, and what is proved anew may move.
  void expect_moves() {
    expect_come_over();
    EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.shape_changes('gym')") == "0"; }, kLimit));
    move.expect_equal();
    EXPECT_NE(move.call(flip("cutover")).first, 0) << "what was proved before is void";
    prove();
    expect_done(flip("cutover"));
    EXPECT_EQ(move.sql().value("select count(*) from exercises where title = 'acknowledged'"), "50");
  }
};

TEST_F(FollowedTest, ATableThatLeftThePublication) {
  move.sql().exec("alter publication crossfade_gym drop table exercises");
  write();
  expect_said("does not have table public.exercises", "alter publication crossfade_gym add table public.exercises");
  EXPECT_EQ(come_over(), "0");
  move.sql().exec("alter publication crossfade_gym add table exercises");
  expect_moves();
}

TEST_F(FollowedTest, ATableThatLeftThePublicationForAMoment) {
  move.sql().exec("alter publication crossfade_gym drop table exercises");
  write();
  move.sql().exec("alter publication crossfade_gym add table exercises");
  EXPECT_NE(move.call(flip("cutover")).first, 0);
  expect_moves();
}

TEST_F(FollowedTest, NothingIsCalledUpToDateUntilWhatWasNotToldIsCompared) {
  move.sql().exec("alter publication crossfade_gym drop table exercises");
  ASSERT_TRUE(move.logged("does not have table public.exercises"));
  write();
  const auto written = move.sql().value("select pg_current_wal_insert_lsn()");
  EXPECT_EQ(move.sql().value(fmt::format("select crossfade.wait_for('{}', '1s')", written)), "f");
  move.sql().exec("alter publication crossfade_gym add table exercises");
  move.expect_equal();
  EXPECT_EQ(come_over(), "50");
}

TEST_F(FollowedTest, AWriterWhoBeganBeforeTheTableWasBack) {
  move.sql().exec("alter publication crossfade_gym drop table exercises");
  Sql writer(move.conninfo());
  writer.exec("begin; update exercises set title = 'acknowledged' where id <= 50");
  move.sql().exec("alter publication crossfade_gym add table exercises");
  ASSERT_TRUE(move.logged("has changed since the rows"));
  writer.exec("commit");
  expect_moves();
}

TEST_F(FollowedTest, APublicationOfAPartOfATable) {
  // Before 15 there are no row filters.
  if (move.sql().value("select current_setting('server_version_num')::int < 150000") == "t") return;
  move.sql().exec("alter publication crossfade_gym set table plans, exercises where (id < 10)");
  write();
  expect_said("a row filter", "alter publication crossfade_gym add table public.exercises");
  move.sql().exec("alter publication crossfade_gym set table plans, exercises");
  expect_moves();
}

TEST_F(FollowedTest, APublicationThatLeavesUpdatesOut) {
  move.sql().exec("alter publication crossfade_gym set (publish = 'insert')");
  write();
  expect_said("leaves out updates, deletes, truncates", "set (publish = 'insert, update, delete, truncate')");
  move.sql().exec("alter publication crossfade_gym set (publish = 'insert, update, delete, truncate')");
  expect_moves();
}

TEST_F(FollowedTest, APublicationThatLeftUpdatesOutForAMoment) {
  move.sql().exec("alter publication crossfade_gym set (publish = 'insert')");
  write();
  move.sql().exec("alter publication crossfade_gym set (publish = 'insert, update, delete, truncate')");
  EXPECT_NE(move.call(flip("cutover")).first, 0);
  expect_moves();
}

TEST_F(FollowedTest, ANameThatMeansAnotherTable) {
  move.sql().exec("begin; create table copy (like exercises including all); insert into copy select id, plan_id, 'of the copy', day from exercises where id % 2 = 0;"
                  "alter table exercises rename to exercises_old; alter table copy rename to exercises; commit");
  expect_said("public.exercises is not the table that is followed any more: that one was renamed, and is public.exercises_old now",
              "alter table public.exercises rename to exercises_other; alter table public.exercises_old rename to exercises");
  move.sql().exec("update exercises_old set title = 'acknowledged' where id <= 50");
  move.sql().exec("begin; alter table exercises rename to copy; alter table exercises_old rename to exercises; commit");
  expect_come_over();
  move.expect_equal();
  prove();
  expect_done(flip("cutover"));
  EXPECT_EQ(move.sql().value("select count(*) from exercises where title = 'acknowledged'"), "50");
}

TEST_F(FollowedTest, ATableThatIsInAnotherSchemaForAWhile) {
  move.sql().exec("create schema archive; alter table exercises set schema archive");
  expect_said("public.exercises is not the table that is followed any more", "alter table archive.exercises set schema public");
  move.sql().exec("update archive.exercises set title = 'acknowledged' where id <= 50");
  move.sql().exec("alter table archive.exercises set schema public");
  expect_come_over();
  move.expect_equal();
}

TEST_F(FollowedTest, APublicationThatIsGoneIsMadeAgain) {
  move.sql().exec("drop publication crossfade_gym");
  write();
  ASSERT_TRUE(move.logged("the publication was gone and was made again"));
  expect_moves();
}

TEST_F(FollowedTest, APublicationThatWasMadeAgainByHand) {
  move.sql().exec("drop publication crossfade_gym");
  write();
  move.sql().exec("create publication crossfade_gym for table plans, exercises with (publish_via_partition_root = true)");
  expect_moves();
}

TEST_F(FollowedTest, APublicationThatIsGoneWhileTheDaemonIsAway) {
  move.stop_daemon();
  move.sql().exec("drop publication crossfade_gym");
  write();
  move.start_daemon();
  expect_moves();
}

/// The last look is under the locks.
TEST_F(FollowedTest, WhatHappensBetweenTheLookAndTheHold) {
  const auto gate = move.server().directory() / "gate";
  std::ofstream(gate).put('1');
  auto command = move.start(flip("cutover"), {{"CROSSFADE_FAILPOINT", "hold:" + gate.string()}});
  ASSERT_TRUE(eventually([&] { return command->output().find("failpoint") != std::string::npos || !command->running(); }, kLimit));
  // No daemon is there to notice it first.
  move.kill_daemon();
  move.sql().exec("alter publication crossfade_gym drop table exercises");
  write();
  move.sql().exec("alter publication crossfade_gym add table exercises");
  move.start_daemon();
  std::filesystem::remove(gate);
  ASSERT_TRUE(command->exit_within(kLimit));
  if (direction() == "forward") {
    EXPECT_NE(command->exit_within(kLimit), 0) << command->output();
    expect_moves();
  } else {
    EXPECT_EQ(move.sql().value("select count(*) from exercises where title = 'acknowledged'"), "50") << command->output();
  }
}

TEST_F(FollowedTest, OnTheWayBackToo) {
  expect_done(flip("cutover"));
  ASSERT_TRUE(move.logged("direction has turned"));
  move.sql().exec("alter publication crossfade_gym_reverse drop table exercises");
  write();
  EXPECT_TRUE(eventually([&] { return move.call({"status"}).second.find("does not have table public.exercises") != std::string::npos; }, kLimit));
  EXPECT_NE(move.call(flip("rollback")).first, 0);
  EXPECT_EQ(direction(), "reverse");
  move.sql().exec("alter publication crossfade_gym_reverse add table exercises");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from exercises_v1 where title = 'acknowledged'") == "50"; }, kLimit));
  EXPECT_TRUE(eventually([&] { return move.call(flip("rollback")).first == 0; }, kLimit));
  EXPECT_EQ(move.sql().value("select count(*) from exercises where title = 'acknowledged'"), "50");
}

}  // namespace
}  // namespace crossfade::test
