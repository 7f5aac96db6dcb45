#include <fmt/ranges.h>

#include <csignal>
#include <fstream>

#include "pg/cutover/gym_writes.h"
#include "support/clients.h"

namespace crossfade::test {
namespace {

ThrowawayServer& crashing_server() {
  static ThrowawayServer server({.durable = true});
  return server;
}

/// Flips there and back, each broken off before one of its steps, with clients that write all the time.
class FlipCrashTest : public GymWrites {
 protected:
  FlipCrashTest() : GymWrites(crashing_server()) {}

  bool on_v2() { return direction() == "reverse"; }

  std::pair<int, std::string> flip_now() { return move.call(flip(on_v2_wanted_ ? "cutover" : "rollback")); }

  /// What has committed by now is on both sides.
  void expect_drained() {
    const auto lsn = move.sql().value("select pg_current_wal_insert_lsn()");
    EXPECT_TRUE(eventually([&] { return move.sql().value(fmt::format("select consistent_lsn >= '{}' from crossfade.checkpoint", lsn)) == "t"; }, kLimit));
  }

  void expect_stopped(Program& command, const std::string& step) {
    const auto point = "failpoint before=" + (step.find(' ') == std::string::npos ? step : '"' + step + '"');
    const bool there = eventually([&] { return command.output().find(point) != std::string::npos || !command.running(); }, kLimit);
    ASSERT_TRUE(there && command.running()) << command.output();
  }

  /// Stops the next flip before `step`, has `strike` do harm there, and lets it go on if it still can.
  void break_off(const std::string& step, const std::function<void(Program&)>& strike) {
    SCOPED_TRACE(fmt::format("{} writes, broken off before {}", on_v2_wanted_ ? "cutover" : "rollback", step));
    expect_drained();
    if (on_v2_wanted_) prove();
    const auto gate = move.server().directory() / "gate";
    const auto earlier = move.server().directory() / "earlier";
    std::ofstream(gate).put('1');
    auto failpoint = step + ":" + gate.string();
    // Where the daemon has all before the command looks, there is nothing to drain.
    const bool drains = step == "drain";
    if (drains) {
      std::ofstream(earlier).put('1');
      failpoint += ",barrier:" + earlier.string();
    }
    auto command = move.start(flip(on_v2_wanted_ ? "cutover" : "rollback", {"--hold-limit", "60s"}), {{"CROSSFADE_FAILPOINT", failpoint}});
    if (drains) {
      expect_stopped(*command, "barrier");
      move.daemon().signal(SIGSTOP);
      std::filesystem::remove(earlier);
    }
    expect_stopped(*command, step);
    if (HasFatalFailure()) return;
    strike(*command);
    if (drains) move.daemon().signal(SIGCONT);
    std::filesystem::remove(gate);
    ASSERT_TRUE(command->exit_within(kLimit)) << command->output();
    expect_one_owner(command->output());
    // Whatever happened: the same command again brings it about.
    std::string last;
    EXPECT_TRUE(eventually([&] {
      const auto [exit, text] = flip_now();
      last = text;
      return exit == 0;
    }, kLimit)) << last;
    EXPECT_EQ(on_v2(), on_v2_wanted_);
    EXPECT_TRUE(eventually([&] { return move.call({"doctor"}).first == 0; }, kLimit)) << move.call({"doctor"}).second;
    on_v2_wanted_ = !on_v2_wanted_;
  }

  /// The side that follows refuses to be written, the other one does not, and doctor knows which is which.
  void expect_one_owner(const std::string& output) {
    const std::string owner = on_v2() ? "v2" : "v1";
    EXPECT_NO_THROW(move.sql().exec("update exercises set title = title where false"));
    EXPECT_THROW(move.sql().exec(fmt::format("update {} set title = title where false", on_v2() ? "exercises_v1" : "gym_v2.exercises")), std::runtime_error);
    EXPECT_EQ(move.call({"doctor"}).second.find(owner + " owns the data"), 0U) << move.call({"doctor"}).second << output;
  }

  void at_each_step(const std::vector<std::string>& steps, const std::function<void(Program&)>& strike) {
    Clients clients(move.conninfo(), 2, 100);
    clients.expect_progress(20);
    for (const auto& step : steps) {
      break_off(step, strike);
      if (HasFatalFailure()) return;
    }
    clients.expect_progress(20);
    clients.stop();
    if (on_v2()) {
      expect_v1_follows(move);
    } else {
      move.expect_equal();
    }
    const auto lost = move.sql().rows(fmt::format("select n from unnest('{{{}}}'::int[]) n where not exists (select from exercises e where e.id = n)",
                                                  fmt::join(clients.written(), ",")));
    EXPECT_TRUE(lost.empty()) << fmt::format("lost: {}", fmt::join(lost, " "));
  }

  bool on_v2_wanted_ = true;
};

const std::vector<std::string> kEvery = {"way back", "hold", "barrier", "drain", "swap", "commit", "tidy"};
const std::vector<std::string> kHeld = {"barrier", "drain", "swap", "commit"};

TEST_F(FlipCrashTest, TheCommandIsKilledBeforeAnyStep) {
  at_each_step(kEvery, [](Program& command) {
    command.signal(SIGKILL);
    EXPECT_EQ(command.exit_within(kLimit), 128 + SIGKILL);
  });
}

TEST_F(FlipCrashTest, TheSessionThatHoldsTheLocksIsEndedBeforeAnyStep) {
  at_each_step(kHeld, [&](Program&) {
    EXPECT_EQ(move.sql().value("select count(pg_terminate_backend(pid, 10000)) from pg_stat_activity where application_name like 'crossfade gym % hold'"), "1");
  });
}

TEST_F(FlipCrashTest, TheDaemonIsKilledBeforeAnyStep) {
  at_each_step(kEvery, [&](Program&) {
    move.kill_daemon();
    move.start_daemon();
  });
}

TEST_F(FlipCrashTest, TheServerIsRestartedAtOnceBeforeAnyStep) {
  at_each_step(kEvery, [&](Program&) {
    move.server().restart(ThrowawayServer::Stop::kImmediate);
    move.reconnect();
  });
}

}  // namespace
}  // namespace crossfade::test
