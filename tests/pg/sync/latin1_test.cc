#include "support/small_migration.h"
#include "support/stage.h"

namespace crossfade::test {
namespace {

/// A database whose encoding is not the program's own.
class Latin1Test : public testing::Test {
 protected:
  Latin1Test() {
    sql.exec("create table kündigung (schlüssel text primary key, größe int, t text);"
             "insert into kündigung select 'ä' || n, n, 'é\"\\' from generate_series(1, 300) n");
  }
  ~Latin1Test() override {
    if (move.has_daemon()) move.kill_daemon();
  }
  static ThrowawayServer& with_template() {
    static const int once = [] {
      Sql(shared_server().conninfo()).exec("create database of_latin1 encoding 'LATIN1' template template0 locale 'C'");
      return 1;
    }();
    static_cast<void>(once);
    return shared_server();
  }
  static std::filesystem::path folder() {
    return write_down({"", "create table small_v2.kündigung (schlüssel text primary key, größe int check (größe >= 0), t varchar(9))",
                       "create view small_map.kündigung as select * from public.kündigung where t <> 'ü'",
                       "sources: {kündigung: {key: [schlüssel]}}\ntargets: {kündigung: {follow: {kündigung: {schlüssel: schlüssel}}}}\n"});
  }
  void expect_differing(const std::string& rows) {
    move.wait_until_caught_up(sql);
    const std::string ask = "select count(*) from ((select * from small_map.kündigung except select * from small_v2.kündigung) union all"
                            " (select * from small_v2.kündigung except select * from small_map.kündigung)) d";
    EXPECT_TRUE(eventually([&] { return sql.value(ask) == rows; }, kLimit)) << sql.value(ask) << move.daemon_log();
  }

  Stage move{folder(), with_template(), "of_latin1"};
  Sql sql{move.conninfo() + " client_encoding=UTF8"};
};

TEST_F(Latin1Test, WhatIsWrittenWithItsSignsIsFollowedVerifiedAndSetAside) {
  move.start_daemon();
  expect_differing("0");
  sql.exec("update kündigung set t = 'ß' || größe where größe < 100; update kündigung set schlüssel = 'ÿ' where größe = 7; delete from kündigung where größe > 290;"
           "update kündigung set größe = -1 where größe = 20");
  expect_differing("2");
  EXPECT_EQ(sql.value("select key::text from crossfade.quarantine"), "{ä20}");
  const auto list = move.call({"quarantine", "list"}).second;
  EXPECT_NE(list.find("ä20"), std::string::npos) << list;
  EXPECT_NE(list.find("kündigung_größe_check"), std::string::npos) << list;
  EXPECT_NE(move.daemon_log().find("ä20"), std::string::npos);
  EXPECT_NE(move.call({"explain", "kündigung", "ä20"}).second.find("(ä20, -1, ß20)"), std::string::npos);
  sql.exec("update kündigung set größe = 1 where größe < 0");
  expect_differing("0");
  for (const char* proof : {"verify", "account", "status", "plan"}) {
    const auto [exit, text] = move.call({proof});
    EXPECT_EQ(exit, 0) << proof << ": " << text;
  }
}

/// The reason of one that is parked has the names of what is missing, and what the server says has letters of its own.
TEST_F(Latin1Test, ATargetThatIsParkedIsSaidInItsSigns) {
  move.start_daemon();
  expect_differing("0");
  sql.exec("alter table small_v2.kündigung rename column größe to länge; update kündigung set t = 'x'");
  EXPECT_TRUE(eventually([&] { return sql.value("select message like '%größe%' from crossfade.parked") == "t"; }, kLimit)) << sql.value("select message from crossfade.parked");
  const auto status = move.call({"status"}).second;
  EXPECT_NE(status.find("größe"), std::string::npos) << status;
  sql.exec("alter table small_v2.kündigung rename column länge to größe");
  expect_differing("0");
  EXPECT_TRUE(eventually([&] { return sql.value("select count(*) from crossfade.parked") == "0"; }, kLimit));
}

/// What a function says, and a path in it, may have signs that the database has not.
TEST_F(Latin1Test, AReasonWithSignsThatTheDatabaseHasNot) {
  move.start_daemon();
  expect_differing("0");
  EXPECT_EQ(move.call({"quarantine", "accept", "kündigung", "→"}).first == 0, false);
  EXPECT_EQ(move.call({"explain", "kündigung", "→"}).second.find("stack"), std::string::npos);
  sql.exec("select crossfade.touch('small', 'kündigung', 'ä1')");
  expect_differing("0");
  EXPECT_TRUE(move.daemon().running());
}

/// A byte for which UTF-8 has nothing.
TEST(Win1252Test, AByteThatCannotBeSentDoesNotEndTheStream) {
  Sql(shared_server().conninfo()).exec("create database of_win1252 encoding 'WIN1252' template template0 locale 'C'");
  Stage move{write_down({"", "create table small_v2.note (id int primary key, body text)", "create view small_map.note as select * from public.note",
                         "sources: {note: {key: [id]}}\ntargets: {note: {follow: {note: {id: id}}}}\n"}),
             shared_server(), "of_win1252"};
  Sql sql{move.conninfo() + " client_encoding=SQL_ASCII"};
  sql.exec("create table note (id int primary key, body text); insert into note select n, 'a' from generate_series(1, 100) n");
  move.start_daemon();
  const auto differing = [&] {
    return sql.value("select count(*) from ((select * from small_map.note except select * from small_v2.note) union all (select * from small_v2.note except select * from small_map.note)) d");
  };
  ASSERT_TRUE(eventually([&] { return sql.value("select to_regclass('small_v2.note')") != "" && differing() == "0"; }, kLimit)) << move.daemon_log();
  sql.exec("insert into note values (200, chr(129)); update note set body = 'b' where id < 10");
  EXPECT_TRUE(eventually([&] { return differing() == "0"; }, kLimit)) << move.daemon_log();
  sql.exec("update note set body = 'c' where id = 200; update note set body = 'c' where id = 3");
  EXPECT_TRUE(eventually([&] { return differing() == "0"; }, kLimit)) << move.daemon_log();
  EXPECT_NE(move.daemon_log().find("the server cannot send a change"), std::string::npos) << move.daemon_log();
  if (move.has_daemon()) move.kill_daemon();
}

}  // namespace
}  // namespace crossfade::test
