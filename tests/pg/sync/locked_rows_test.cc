#include "support/small_move.h"

namespace crossfade::test {
namespace {

const SmallMigration kTree = {
    "create table parents (id int primary key, name text not null); create table children (id int primary key, parent_id int not null references parents, name text not null);"
    "insert into parents select n, 'p' from generate_series(1, 300) n; insert into children select n, n % 300 + 1, 'c' from generate_series(1, 900) n",
    "create table small_v2.parents (id int primary key, name text not null);"
    "create table small_v2.children (id int primary key, parent_id int not null references small_v2.parents, name text not null)",
    "create view small_map.parents as select * from public.parents; create view small_map.children as select * from public.children",
    "sources: {parents: {key: [id]}, children: {key: [id]}}\n"
    "targets: {parents: {follow: {parents: {id: id}}}, children: {follow: {children: {id: id}}}}\n"};

/// Another session has rows of v2 locked, and keeps them.
class LockedRowsTest : public testing::Test {
 protected:
  LockedRowsTest() {
    move.follow();
    other.exec("set application_name = 'a report'");
  }
  ~LockedRowsTest() override {
    for (const auto& gid : prepared()) move.sql().exec("rollback prepared '" + gid + "'");
  }
  std::vector<std::string> prepared() { return move.sql().rows("select gid from pg_prepared_xacts where database = current_database()"); }
  void lock(const std::string& rows) { other.exec("begin; select from small_v2." + rows + " for update"); }
  /// Nobody's session has them then.
  void lock_prepared(const std::string& rows) {
    lock(rows);
    other.exec("prepare transaction 'of " + move.name() + "'");
  }
  std::string waiting() { return move.sql().value("select string_agg(concat_ws(' ', target, key), ', ' order by target, key) from crossfade.quarantine where sqlstate = '55P03'"); }
  void expect_waiting(const std::string& what) {
    EXPECT_TRUE(eventually([&] { return waiting() == what; }, kLimit)) << waiting();
  }
  void expect_free() {
    expect_waiting("");
    move.expect_equal();
  }
  void expect_named(const std::string& name) {
    EXPECT_TRUE(eventually([&] { return move.sql().value("select message from crossfade.quarantine limit 1").find(name) != std::string::npos; }, kLimit))
        << move.sql().value("select message from crossfade.quarantine limit 1");
  }

  SmallMove move{kTree};
  Sql other{move.conninfo()};
};

TEST_F(LockedRowsTest, HoldUpTheirOwnKeysAlone) {
  lock("parents where id in (3, 4)");
  move.sql().exec("update parents set name = 'q' where id in (3, 5)");
  expect_waiting("parents {3}");
  EXPECT_EQ(move.sql().value("select name from small_v2.parents where id = 5"), "q");
  move.sql().exec("update parents set name = 'r' where id > 5");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from small_v2.parents where name = 'r'") == "295"; }, kLimit));
  const auto pid = other.value("select pg_backend_pid()");
  expect_named("pid " + pid);
  const auto list = move.call({"quarantine", "list"}).second;
  EXPECT_NE(list.find("pid " + pid), std::string::npos) << list;
  other.exec("commit");
  expect_free();
}

TEST_F(LockedRowsTest, HoldUpWhoeverRefersToThem) {
  lock("parents where id = 3");
  move.sql().exec("insert into children values (1001, 3, 'of one that is locked'), (1002, 4, 'of another')");
  expect_waiting("children {1001}");
  EXPECT_EQ(move.sql().value("select count(*) from small_v2.children where id = 1002"), "1");
  other.exec("commit");
  expect_free();
}

TEST_F(LockedRowsTest, HoldUpThatManyReferToThemAndNobodyElse) {
  lock("parents where id = 3");
  move.sql().exec("begin; update parents set name = 'q'; update children set name = 'd'; insert into children select n, 3, 'd' from generate_series(10001, 13000) n; commit");
  // To wait for a lock of each of them would take minutes.
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from small_v2.children where name = 'd'") == "900"; }, std::chrono::seconds(20)));
  EXPECT_EQ(move.sql().value("select count(*) from small_v2.parents where name = 'q'"), "299");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.quarantine where sqlstate = '55P03'") == "3001"; }, kLimit));
  other.exec("commit");
  expect_free();
}

TEST_F(LockedRowsTest, ThatGoHoldUpNobodyElse) {
  lock("children where id <= 600");
  move.sql().exec("delete from children; insert into children select n, n % 300 + 1, 'd' from generate_series(2001, 2300) n");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from small_v2.children where id > 600") == "300"; }, kLimit));
  EXPECT_EQ(move.sql().value("select count(*) from crossfade.parked"), "0");
  other.exec("commit");
  expect_free();
}

TEST_F(LockedRowsTest, HoldUpTheirOwnKeysAloneWhereAllIsComparedAnew) {
  lock("children where id in (7, 601)");
  Sql third(move.conninfo());
  third.exec("begin; select from small_v2.parents where id = 3 for update; prepare transaction 'of the night'");
  move.sql().exec("begin; truncate parents cascade; insert into parents select n, 'q' from generate_series(1, 300) n;"
                  "insert into children select n, n % 300 + 1, case when n > 5 then 'd' else 'c' end from generate_series(1, 900) n;"
                  "insert into children values (1001, 3, 'of one that is locked'); commit");
  expect_waiting("children {1001}, children {601}, children {7}, parents {3}");
  EXPECT_EQ(move.sql().value("select count(*) from small_v2.parents where name = 'q'"), "299");
  EXPECT_EQ(move.sql().value("select count(*) from small_v2.children where name = 'd'"), "893");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select phase from crossfade.migration") == "following"; }, kLimit));
  EXPECT_NE(move.call({"quarantine", "list"}).second.find("prepared transaction 'of the night'"), std::string::npos);
  other.exec("commit");
  move.sql().exec("rollback prepared 'of the night'");
  expect_free();
}

TEST_F(LockedRowsTest, HoldUpTheirOwnKeysAloneInABacklog) {
  move.sql().exec("insert into children select n, n % 300 + 1, 'late' from generate_series(1001, 25000) n");
  move.expect_equal();
  lock_prepared("children where id in (2003, 2004)");
  move.call({"pause"});
  move.sql().exec("do $$ begin for part in 0 .. 24 loop update children set name = 'e' where id % 25 = part; commit; end loop; end $$");
  move.call({"resume"});
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from small_v2.children where name = 'e'") == "24898"; }, kLimit))
      << move.sql().value("select count(*) from small_v2.children where name = 'e'");
  expect_waiting("children {2003}, children {2004}");
  expect_named("prepared transaction 'of " + move.name() + "'");
  for (const auto& gid : prepared()) move.sql().exec("rollback prepared '" + gid + "'");
  expect_free();
}

}  // namespace
}  // namespace crossfade::test
