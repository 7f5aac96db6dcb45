#include <fmt/format.h>

#include <fstream>
#include <string>

#include "base/error/exit_code.h"
#include "support/move.h"
#include "support/small_migration.h"

namespace crossfade::test {
namespace {

/// A role that may connect, and nothing else.
class StrangerTest : public testing::Test {
 protected:
  StrangerTest() {
    move.sql().exec("create role " + role + " login");
    stranger = std::make_unique<Sql>(move.conninfo() + " user=" + role);
    move.start_daemon();
    move.expect_equal();
  }
  ~StrangerTest() override {
    stranger.reset();
    move.sql().exec("drop owned by " + role + "; drop role " + role);
  }

  std::string refusal(Sql& session, const std::string& statement) {
    try {
      session.exec(statement);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }
  void expect_nothing_of_it() {
    move.sql().exec("update exercises set title = title || '!' where id <= 20");
    move.expect_equal();
    EXPECT_EQ(move.sql().value("select count(*) from crossfade.dirty"), "0");
  }

  Move move{test_migration("gym")};
  std::string role = fmt::format("stranger_{}", getpid());
  std::unique_ptr<Sql> stranger;
};

TEST_F(StrangerTest, WhatTheyWriteIntoTheLogChangesNothing) {
  const auto say = [&](const std::string& content) { stranger->exec("select pg_logical_emit_message(true, 'crossfade', " + content + ")"); };
  say("convert_to(E'touch\\ngym\\nexercises\\n', 'UTF8') || '\\xff'::bytea");
  say("convert_to(E'gym\\nguess\\ntouch\\nexercises\\n', 'UTF8') || '\\xff00'::bytea");
  say("E'gym\\nguess\\ntouch\\nexercises\\n' || (select string_agg(md5(random()::text), '') from generate_series(1, 300))");
  say("E'gym\\nguess\\ntouch\\nexercises\\nnot-a-number'");
  say("E'gym\\nguess\\nbarrier ' || gen_random_uuid()");
  say("E'gym\\nguess\\nbeat 1 99999999 0'");
  say("repeat('gym', 3000000)");
  expect_nothing_of_it();
  EXPECT_TRUE(move.logged("claim to be crossfade's own"));
  move.kill_daemon();
  say("convert_to(E'gym\\n\\ntouch\\nexercises\\n', 'UTF8') || '\\xff'::bytea");
  move.start_daemon();
  expect_nothing_of_it();
}

// The sanitizers' allocator knows no bound.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/// However large it is, the daemon does not become so.
TEST_F(StrangerTest, WhatIsTooLargeIsNotReceived) {
  const auto most = [&] {
    std::ifstream status(fmt::format("/proc/{}/status", move.daemon().pid()));
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmHWM:")) return std::stol(line.substr(6)) >> 10;
    }
    return 0L;
  };
  const auto before = most();
  stranger->exec("begin; select pg_logical_emit_message(true, 'x', repeat('y', 15000000)) from generate_series(1, 6); commit");
  move.sql().exec("set crossfade.writer = 'gym'; delete from gym_v2.exercises where id in (5, 6)");
  move.sql().exec("select crossfade.touch('gym', 'exercises', '5')");
  stranger->exec("select pg_logical_emit_message(false, 'crossfade', repeat('y', 100000000))");
  move.sql().exec("select crossfade.touch('gym', 'exercises', '6')");
  EXPECT_TRUE(move.logged("too large to be received"));
  EXPECT_TRUE(move.logged("listened to again"));
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from gym_v2.exercises where id in (5, 6)") == "2"; }, kLimit));
  expect_nothing_of_it();
  EXPECT_LT(most() - before, 64) << "megabytes";
}

/// Too large as well, and it has to come.
TEST(LargeRowTest, ComesAndIsNotTakenForAStrangers) {
  Move move(write_down({"create table files (id int primary key, body text); insert into files values (1, 'a'), (2, 'b')",
                        "create table small_v2.files (id int primary key, body text)", "create view small_map.files as select * from public.files",
                        "sources: {files: {key: [id]}}\ntargets: {files: {follow: {files: {id: id}}}}\n"}));
  move.start_daemon();
  move.expect_equal();
  move.sql().exec("update files set body = repeat('x', 20000000) where id = 1; update files set body = 'c' where id = 2");
  move.expect_equal();
  EXPECT_TRUE(move.logged("listened to again"));
  move.sql().exec("update files set body = repeat('y', 20000000) where id = 1");
  move.expect_equal();
}
#endif

TEST_F(StrangerTest, TheyReadNoSecretAndSpeakForNobody) {
  for (const auto* statement : {"select * from crossfade.secret", "select crossfade.say('gym', 'barrier x')", "select crossfade.touch('gym', 'exercises', '5')"}) {
    EXPECT_NE(refusal(*stranger, statement).find("permission denied"), std::string::npos) << statement;
  }
}

TEST_F(StrangerTest, WhoIsGrantedTouchNeedsNothingElse) {
  move.sql().exec("grant execute on function crossfade.touch to " + role);
  move.sql().exec("set crossfade.writer = 'gym'; delete from gym_v2.exercises where id = 5");
  stranger->exec("select crossfade.touch('gym', 'exercises', '5')");
  move.expect_equal();
}

TEST_F(StrangerTest, ATouchThatNamesNoKeyIsRefusedWhereItIsWritten) {
  const std::pair<const char*, const char*> refused[] = {
      {"'gym', 'exercises', 'not-a-number'", "not-a-number is no key of exercises: invalid input syntax for type integer"},
      {"'gym', 'exercises', '99999999999999999999'", "out of range"},
      {"'gym', 'exercises', repeat('9', 9000)", "a key of 9000 bytes is not taken"},
      {"'gym', 'nothing', '5'", "there is no target nothing"},
      {"'another', 'exercises', '5'", "there is no target exercises in migration another"},
  };
  for (const auto& [arguments, message] : refused) {
    const auto said = refusal(move.sql(), fmt::format("select crossfade.touch({})", arguments));
    EXPECT_NE(said.find(message), std::string::npos) << arguments << ": " << said;
  }
  const auto [exit, text] = move.call({"refresh", "exercises", "5", "not-a-number"});
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kUsage));
  EXPECT_NE(text.find("A key of exercises is a value of id (integer)"), std::string::npos) << text;
  expect_nothing_of_it();
}

