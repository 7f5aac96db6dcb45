#include <fmt/format.h>

#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// Two tables; the view of the first raises whatever its rows name.
const SmallMigration kTwo = {
    "create table a (id int primary key, n int not null, raises text); create table b (id int primary key, n int not null);"
    "insert into a select n, n from generate_series(1, 3000) n; insert into b select n, n from generate_series(1, 100) n;"
    "create function oops(state text) returns text language plpgsql immutable as $$ begin"
    " if state is not null then raise exception using errcode = state, message = 'raised ' || state; end if; return state; end $$",
    "create table small_v2.a (id int primary key, n int not null, raises text); create table small_v2.b (id int primary key, n int not null)",
    "create view small_map.a as select id, n, public.oops(raises) as raises from public.a; create view small_map.b as select * from public.b",
    "sources: {a: {key: [id]}, b: {key: [id]}}\ntargets: {a: {follow: {a: {id: id}}}, b: {follow: {b: {id: id}}}}\n"};

class ParkingTest : public testing::Test {
 protected:
  ParkingTest() { move.follow(); }

  std::string parked() { return move.sql().value("select concat_ws(' ', target, sqlstate) from crossfade.parked"); }
  void expect_parked(const std::string& what) {
    EXPECT_TRUE(eventually([&] { return parked() == what; }, kLimit)) << parked();
  }
  /// The others and the stream go on, and WAL is confirmed.
  void expect_the_others_go_on() {
    move.sql().exec("update b set n = n + 1000");
    EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from (select * from small_map.b except select * from small_v2.b) d") == "0"; }, kLimit));
    const auto end = move.sql().value("select pg_current_wal_lsn()");
    EXPECT_TRUE(eventually([&] { return move.sql().value("select confirmed_flush_lsn >= '" + end + "' from pg_replication_slots where database = current_database()") == "t"; },
                           kLimit));
  }
  void try_again() { EXPECT_EQ(move.call({"quarantine", "retry"}).first, 0); }

  SmallMove move{kTwo};
};

TEST_F(ParkingTest, WhateverTheSqlstateARowsErrorIsTheRowsOwn) {
  const std::vector<std::string> states = {"0A000", "21000", "2200N", "42601", "44000", "54000", "54001", "55000", "58000", "F0000", "XX000"};
  std::string changes = "begin; update a set n = -n where id <= 500;";
  std::vector<std::string> expected;
  for (std::size_t n = 0; n < states.size(); ++n) {
    changes += fmt::format("update a set raises = '{}' where id = {};", states[n], 101 + n);
    expected.push_back(fmt::format("a {{{}}} {}", 101 + n, states[n]));
  }
  move.sql().exec(changes + "commit");
  move.expect_set_aside(expected);
  EXPECT_EQ(move.sql().value("select count(*) from small_v2.a where n < 0"), std::to_string(500 - states.size()));
  EXPECT_EQ(parked(), "");
  move.sql().exec("update a set raises = null");
  move.expect_equal();
}

TEST_F(ParkingTest, AStateOfTheServersThatAFunctionRaisesIsTheRowsOwn) {
  const std::vector<std::string> states = {"08006", "25006", "25P02", "28000", "3D000", "40001", "40P01", "42883", "53100", "55P03", "57014", "57P01", "CF009"};
  std::string changes = "begin; update a set n = -n where id <= 500;";
  std::vector<std::string> expected;
  for (std::size_t n = 0; n < states.size(); ++n) {
    changes += fmt::format("update a set raises = '{}' where id = {};", states[n], 101 + n);
    expected.push_back(fmt::format("a {{{}}} P0001", 101 + n));
  }
  move.sql().exec(changes + "commit");
  move.expect_set_aside(expected);
  EXPECT_EQ(move.sql().value("select message from crossfade.quarantine where key = '{101}'"), "raised 08006 (raised as 08006)");
  EXPECT_EQ(move.sql().value("select count(*) from small_v2.a where n < 0"), std::to_string(500 - states.size()));
  move.lose_the_slot_around("update a set n = 0 where id = 7");
  move.expect_set_aside(expected);
  move.sql().exec("update a set raises = null");
  move.expect_equal();
}

