#include <fmt/format.h>
#include <fmt/ranges.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

#include "base/error/exit_code.h"
#include "support/small_migration.h"
#include "support/two_servers.h"
#include "support/writers.h"

namespace crossfade::test {
namespace {

constexpr int code(ExitCode exit) { return static_cast<int>(exit); }

bool takes(Sql& sql, const std::string& statement) {
  try {
    sql.exec(statement);
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

/// Migration gym, followed on another server, verified and counted: the writes may move.
class AcrossTest : public testing::Test {
 protected:
  explicit AcrossTest(const std::filesystem::path& folder = test_migration("gym"), ThrowawayServer& source = shared_server()) : both(folder, source) {
    both.follow();
    prove();
  }

  void prove() {
    both.expect_equal();
    expect_done({"verify"});
    expect_done({"account"});
  }

  void expect_done(std::vector<std::string> words) {
    const auto [exit, text] = both.call(words);
    EXPECT_EQ(exit, 0) << fmt::format("{}: {}", fmt::join(words, " "), text);
  }

  std::vector<std::string> flip(std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"cutover", "writes", "--no-way-back", "--confirm", both.move.name(), "--evidence", (both.server().directory() / "evidence").string()};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  std::vector<std::string> undo() { return {"rollback", "writes", "--confirm", both.move.name()}; }

  bool v1_takes() { return takes(both.move.sql(), "update exercises set title = title where false"); }
  bool v2_takes() { return takes(both.v2(), "update gym_v2.exercises set title = title where false"); }
  std::string owners() { return both.move.sql().value("select crossfade.owner('gym')") + both.v2().value("select crossfade.owner('gym')"); }
  std::string doctor() { return both.call({"doctor"}).second; }

  /// Starts a flip that stops before `step`, and returns once it has.
  std::unique_ptr<Program> stopped_before(const std::string& step) {
    std::ofstream(gate()).put('1');
    auto command = both.move.start(flip({"--hold-limit", "60s", "--lock-timeout", "400ms"}), {{"CROSSFADE_FAILPOINT", step + ":" + gate().string()}});
    const auto point = "failpoint before=" + step;
    EXPECT_TRUE(eventually([&] { return command->output().find(point) != std::string::npos || !command->running(); }, kLimit));
    EXPECT_TRUE(command->running()) << command->output();
    return command;
  }
  void let_go() { std::filesystem::remove(gate()); }
  void killed_before(const std::string& step) {
    auto command = stopped_before(step);
    command->signal(SIGKILL);
    EXPECT_EQ(command->exit_within(kLimit), 128 + SIGKILL);
    let_go();
  }
  std::filesystem::path gate() { return both.server().directory() / "gate"; }

  /// v1 is closed and v2 is not open: nobody writes, and what is to be done is said.
  void expect_between() {
    EXPECT_TRUE(eventually([&] { return !v1_takes() && !v2_takes(); }, kLimit));
    EXPECT_EQ(owners(), "v2v1");
    EXPECT_TRUE(eventually([&] { return doctor().find("v1 is closed, and v2 is not open yet: nobody writes.\n  the one safe next step: crossfade cutover writes --no-way-back --confirm gym") == 0; }, kLimit)) << doctor();
    EXPECT_NE(both.call({"status"}).second.find("crossfade doctor: the writes are between the two servers"), std::string::npos);
  }
  void expect_on_v1() {
    EXPECT_TRUE(eventually([&] { return v1_takes(); }, kLimit));
    EXPECT_FALSE(v2_takes());
    EXPECT_EQ(owners(), "v1v1");
    EXPECT_TRUE(eventually([&] { return doctor().find("v1 owns the data") == 0 && both.call({"doctor"}).first == 0; }, kLimit)) << doctor();
  }
  void expect_on_v2() {
    EXPECT_FALSE(v1_takes());
    EXPECT_TRUE(v2_takes());
    EXPECT_EQ(owners(), "v2v2");
    EXPECT_EQ(doctor(), "the migration is completed.\n");
    EXPECT_EQ(both.move.sql().value("select count(*) from pg_replication_slots where database = current_database()"), "0");
    EXPECT_EQ(both.move.sql().value("select count(*) from pg_publication"), "0");
    expect_done({"status"});
    EXPECT_EQ(both.v2().value("select crossfade.wait_for('FFFF/0', '1s')"), "t");
    const auto back = both.call(undo());
    EXPECT_EQ(back.first, code(ExitCode::kPrecondition)) << back.second;
    EXPECT_NE(back.second.find("no way back"), std::string::npos) << back.second;
    expect_done(flip());
  }

  TwoServers both;
};

/// Applications that write where they wrote last, and on the other server where that one refuses.
class TwoSidedClients {
 public:
  explicit TwoSidedClients(TwoServers& both)
      : writers_(both.move.conninfo(), 3, [this, there = both.conninfo()](int n) { return session(n, there); }, std::chrono::milliseconds(5)) {}

  void stop() { writers_.stop(); }
  void expect_progress(std::uint64_t more) { writers_.expect_progress(more); }
  const std::vector<int>& written() const { return written_; }
  int on_v2() const { return on_v2_; }

 private:
  Writers::Write session(int n, const std::string& there) {
    struct Session {
      int number;
      bool v2 = false;
      std::shared_ptr<Sql> target = {};
    };
    return [this, there, at = Session{1'000'000 + n * 100'000}](Sql& sql) mutable {
      if (!at.target) at.target = std::make_shared<Sql>(there);
      const auto insert = at.v2 ? fmt::format("insert into gym_v2.exercises (id, plan_id, owner, title) values ({0}, 1 + {0} % 100, 'somebody', 'by a client')", at.number)
                                : fmt::format("insert into exercises (id, plan_id, title) values ({0}, 1 + {0} % 100, 'by a client')", at.number);
      try {
        (at.v2 ? *at.target : sql).exec(insert);
      } catch (const std::runtime_error&) {
        at.v2 = !at.v2;
        throw;
      }
      const std::lock_guard lock(mutex_);
      written_.push_back(at.number++);
      if (at.v2) ++on_v2_;
    };
  }

  std::mutex mutex_;
  std::vector<int> written_;
  std::atomic<int> on_v2_ = 0;
  Writers writers_;  ///< the last, because they write into the others
};

/// Looks all the time whether both servers take writes: v2's first, since v1's does not open again once that one has.
class Referee {
 public:
  explicit Referee(TwoServers& both) : thread_([this, v1 = both.move.conninfo(), v2 = both.conninfo()] {
                                         Sql at_v1(v1), at_v2(v2);
                                         while (!done_) {
                                           const bool second = takes(at_v2, "set lock_timeout = '1s'; update gym_v2.exercises set title = title where false");
                                           const bool first = takes(at_v1, "set lock_timeout = '1s'; update exercises set title = title where false");
                                           if (first && second) ++both_;
                                           ++looks_;
                                         }
                                       }) {}
  ~Referee() { stop(); }
  void stop() {
    done_ = true;
    if (thread_.joinable()) thread_.join();
  }
  int both_took() const { return both_; }
  int looks() const { return looks_; }

 private:
  std::atomic<bool> done_ = false;
  std::atomic<int> both_ = 0, looks_ = 0;
  std::thread thread_;  ///< the last, because it uses the others
};

TEST_F(AcrossTest, TheWritesMoveToAnotherServerUnderWritersAndNoneIsLost) {
  const auto [planned, plan] = both.call({"cutover", "writes", "--no-way-back", "--dry-run"});
  EXPECT_EQ(planned, 0) << plan;
  EXPECT_NE(plan.find("close: on the source fences go up on v1"), std::string::npos) << plan;
  TwoSidedClients clients(both);
  Referee referee(both);
  clients.expect_progress(100);
  expect_done(flip({"--rehearse"}));
  EXPECT_EQ(owners(), "v1v1");
  expect_done(flip({"--lock-timeout", "400ms", "--hold-limit", "10s"}));
  clients.expect_progress(100);
  EXPECT_TRUE(eventually([&] { return clients.on_v2() > 20; }, kLimit));
  clients.stop();
  referee.stop();
  EXPECT_EQ(referee.both_took(), 0) << "of " << referee.looks();
  const auto lost = both.v2().rows(fmt::format("select n from unnest('{{{}}}'::int[]) n where not exists (select from gym_v2.exercises e where e.id = n)", fmt::join(clients.written(), ",")));
  EXPECT_TRUE(lost.empty()) << fmt::format("lost: {}", fmt::join(lost, " "));
  EXPECT_EQ(both.move.daemon().exit_within(kLimit), 0) << both.move.daemon_log();
  expect_on_v2();
  EXPECT_TRUE(takes(both.v2(), "insert into gym_v2.plans values (7000000, 'new'); delete from gym_v2.plans where id = 7000000"));
  try {
    both.move.sql().exec("delete from plans where id = 1");
    ADD_FAILURE() << "v1 takes writes";
  } catch (const std::runtime_error& refused) {
    EXPECT_NE(std::string(refused.what()).find("have moved to another server"), std::string::npos) << refused.what();
  }
}

TEST_F(AcrossTest, TheCommandIsKilledBeforeAnyStepAndHasOneNextStep) {
  for (const char* step : {"hold", "barrier", "drain", "ready", "close", "commit"}) {
    SCOPED_TRACE(step);
    killed_before(step);
    expect_on_v1();
  }
  both.move.sql().exec("update exercises set title = 'before the close' where id = 5");
  prove();
  killed_before("open");
  expect_between();
  const auto cancelled = both.call({"cancel", "--confirm", "gym"});
  EXPECT_NE(cancelled.first, 0) << cancelled.second;
  both.move.kill_daemon();
  const auto refused = both.call({"cancel", "--confirm", "gym"});
  EXPECT_EQ(refused.first, code(ExitCode::kPrecondition)) << refused.second;
  EXPECT_NE(refused.second.find("between the two servers"), std::string::npos) << refused.second;
  expect_done(undo());
  both.follow();
  expect_on_v1();
  both.move.sql().exec("update exercises set title = 'after it was taken back' where id = 6");
  prove();
  killed_before("open");
  expect_between();
  // Killed while it goes on.
  auto command = stopped_before("open");
  command->signal(SIGKILL);
  EXPECT_EQ(command->exit_within(kLimit), 128 + SIGKILL);
  let_go();
  expect_between();
  killed_before("tidy");
  EXPECT_TRUE(v2_takes());
  EXPECT_FALSE(v1_takes());
  expect_done(flip());
  expect_on_v2();
  EXPECT_EQ(both.v2().value("select string_agg(title, ', ' order by id) from gym_v2.exercises where id in (5, 6)"), "before the close, after it was taken back");
}

TEST_F(AcrossTest, ATakingBackThatIsBrokenOffIsGoneOnWithOrTurnedAgain) {
  killed_before("open");
  expect_between();
  const auto break_off_undo = [&](const std::string& step) {
    std::ofstream(gate()).put('1');
    auto command = both.move.start(undo(), {{"CROSSFADE_FAILPOINT", step + ":" + gate().string()}});
    EXPECT_TRUE(eventually([&] { return command->output().find("failpoint before=" + step) != std::string::npos || !command->running(); }, kLimit));
    command->signal(SIGKILL);
    EXPECT_EQ(command->exit_within(kLimit), 128 + SIGKILL);
    let_go();
  };
  break_off_undo("undo");
  expect_between();
  break_off_undo("open");
  EXPECT_FALSE(v1_takes());
  EXPECT_FALSE(v2_takes());
  EXPECT_EQ(doctor(), "v1 is closed, and v2 is not open: nobody writes. The move was taken back, and v1 is to be opened again.\n"
                      "  the one safe next step: crossfade rollback writes --confirm gym\n");
  // Whoever wants to go on all the same does so by a still higher turn.
  expect_done(flip());
  expect_on_v2();
}

TEST_F(AcrossTest, ASessionThatIsLostBetweenTheCommitsIsMadeUpFor) {
  auto command = stopped_before("commit");
  EXPECT_EQ(both.move.sql().value("select count(pg_terminate_backend(pid, 10000)) from pg_stat_activity where application_name like 'crossfade gym % hold'"), "1");
  let_go();
  EXPECT_EQ(command->exit_within(kLimit), 0) << command->output();
  expect_on_v2();
}

TEST_F(AcrossTest, AServerThatGoesAwayBetweenTheCommitsIsWaitedFor) {
  auto command = stopped_before("open");
  both.server().restart(ThrowawayServer::Stop::kImmediate);
  both.reconnect();
  let_go();
  const auto exit = command->exit_within(kLimit);
  EXPECT_TRUE(exit == 0 || exit == code(ExitCode::kOutcomeUnknown)) << command->output();
  EXPECT_FALSE(v1_takes());
  expect_done(flip());
  expect_on_v2();
}

TEST_F(AcrossTest, AServerThatCameBackWithoutItsLastRowsIsFilledBeforeItOpens) {
  killed_before("open");
  both.move.kill_daemon();
  Sql(both.conninfo()).exec("set crossfade.writer = 'gym'; delete from gym_v2.exercises where id = 8; update crossfade.checkpoint set consistent_lsn = '0/1', settled_lsn = '0/1'");
  EXPECT_TRUE(eventually([&] { return doctor().find("v2's server has not all of what v1 had then") != std::string::npos; }, kLimit)) << doctor();
  auto command = both.move.start(flip(), {});
  EXPECT_TRUE(eventually([&] { return both.v2().value("select count(*) from pg_stat_activity where application_name like 'crossfade gym cutover writes look'") == "1"; }, kLimit));
  EXPECT_FALSE(v2_takes());
  both.follow();
  EXPECT_EQ(command->exit_within(kLimit), 0) << command->output();
  expect_on_v2();
  EXPECT_EQ(both.v2().value("select count(*) from gym_v2.exercises where id = 8"), "1");
}

TEST_F(AcrossTest, AServerThatStaysAwayLeavesV1ClosedUntilSomebodyGoesOn) {
  auto command = stopped_before("open");
  both.server().stop(ThrowawayServer::Stop::kImmediate);
  let_go();
  EXPECT_EQ(command->exit_within(kLimit), code(ExitCode::kOutcomeUnknown)) << command->output();
  EXPECT_NE(command->output().find("crossfade rollback writes --confirm gym takes it back"), std::string::npos) << command->output();
  EXPECT_FALSE(v1_takes());
  const auto alone = both.call(undo());
  EXPECT_EQ(alone.first, code(ExitCode::kTargetUnreachable)) << alone.second;
  EXPECT_FALSE(v1_takes());
  both.server().start();
  both.reconnect();
  expect_done(undo());
  expect_on_v1();
}

TEST_F(AcrossTest, TwoWhoMoveTheWritesDoNotMeet) {
  auto command = stopped_before("open");
  for (const auto& words : {flip(), undo()}) {
    const auto other = both.call(words);
    EXPECT_EQ(other.first, code(ExitCode::kNotReady)) << other.second;
    EXPECT_NE(other.second.find("another flip or an amend of migration gym is going on"), std::string::npos) << other.second;
  }
  EXPECT_EQ(doctor().find("v1 owns the data; a flip is going on"), 0U) << doctor();
  let_go();
  EXPECT_EQ(command->exit_within(kLimit), 0) << command->output();
  expect_on_v2();
}

ThrowawayServer& crashing_source() {
  static ThrowawayServer server({.durable = true});
  return server;
}

class AcrossFromTest : public AcrossTest {
 protected:
  AcrossFromTest() : AcrossTest(test_migration("gym"), crashing_source()) {}
};

TEST_F(AcrossFromTest, AServerThatCrashesBeforeItsCloseHasNotClosed) {
  auto command = stopped_before("commit");
  both.move.server().restart(ThrowawayServer::Stop::kImmediate);
  both.move.reconnect();
  EXPECT_TRUE(v1_takes());
  let_go();
  EXPECT_TRUE(command->exit_within(kLimit)) << command->output();
  expect_done(flip());
  expect_on_v2();
}

TEST_F(AcrossFromTest, AServerThatCrashesAfterItsCloseIsClosedAndV2Opens) {
  auto command = stopped_before("open");
  both.move.server().restart(ThrowawayServer::Stop::kImmediate);
  both.move.reconnect();
  EXPECT_FALSE(v1_takes());
  let_go();
  EXPECT_TRUE(command->exit_within(kLimit)) << command->output();
  expect_done(flip());
  expect_on_v2();
}

/// Migration gym with a hook that writes down what it is called with.
std::filesystem::path hooked_across() {
  const auto folder = shared_server().directory() / "hooked_across" / "gym";
  std::filesystem::remove_all(folder.parent_path());
  std::filesystem::create_directories(folder);
  std::filesystem::copy(test_migration("gym"), folder);
  std::ofstream(folder / "migration.yaml", std::ios::app) << fmt::format("cutover:\n  hook: echo $CROSSFADE_HOOK >>{0}/calls\n", folder.parent_path().string());
  return folder;
}

class AcrossHookTest : public AcrossTest {
 protected:
  AcrossHookTest() : AcrossTest(hooked_across()) {}

  std::string calls() {
    std::ostringstream text;
    text << std::ifstream(both.move.folder().parent_path() / "calls").rdbuf();
    return text.str();
  }
};

TEST_F(AcrossHookTest, ApplicationsWaitUntilItIsDecidedWhoIsWritten) {
  killed_before("open");
  expect_between();
  EXPECT_EQ(calls(), "pause\n");
  expect_done(undo());
  EXPECT_EQ(calls(), "pause\nresume\n");
  expect_on_v1();
  prove();
  expect_done(flip({"--lock-timeout", "400ms"}));
  EXPECT_EQ(calls(), "pause\nresume\npause\nresume\n");
  expect_on_v2();
}

std::filesystem::path with_sequences() {
  const auto folder = write_down({
      "create table owners (id int primary key); insert into owners values (1);"
      "create table things (id int generated by default as identity primary key, owner int not null, word text);"
      "insert into things (owner, word) select 1, 'thing' from generate_series(1, 50); delete from things where id > 40; create index on things (owner)",
      "create table small_v2.things (id int generated by default as identity primary key, owner int not null references public.owners, word text)",
      "create view small_map.things as select id, owner, word from things",
      "sources: {things: {key: [id]}}\ntargets:\n  things: {}\n"});
  return folder;
}

TEST(AcrossServersTest, SequencesGoOnBehindThoseOfV1AndKeysOutwardComeBack) {
  TwoServers both(with_sequences());
  both.v2().exec("create table public.owners (id int primary key); insert into public.owners values (1)");
  both.move.sql().exec("create role across_writer; grant select, insert on things to across_writer");
  both.follow();
  both.expect_equal();
  for (const char* proof : {"verify", "account"}) EXPECT_EQ(both.call({proof}).first, 0);
  const auto plan = both.call({"cutover", "writes", "--no-way-back", "--dry-run"});
  EXPECT_EQ(plan.first, 0) << plan.second;
  EXPECT_NE(plan.second.find("role across_writer writes v1, and is not there"), std::string::npos) << plan.second;
  const auto meant = both.call({"cutover", "writes", "--confirm", "small"});
  EXPECT_EQ(meant.first, code(ExitCode::kUsage)) << meant.second;
  const auto moved = both.call({"cutover", "writes", "--no-way-back", "--confirm", "small", "--evidence", (both.server().directory() / "evidence").string()});
  EXPECT_EQ(moved.first, 0) << moved.second;
  EXPECT_EQ(both.v2().value("insert into small_v2.things (owner, word) values (1, 'new') returning id"), "51");
  EXPECT_FALSE(takes(both.v2(), "insert into small_v2.things (owner, word) values (2, 'nobody')"));
  EXPECT_EQ(both.v2().value("select bool_and(convalidated) from pg_constraint where conrelid = 'small_v2.things'::regclass and contype = 'f'"), "t");
  both.move.sql().exec("drop owned by across_writer; drop role across_writer");
}

}  // namespace
}  // namespace crossfade::test
