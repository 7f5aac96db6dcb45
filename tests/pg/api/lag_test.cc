#include <csignal>
#include <cstdlib>
#include <fstream>

#include "api/client.h"
#include "support/move.h"
#include "support/scrape.h"

namespace crossfade::test {
namespace {

/// Far above what a beat takes on a busy machine, far below what the tests wait for.
constexpr double kSmall = 1.5;

/// The lag by heartbeat, as a scrape of the real daemon has it.
class LagTest : public testing::Test {
 protected:
  void start() {
    move.start_daemon();
    move.expect_caught_up();
    EXPECT_TRUE(becomes_small());
  }
  double metric(const std::string& name) { return value_of(name, api::ask(move.control(), {"GET", "/metrics", ""}).body); }
  double lag() { return metric(R"(crossfade_lag_seconds{migration="gym",stage="applied"})"); }
  double last_beat() { return metric(R"(crossfade_heartbeat_applied_timestamp_seconds{migration="gym"})"); }
  bool becomes_small() {
    return eventually([&] { return last_beat() > 0 && lag() < kSmall; }, kLimit);
  }
  bool grows_beyond(double seconds) {
    return eventually([&] { return lag() > seconds; }, kLimit);
  }
  void post(const std::string& path) { api::ask(move.control(), {"POST", path, ""}); }

  ThrowawayServer server;
  Move move{test_migration("gym"), server};
};

TEST_F(LagTest, OnAnIdleServerItIsSmallAndNotZero) {
  start();
  const double first = last_beat();
  EXPECT_TRUE(eventually([&] { return last_beat() > first + 1; }));
  EXPECT_GT(lag(), 0);
  EXPECT_LT(lag(), kSmall);
  move.stop_daemon();
}

TEST_F(LagTest, GrowsWhileTheStreamStandsStill) {
  start();
  const auto walsender = std::stoi(move.sql().value("select active_pid from pg_replication_slots where active"));
  ASSERT_EQ(kill(walsender, SIGSTOP), 0);
  EXPECT_TRUE(grows_beyond(3));
  ASSERT_EQ(kill(walsender, SIGCONT), 0);
  EXPECT_TRUE(becomes_small());
  move.stop_daemon();
}

TEST_F(LagTest, GrowsWhileTheServerIsAway) {
  start();
  server.stop(ThrowawayServer::Stop::kImmediate);
  EXPECT_TRUE(grows_beyond(3));
  server.start();
  EXPECT_TRUE(becomes_small());
  move.stop_daemon();
}

TEST_F(LagTest, GrowsWhileABurstIsNotAppliedYet) {
  start();
  Sql reader(move.conninfo());
  reader.exec("begin; lock table gym_v2.exercises in exclusive mode");
  move.sql().exec("update exercises set title = title || '!'");
  EXPECT_TRUE(grows_beyond(3));
  reader.exec("commit");
  EXPECT_TRUE(becomes_small());
  move.expect_equal();
  move.stop_daemon();
}

TEST_F(LagTest, WhatIsOnlySpilledIsNotApplied) {
  start();
  post("/v1/pause");
  EXPECT_TRUE(grows_beyond(3));
  EXPECT_EQ(move.call({"wait", "--lag", "2s", "--timeout", "200ms"}).first, 10);
  post("/v1/resume");
  EXPECT_TRUE(becomes_small());
  EXPECT_EQ(move.call({"wait", "--lag", "2s", "--timeout", "30s"}).first, 0);
  move.stop_daemon();
}

TEST_F(LagTest, NothingIsReadableBecauseItWasFollowedOnce) {
  start();
  EXPECT_EQ(move.call({"wait", "--phase", "following", "--timeout", "30s"}).first, 0);
  post("/v1/pause");
  move.sql().exec("update exercises set title = 'not yet' where id = 7");
  EXPECT_EQ(move.call({"wait", "--phase", "following", "--timeout", "300ms"}).first, 10);
  post("/v1/resume");
  EXPECT_EQ(move.call({"wait", "--phase", "following", "--timeout", "30s"}).first, 0);
  move.kill_daemon();
  const auto waits_for_a_daemon = [&] {
    const auto [exit, text] = move.call({"wait", "--phase", "following", "--timeout", "100ms"});
    return exit == 10 && text.find("no daemon is at work") != std::string::npos && text.find("crossfade run") != std::string::npos;
  };
  EXPECT_TRUE(eventually(waits_for_a_daemon, kLimit));
}

#ifdef CROSSFADE_FAKETIME
TEST_F(LagTest, TheDaemonsClockDoesNotMatter) {
  for (const char* apart : {"+3600", "-3600"}) {
    setenv("LD_PRELOAD", CROSSFADE_FAKETIME, 1);
    setenv("FAKETIME", apart, 1);
    setenv("DONT_FAKE_MONOTONIC", "1", 1);
    move.start_daemon();
    unsetenv("LD_PRELOAD");
    move.expect_caught_up();
    std::ifstream maps("/proc/" + std::to_string(move.daemon().pid()) + "/maps");
    const std::string loaded(std::istreambuf_iterator<char>(maps), {});
    EXPECT_NE(loaded.find("libfaketime"), std::string::npos) << "the daemon has the right time";
    EXPECT_TRUE(becomes_small());
    EXPECT_GT(lag(), 0);
    EXPECT_NEAR(last_beat(), std::stod(move.sql().value("select extract(epoch from now())")), 30);
    EXPECT_EQ(move.call({"wait", "--lag", "2s", "--timeout", "30s"}).first, 0);
    move.stop_daemon();
  }
}
#endif

}  // namespace
}  // namespace crossfade::test
