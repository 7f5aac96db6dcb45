#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// What is written is a table that its name leads to, and its partitions. Somebody has that lead elsewhere.
class TargetIdentityTest : public testing::Test {
 protected:
  TargetIdentityTest() {
    move.follow();
    EXPECT_EQ(move.call({"verify"}).first, 0);
    EXPECT_EQ(move.call({"account"}).first, 0);
  }

  std::string said() { return move.sql().value("select string_agg(detail, '; ') from crossfade.shape_changes('small')"); }
  void expect_made_good() {
    EXPECT_TRUE(eventually([&] { return said().empty() && differing() == "0"; }, kLimit)) << differing() << " rows differ; " << said();
    EXPECT_TRUE(move.daemon().running());
    move.expect_equal();
  }
  std::string differing() {
    return move.sql().value("select count(*) from ((select * from small_map.b except select * from small_v2.b) union all (select * from small_v2.b except select * from small_map.b)) d");
  }
  void expect_fenced(const std::string& statement) {
    const auto refused = [&] {
      try {
        move.sql().exec("begin; " + statement);
      } catch (const std::exception& refusal) {
        move.sql().exec("rollback");
        return std::string(refusal.what()).find("migration small") != std::string::npos;
      }
      move.sql().exec("rollback");
      return false;
    };
    EXPECT_TRUE(eventually(refused, kLimit)) << statement;
  }

  SmallMove move{{
      "create table a (id int primary key, n int not null); create table b (id int primary key, n int not null);"
      "insert into a select n, n from generate_series(1, 50) n; insert into b select n, n from generate_series(1, 100) n",
      "create table small_v2.a (id int primary key, n int not null);"
      "create table small_v2.b (id int primary key, n int not null) partition by range (id);"
      "create table small_v2.b_1 partition of small_v2.b for values from (0) to (60);"
      "create table small_v2.b_2 partition of small_v2.b for values from (60) to (1000)",
      "create view small_map.a as select * from public.a; create view small_map.b as select * from public.b",
      "sources: {a: {key: [id]}, b: {key: [id]}}\ntargets: {a: {follow: {a: {id: id}}}, b: {follow: {b: {id: id}}}}\n",
  }};
};

TEST_F(TargetIdentityTest, ATableThatIsMadeAnewInOneTransactionIsFilledAndFencedAgain) {
  move.sql().exec("begin; drop table small_v2.a; create table small_v2.a (id int primary key, n int not null); commit");
  expect_made_good();
  const auto [exit, text] = move.call({"cutover", "reads", "--dry-run"});
  EXPECT_NE(text.find("never compared"), std::string::npos) << "what was proved is of another table\n" << text;
  EXPECT_EQ(move.sql().value("select count(*) from small_v2.a"), "50");
  expect_fenced("delete from small_v2.a");
}

TEST_F(TargetIdentityTest, ACopyThatTakesItsNameIsComparedWithTheView) {
  move.sql().exec("begin; create table small_v2.copy (like small_v2.a including all); insert into small_v2.copy select id, n + 1 from small_v2.a where id < 30;"
                  "alter table small_v2.a rename to a_of_before; alter table small_v2.copy rename to a; commit");
  expect_made_good();
  EXPECT_EQ(move.sql().value("select sum(n) from small_v2.a"), "1275");
  expect_fenced("update small_v2.a set n = 0");
}

TEST_F(TargetIdentityTest, APartitionThatGoesTakesNoRowAlongInSilence) {
  move.sql().exec("alter table small_v2.b detach partition small_v2.b_1");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.quarantine where target = 'b'") == "59" ||
                                      move.sql().value("select count(*) from crossfade.parked where target = 'b'") == "1"; }, kLimit)) << said();
  move.sql().exec("alter table small_v2.b attach partition small_v2.b_1 for values from (0) to (60)");
  expect_made_good();
}

TEST_F(TargetIdentityTest, RowsThatAPartitionComesWithAreComparedAndNoOthers) {
  const auto before = move.sql().value("select clock_timestamp()");
  move.sql().exec("create table small_v2.b_3 (id int primary key, n int not null); insert into small_v2.b_3 values (2000, 1);"
                  "alter table small_v2.b attach partition small_v2.b_3 for values from (1000) to (3000)");
  expect_made_good();
  EXPECT_EQ(move.sql().value("select count(*) from crossfade.backfill where started_at > '" + before + "'"), "0");
  expect_fenced("insert into small_v2.b_3 values (2001, 1)");
  move.sql().exec("insert into b values (2500, 1)");
  move.expect_equal();
}

/// Another session lets a table of v2 be read, and not be written.
class LockedTableTest : public testing::TestWithParam<const char*> {};

TEST_P(LockedTableTest, HoldsUpNoOtherTargetAndNobodyWhoWritesV1) {
  SmallMove move{{
      "create table a (id int primary key, n int not null); create table b (id int primary key, n int not null);"
      "insert into a select n, n from generate_series(1, 50) n; insert into b select n, n from generate_series(1, 100) n",
      "create table small_v2.a (id int primary key, n int not null); create table small_v2.b (id int primary key, n int not null)",
      "create view small_map.a as select * from public.a; create view small_map.b as select * from public.b",
      "sources: {a: {key: [id]}, b: {key: [id]}}\ntargets: {a: {follow: {a: {id: id}}}, b: {follow: {b: {id: id}}}}\n",
  }};
  move.follow();
  Sql other(move.conninfo()), writer(move.conninfo());
  other.exec(std::string("begin; lock table small_v2.a in ") + GetParam() + " mode");
  writer.exec("set statement_timeout = '5s'; update a set n = -1 where id = 1; update b set n = -1 where id = 1");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select n from small_v2.b where id = 1") == "-1"; }, kLimit)) << move.daemon_log();
  EXPECT_TRUE(move.logged("target waits for a table that another session has locked"));
  writer.exec("alter table a add column z int; update a set n = -2 where id = 2; update b set n = -2 where id = 2");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select n from small_v2.b where id = 2") == "-2"; }, kLimit)) << move.daemon_log();
  other.exec("commit");
  move.expect_equal();
}

INSTANTIATE_TEST_SUITE_P(Mode, LockedTableTest, testing::Values("share", "share row exclusive", "exclusive"),
                         [](const auto& tested) { std::string name = tested.param; std::erase(name, ' '); return name; });

}  // namespace
}  // namespace crossfade::test