/// Of another server, whose words are passed on as they are.
TEST_F(ParkingTest, WhatAnotherServerSaysOfARowIsTheRowsOwn) {
  move.sql().exec(fmt::format("create extension dblink; create function elsewhere(state text) returns text language sql immutable set search_path = public as $$"
                              " select case when state is null then null else (select r from dblink('{}', format('do $x$ begin raise exception using errcode = %L, message = %L; end $x$',"
                              " state, 'raised ' || state)) d (r text)) end $$;"
                              " create or replace view small_map.a as select id, n, public.elsewhere(raises) as raises from public.a", move.conninfo()));
  move.expect_equal();
  const std::vector<std::string> states = {"08006", "25006", "40001", "53100", "57014", "57P01", "CF009"};
  std::string changes = "begin; update a set n = -n where id <= 200;";
  std::vector<std::string> expected;
  for (std::size_t n = 0; n < states.size(); ++n) {
    changes += fmt::format("update a set raises = '{}' where id = {};", states[n], 101 + n);
    expected.push_back(fmt::format("a {{{}}} P0001", 101 + n));
  }
  move.sql().exec(changes + "commit");
  move.expect_set_aside(expected);
  EXPECT_EQ(move.sql().value("select count(*) from small_v2.a where n < 0"), std::to_string(200 - states.size()));
  expect_the_others_go_on();
  move.sql().exec("update a set raises = null");
  move.expect_equal();
}

/// The server's own words, each time for the same row.
TEST_F(ParkingTest, ARowThatHasItsStatementCancelledIsSetAside) {
  move.sql().exec("create function cancels(state text) returns text language plpgsql immutable as $$ begin"
                  " if state is not null then perform pg_cancel_backend(pg_backend_pid()); perform pg_sleep(60); end if; return state; end $$;"
                  " create or replace view small_map.a as select id, n, public.cancels(raises) as raises from public.a");
  move.expect_equal();
  move.sql().exec("begin; update a set n = -n where id <= 50; update a set raises = 'x' where id = 7; commit");
  move.expect_set_aside({"a {7} 57014"});
  EXPECT_EQ(move.sql().value("select count(*) from small_v2.a where n < 0"), "49");
  move.lose_the_slot_around("update a set n = 0 where id = 9");
  move.expect_set_aside({"a {7} 57014"});
  expect_the_others_go_on();
  move.sql().exec("update a set raises = null");
  move.expect_equal();
}

TEST_F(ParkingTest, ATargetThatWasMendedIsWrittenAtOnceHoweverLongThePause) {
  move.sql().exec("alter table small_v2.a drop constraint a_pkey");
  move.sql().exec("update a set n = 7 where id <= 20");
  expect_parked("a 42P10");
  move.sql().exec("update crossfade.parked set next_at = now() + interval '1 hour'");
  expect_the_others_go_on();
  EXPECT_EQ(parked(), "a 42P10");
  move.sql().exec("alter table small_v2.a add primary key (id)");
  expect_parked("");
  move.expect_equal();
}

TEST_F(ParkingTest, ATargetThatLostAColumnRestsUntilItIsBack) {
  move.sql().exec("alter table small_v2.a drop column n");
  move.sql().exec("update a set n = 7 where id <= 20");
  expect_parked("a 42703");
  expect_the_others_go_on();
  const auto status = move.call({"status"}).second;
  EXPECT_NE(status.find("parked       a, for"), std::string::npos) << status;
  EXPECT_NE(status.find("42703"), std::string::npos) << status;
  // It does not come by waiting.
  const auto flip = move.call({"cutover", "reads", "--dry-run"}).second;
  EXPECT_NE(flip.find("✗ parked: a: "), std::string::npos) << flip;
  EXPECT_EQ(flip.find("crossfade wait"), std::string::npos) << flip;
  move.sql().exec("alter table small_v2.a add column n int");
  move.sql().exec("set crossfade.writer = 'small'; update small_v2.a set n = id where id > 20");
  try_again();
  expect_parked("");
  move.expect_equal();
}

/// The statements name the types of keys, and know which identity takes a value as it comes.
TEST_F(ParkingTest, ATargetThatIsWrittenOtherwiseByNowGoesOnByItself) {
  move.sql().exec("alter table small_v2.a alter column id add generated always as identity");
  move.sql().exec("insert into a (id, n) values (9001, 7); update a set n = 8 where id = 5");
  expect_the_others_go_on();
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from small_v2.a where id = 9001 or id = 5 and n = 8") == "2"; }, kLimit));
  expect_parked("");
  EXPECT_TRUE(move.daemon().running());
}

TEST_F(ParkingTest, ATargetWhoseColumnHasAnotherTypeRests) {
  move.sql().exec("alter table small_v2.a alter column n drop not null, alter column n type bytea using null::bytea");
  move.sql().exec("update a set n = 7 where id = 5");
  expect_parked("a 42804");
  expect_the_others_go_on();
  move.sql().exec("alter table small_v2.a alter column n type int using id");
  try_again();
  expect_parked("");
  move.expect_equal();
}

