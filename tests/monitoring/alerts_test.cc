#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <regex>

#include "api/client.h"
#include "monitoring/files.h"
#include "monitoring/prometheus.h"
#include "support/move.h"

namespace crossfade::test {
namespace {

/// The project's rules, impatient: nothing has to last, and what takes hours or gigabytes takes seconds or megabytes.
std::string impatient_rules() {
  auto rules = std::regex_replace(monitoring_file("prometheus/crossfade.rules.yml"), std::regex("for: \\w+"), "for: 0s");
  rules = replaced(rules, "> 30 and", "> 3 and");
  rules = replaced(rules, "[5m]) > 0.2\n          and crossfade_lag_seconds{stage=\"applied\"} > 10", "[3s]) > 0.2\n          and crossfade_lag_seconds{stage=\"applied\"} > 3");
  rules = replaced(rules, "bytes > 10 * 1024 * 1024 * 1024", "bytes > 40 * 1024 * 1024");
  rules = replaced(rules, "bytes < 1024 * 1024 * 1024", "bytes < 110 * 1024 * 1024");
  return replaced(rules, "hold_seconds > 1 ", "hold_seconds > 0 ");
}

/// Each alert by what it is there for. That of two leaders needs a hanging machine; promtool tests it.
class AlertsTest : public testing::Test {
 protected:
  void SetUp() override {
    start_daemon();
    ASSERT_EQ(move.call({"verify"}).first, 0);
    EXPECT_TRUE(eventually([&] { return prometheus.firing().empty() && !prometheus.query("crossfade_verify_last_success_timestamp_seconds > 0").empty(); }, kLimit));
  }
  void TearDown() override { move.stop_daemon(); }

  void start_daemon() {
    move.start_daemon({"--http", fmt::format("127.0.0.1:{}", port)});
    move.expect_caught_up();
  }
  void expect_fires(const std::string& alert) {
    EXPECT_TRUE(eventually([&] { return prometheus.fires(alert); }, kLimit)) << alert;
  }
  /// What a daemon is while it starts may be scraped too, and fires once more after a quiet look.
  void expect_quiet() {
    EXPECT_TRUE(eventually([&] { return prometheus.firing().empty(); }, kLimit)) << testing::PrintToString(prometheus.firing());
  }
  void post(const std::string& path) { api::ask(move.control(), {"POST", path, ""}); }
  int walsender() { return std::stoi(move.sql().value("select active_pid from pg_replication_slots where active")); }

  ThrowawayServer server{{.durable = false, .tcp = false, .settings = {{"max_slot_wal_keep_size", "128MB"}}}};
  Move move{test_migration("gym"), server};
  int port = free_port();
  Prometheus prometheus{server.directory() / "prometheus", port, impatient_rules()};
};

TEST_F(AlertsTest, AKeyThatTheNewSchemaRefuses) {
  move.sql().exec("update exercises set title = null where id = 5");
  expect_fires("CrossfadeQuarantine");
  move.sql().exec("update exercises set title = 'mended' where id = 5");
  expect_quiet();
}

TEST_F(AlertsTest, ATargetOfWhichEveryRowIsRefused) {
  move.sql().exec("alter table gym_v2.exercises add constraint nobody check (false) not valid; update exercises set title = 'parked'");
  expect_fires("CrossfadeParked");
  move.sql().exec("alter table gym_v2.exercises drop constraint nobody");
  expect_quiet();
  move.expect_equal();
}

TEST_F(AlertsTest, AShadowRowChangedByHand) {
  move.sql().exec("set crossfade.writer = 'gym'; update gym_v2.plans set owner = 'nobody' where id = 7; reset crossfade.writer");
  EXPECT_EQ(move.call({"verify"}).first, 4);
  expect_fires("CrossfadeDrift");
  EXPECT_EQ(move.call({"verify", "--repair"}).first, 0);
  EXPECT_EQ(move.call({"verify"}).first, 0);
  expect_quiet();
}

TEST_F(AlertsTest, AVerificationOfLongAgo) {
  move.sql().exec("update crossfade.verification set ended_at = ended_at - interval '25 hours'");
  expect_fires("CrossfadeVerificationStale");
  EXPECT_EQ(move.call({"verify"}).first, 0);
  expect_quiet();
}

TEST_F(AlertsTest, ADaemonThatIsHeldBack) {
  post("/v1/pause");
  expect_fires("CrossfadeThrottledLong");
  expect_fires("CrossfadeLagHigh");
  expect_fires("CrossfadeLagGrowing");
  post("/v1/resume");
  expect_quiet();
}

TEST_F(AlertsTest, AStreamThatStandsStillWhileMuchIsWritten) {
  const auto stopped = walsender();
  ASSERT_EQ(kill(stopped, SIGSTOP), 0);
  move.sql().exec("select pg_logical_emit_message(false, 'load', repeat('x', 1000000)) from generate_series(1, 50)");
  expect_fires("CrossfadeSlotRetention");
  expect_fires("CrossfadeSlotAtRisk");
  ASSERT_EQ(kill(stopped, SIGCONT), 0);
  EXPECT_TRUE(eventually([&] { return !prometheus.fires("CrossfadeLagHigh"); }, kLimit));
  // The server lets go of it with the next record of running transactions.
  move.sql().exec("checkpoint");
  expect_quiet();
}

TEST_F(AlertsTest, ASlotThatWasDropped) {
  const auto drop = [&] {
    move.sql().exec("select pg_terminate_backend(active_pid) from pg_replication_slots where active");
    try {
      move.sql().exec("select pg_drop_replication_slot(slot_name) from pg_replication_slots");
      return true;
    } catch (const std::exception&) {
      return false;
    }
  };
  ASSERT_TRUE(eventually(drop, kLimit));
  expect_fires("CrossfadeSlotLost");
  move.expect_equal();
}

TEST_F(AlertsTest, AFlipThatHeldUpApplications) {
  EXPECT_EQ(move.call({"account"}).first, 0);
  // Nobody waits for reads that have no stable views.
  EXPECT_EQ(move.call({"cutover", "reads", "--confirm", "gym"}).first, 0);
  EXPECT_TRUE(eventually([&] { return !prometheus.query("crossfade_cutover_hold_seconds == 0").empty(); }, kLimit));
  EXPECT_FALSE(prometheus.fires("CrossfadeHoldTooLong"));
  const auto [exit, text] = move.call({"cutover", "writes", "--confirm", "gym", "--evidence", server.directory() / "evidence"});
  EXPECT_EQ(exit, 0) << text;
  expect_fires("CrossfadeHoldTooLong");
}

TEST_F(AlertsTest, ADatabaseThatIsAway) {
  server.stop(ThrowawayServer::Stop::kImmediate);
  expect_fires("CrossfadeDisconnected");
  expect_fires("CrossfadeNotLeading");
  expect_fires("CrossfadeLagHigh");
  server.start();
  expect_quiet();
}

TEST_F(AlertsTest, ADaemonThatWasKilled) {
  move.kill_daemon();
  expect_fires("CrossfadeDown");
  start_daemon();
  expect_quiet();
}

}  // namespace
}  // namespace crossfade::test
