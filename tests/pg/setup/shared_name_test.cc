#include <fmt/format.h>

#include "base/error/exit_code.h"
#include "support/move.h"

namespace crossfade::test {
namespace {

/// The same migration on its way in two databases of one server: production, and a copy beside it.
class SharedNameTest : public testing::Test {
 protected:
  static std::string slots(Move& move) { return move.sql().value("select string_agg(slot_name, ' ') from pg_replication_slots where database = current_database()"); }
  static void expect_done(Move& move, const std::vector<std::string>& words) {
    const auto [exit, text] = move.call(words);
    EXPECT_EQ(exit, 0) << words.front() << ": " << text;
  }
  static void expect_refused(Move& move, const std::vector<std::string>& words, ExitCode exit, const std::string& because) {
    const auto answer = move.call(words);
    EXPECT_EQ(answer.first, static_cast<int>(exit)) << answer.second;
    EXPECT_NE(answer.second.find(because), std::string::npos) << answer.second;
  }
  /// As a version before left it: a slot that is called by the migration alone.
  static void give_old_slot_name(Move& move) {
    move.sql().exec(fmt::format("select pg_drop_replication_slot('{}');"
                                "select pg_create_logical_replication_slot('crossfade_gym', 'pgoutput');"
                                "update crossfade.checkpoint set slot = 'crossfade_gym', settled_lsn = pg_current_wal_insert_lsn()", move.slot()));
  }

  Move production{test_migration("gym")};
  Move copy{test_migration("gym")};
};

TEST_F(SharedNameTest, EachHasASlotOfItsOwnWhetherTheOthersDaemonRunsOrNot) {
  production.start_daemon();
  production.expect_equal();
  const auto its = slots(production);
  EXPECT_EQ(its, production.slot());
  expect_done(copy, {"prepare"});
  EXPECT_EQ(slots(copy), copy.slot());
  production.stop_daemon();
  expect_done(copy, {"cancel", "--confirm", "gym"});
  expect_done(copy, {"prepare"});
  EXPECT_EQ(slots(production), its) << "of a daemon that is away for a moment";
  production.sql().exec("update exercises set title = 'of production' where id = 7");
  production.start_daemon();
  copy.start_daemon();
  copy.sql().exec("update exercises set title = 'of the copy' where id = 7");
  copy.expect_equal();
  production.expect_equal();
  EXPECT_EQ(production.daemon_log().find("gap"), std::string::npos) << production.daemon_log();
  EXPECT_EQ(production.sql().value("select title from gym_v2.exercises where id = 7"), "of production");
  copy.stop_daemon();
  expect_done(copy, {"cancel", "--confirm", "gym"});
  EXPECT_EQ(slots(production), its);
  production.expect_equal();
}

TEST_F(SharedNameTest, ACommandDoesNotReachTheOthersDaemon) {
  production.start_daemon();
  production.expect_equal();
  expect_done(copy, {"prepare"});
  const auto socket = production.control().string();
  for (const char* command : {"pause", "resume"}) expect_refused(copy, {command, "--control", socket}, ExitCode::kNotReady, "works on database " + production.sql().value("select current_database()"));
  EXPECT_EQ(production.sql().value("select paused_since is null from crossfade.migration"), "t");
  const auto [exit, text] = copy.call({"status", "--control", socket});
  EXPECT_EQ(exit, 0) << text;
  EXPECT_NE(text.find("phase        prepared"), std::string::npos) << "the database that is meant, not the daemon that answers: " << text;
  const auto verified = copy.call({"verify", "--control", socket});
  EXPECT_EQ(verified.first, static_cast<int>(ExitCode::kMismatch)) << "nothing is in its v2 yet: " << verified.second;
}

TEST_F(SharedNameTest, WithoutAPathEachDaemonHasASocketOfItsOwn) {
  const Environment environment{{"XDG_RUNTIME_DIR", production.server().directory().string()}};
  const auto call = [&](Move& move, std::vector<std::string> words) { return move.start(std::move(words), environment); };
  const auto log = [&](Move& move) { return move.sql().value("select coalesce((select count(*) from crossfade.leader), 0)"); };
  std::vector<std::unique_ptr<Program>> daemons;
  for (auto* move : {&production, &copy}) {
    expect_done(*move, {"prepare"});
    daemons.push_back(call(*move, {"run", "--control", ""}));
  }
  for (auto* move : {&production, &copy}) EXPECT_TRUE(eventually([&] { return log(*move) == "1"; }, kLimit)) << daemons.front()->output() << daemons.back()->output();
  EXPECT_TRUE(eventually([&] { return call(copy, {"pause", "--control", ""})->exit_within(kLimit) == 0; }, kLimit));
  EXPECT_EQ(copy.sql().value("select paused_since is not null from crossfade.migration"), "t");
  EXPECT_EQ(production.sql().value("select paused_since is null from crossfade.migration"), "t");
}

TEST_F(SharedNameTest, ASlotFromBeforeNamesToldTheirDatabaseIsTaken) {
  expect_done(production, {"prepare"});
  give_old_slot_name(production);
  expect_done(copy, {"prepare"});
  production.start_daemon();
  production.expect_equal();
  EXPECT_EQ(slots(production), "crossfade_gym");
  EXPECT_EQ(production.daemon_log().find("gap"), std::string::npos) << production.daemon_log();
  const auto [exit, text] = production.call({"status"});
  EXPECT_NE(text.find("slot         crossfade_gym, active"), std::string::npos) << text;
  copy.start_daemon();
  copy.expect_equal();
  EXPECT_EQ(slots(copy), copy.slot()) << "the other's is not its own";
  production.stop_daemon();
  expect_done(production, {"cancel", "--confirm", "gym"});
  EXPECT_EQ(slots(production), "");
  copy.expect_equal();
}

TEST_F(SharedNameTest, ASlotOfAnotherDatabaseUnderOurNameIsRefusedAndLeftAlone) {
  production.sql().exec(fmt::format("select pg_create_logical_replication_slot('{}', 'pgoutput')", copy.slot()));
  expect_refused(copy, {"prepare"}, ExitCode::kPrecondition, "it is in database " + production.sql().value("select current_database()"));
  EXPECT_EQ(slots(production), copy.slot());
  expect_refused(copy, {"run"}, ExitCode::kNotReady, "is not prepared");
  production.sql().exec(fmt::format("select pg_drop_replication_slot('{}')", copy.slot()));
  copy.start_daemon();
  copy.expect_equal();
}

}  // namespace
}  // namespace crossfade::test