TEST(TouchTest, AKeyOfSeveralColumnsIsWrittenAsAnArray) {
  Move move(write_down({"create table t (a int, b text, n int not null, primary key (a, b)); insert into t values (1, 'x,y', 1), (2, 'z', 2)",
                        "create table small_v2.t (a int, b text, n int not null, primary key (a, b))", "create view small_map.t as select * from public.t",
                        "sources: {t: {key: [a, b]}}\ntargets: {t: {follow: {t: {a: a, b: b}}}}\n"}));
  move.start_daemon();
  move.expect_equal();
  move.sql().exec("set crossfade.writer = 'small'; delete from small_v2.t");
  move.sql().exec("select crossfade.touch('small', 't', '{1,\"x,y\"}')");
  move.expect_caught_up();
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.dirty") == "0"; }, kLimit)) << "what was spilled besides is deleted, and in nobody's way";
  EXPECT_EQ(move.sql().rows("select a, b from small_v2.t"), std::vector<std::string>{"1|x,y"});
  EXPECT_THROW(move.sql().exec("select crossfade.touch('small', 't', '{1}')"), std::runtime_error);
  EXPECT_THROW(move.sql().exec("select crossfade.touch('small', 't', '1')"), std::runtime_error);
  move.sql().exec("select crossfade.touch('small', 't', '{2,z}')");
  move.expect_equal();
}

/// A row that the new schema refuses, under a key that is longer than an index takes and does not compress.
class LongKeyTest : public testing::Test {
 protected:
  static constexpr auto kBad = "insert into notes select 7, string_agg(md5(n::text), ''), repeat('body', 6) from generate_series(1, 300) n";

  void expect_set_aside_and_healed() {
    move.expect_caught_up();
    EXPECT_EQ(move.sql().rows("select target, locator, length(key[1]), sqlstate from crossfade.quarantine"), std::vector<std::string>{"notes|label|9600|22001"});
    move.sql().exec("update notes set body = 'other' where id = 1");
    move.expect_caught_up();
    EXPECT_EQ(move.sql().value("select body from small_v2.notes where id = 1"), "other");
    move.sql().exec("update notes set body = 'short' where id = 7");
    move.expect_equal();
  }

  Move move{write_down({"create table notes (id int primary key, label text not null, body text not null); alter table notes replica identity full;"
                        "insert into notes values (1, 'a', 'one'), (2, 'b', 'two')",
                        "create table small_v2.notes (id int primary key, label text not null, body varchar(20) not null)",
                        "create view small_map.notes as select id, label, body from public.notes",
                        "sources: {notes: {key: [id]}}\ntargets: {notes: {follow: {notes: {label: label}}}}\n"})};
};

TEST_F(LongKeyTest, IsSetAsideWhileFollowing) {
  move.start_daemon();
  move.expect_equal();
  move.sql().exec(kBad);
  expect_set_aside_and_healed();
}

TEST_F(LongKeyTest, IsSetAsideInTheBackfill) {
  move.sql().exec(kBad);
  move.start_daemon();
  expect_set_aside_and_healed();
}

TEST_F(LongKeyTest, WaitsInTheTableOfDirtyKeys) {
  move.start_daemon();
  move.expect_equal();
  ASSERT_EQ(move.call({"pause"}).first, 0);
  move.sql().exec(kBad);
  ASSERT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.dirty") == "1"; }, kLimit));
  move.kill_daemon();
  move.start_daemon();
  ASSERT_TRUE(eventually([&] { return move.call({"resume"}).first == 0; }, kLimit));
  expect_set_aside_and_healed();
}

}  // namespace
}  // namespace crossfade::test