TEST_F(ParkingTest, AFaultThatAllRowsShareParksThemWithSamples) {
  move.sql().exec("alter table small_v2.a add constraint small check (n < 100000) not valid");
  move.sql().exec("update a set n = n + 100000");
  expect_parked("a 23514");
  EXPECT_EQ(move.sql().value("select count(*) from crossfade.quarantine"), "0");
  EXPECT_EQ(move.sql().value("select cardinality(samples) from crossfade.parked"), "10");
  EXPECT_EQ(move.sql().value("select count(*) from crossfade.dirty where target = 'a'"), "3000");
  expect_the_others_go_on();
  move.sql().exec("alter table small_v2.a drop constraint small");
  try_again();
  expect_parked("");
  move.expect_equal();
}

TEST_F(ParkingTest, AKeyThatWasAcceptedStaysSo) {
  move.sql().exec("update a set raises = '22000' where id = 5");
  move.expect_set_aside({"a {5} 22000"});
  const auto first = move.sql().value("select first_at from crossfade.quarantine");
  ASSERT_EQ(move.call({"quarantine", "accept", "5"}).first, 0);
  for (int attempts = 2; attempts <= 4; ++attempts) {
    try_again();
    EXPECT_TRUE(eventually([&] { return move.sql().value("select attempts from crossfade.quarantine") == std::to_string(attempts); }, kLimit));
  }
  EXPECT_EQ(move.sql().value("select first_at from crossfade.quarantine"), first);
  EXPECT_EQ(move.sql().value("select accepted_by is not null from crossfade.quarantine"), "t");
  EXPECT_EQ(move.sql().value("select next_at > now() + interval '30 seconds' from crossfade.quarantine"), "t") << "the pause grows";
  EXPECT_EQ(move.daemon_log().find("key is set aside"), move.daemon_log().rfind("key is set aside")) << "told once";
}

/// Statements write the types of keys by their names.
/// Those who have no place because one of an exchange is refused say nothing of their table.
TEST(RefusedExchangeTest, OfManyRowsIsSetAsideAndItsTableGoesOn) {
  SmallMove move({"create table c (id int primary key, slot int not null, v int not null); insert into c select n, n, 1 from generate_series(1, 1000) n",
                  "create table small_v2.c (id int primary key, slot int not null unique, v int check (v > 0))", "create view small_map.c as select id, slot, v from public.c", ""});
  move.follow();
  move.sql().exec("begin; update c set v = -1 where id = 5; update c set slot = slot + 10000 where id <= 150;"
                  "update c set slot = (slot - 10000) % 150 + 1 where id <= 150; commit; update c set v = 3 where id between 500 and 520");
  ASSERT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.quarantine") == "150"; }, kLimit))
      << move.daemon_log();
  EXPECT_EQ(move.sql().value("select sqlstate from crossfade.quarantine where key = '{5}'"), "23514");
  EXPECT_EQ(move.sql().value("select count(*) from crossfade.parked"), "0");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from small_v2.c where v = 3") == "21"; }, kLimit));
  move.sql().exec("update c set v = 1 where id = 5");
  EXPECT_EQ(move.call({"quarantine", "retry"}).first, 0);
  EXPECT_TRUE(eventually([&] { return move.set_aside().empty(); }, kLimit));
  move.expect_equal();
}

TEST(TypeOfAKeyTest, IsFollowedToAnotherNameAndSchema) {
  SmallMove move(SmallMigration{"create domain code as text check (value <> ''); create schema types; create table pupil (code code primary key, name text not null);"
                                "insert into pupil select 'p' || n, 'pupil' from generate_series(1, 100) n",
                                "create table small_v2.pupil (code public.code primary key, name text not null)", "create view small_map.pupil as select * from public.pupil",
                                "sources: {pupil: {key: [code]}}\ntargets: {pupil: {follow: {pupil: {code: code}}}}\n"});
  move.follow();
  move.sql().exec("alter domain code rename to pupil_code; alter domain pupil_code set schema types");
  move.sql().exec("update pupil set code = 'q3' where code = 'p3'; update pupil set name = 'moved' where code = 'p4'; delete from pupil where code = 'p5'");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from (select * from small_map.pupil except select * from small_v2.pupil) d") == "0"; }, kLimit));
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.parked") == "0"; }, kLimit));
  move.expect_equal();
}

}  // namespace
}  // namespace crossfade::test
