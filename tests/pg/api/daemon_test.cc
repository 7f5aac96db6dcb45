#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "app/status/status_text.h"
#include "pg/api/with_daemon.h"
#include "support/flip.h"

namespace crossfade::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class DaemonTest : public WithDaemon {
 protected:
  /// What `status --json` says, which must be as it is documented.
  v1::Status fits(const std::string& when) {
    const auto [asked, line] = move.call({"status", "--json"});
    EXPECT_EQ(asked, 0) << when << ": " << line;
    const auto file = server.directory() / "status.json";
    std::ofstream(file) << line;
    Program held({"/bin/sh", "-c", "exec python3 \"$1\" \"$2\" <\"$3\"", "sh", CROSSFADE_VALIDATE, CROSSFADE_STATUS_SCHEMA, file}, server.directory() / "faults");
    EXPECT_EQ(held.exit_within(kLimit), 0) << when << ": " << held.output() << line;
    v1::Status status;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(line, &status).ok()) << when;
    return status;
  }
  /// Every counter of a scrape, those of histograms included, by the text of its series.
  std::map<std::string, double> counters() {
    std::map<std::string, double> found;
    std::istringstream lines(get("/metrics"));
    bool counts = false;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("# TYPE ")) counts = line.ends_with(" counter") || line.ends_with(" histogram");
      const auto blank = line.rfind(' ');
      if (counts && !line.starts_with('#')) found[line.substr(0, blank)] = std::stod(line.substr(blank));
    }
    return found;
  }
};

TEST_F(DaemonTest, AScrapeHasEveryNameOfTheGoldenList) {
  start();
  std::set<std::string> golden;
  std::ifstream file(CROSSFADE_METRIC_NAMES);
  for (std::string line; std::getline(file, line);) golden.insert(line);
  // There once there has been a cutover to speak of.
  golden.erase("crossfade_cutover_step_duration_seconds histogram");
  const auto scraped = [&] {
    std::set<std::string> names;
    std::istringstream lines(get("/metrics"));
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("# TYPE ")) names.insert(line.substr(7));
    }
    return names;
  };
  // What stands in the way of a cutover is looked at in between.
  eventually([&] { return scraped() == golden; });
  EXPECT_EQ(scraped(), golden);
  move.stop_daemon();
}

TEST_F(DaemonTest, TheMetricsFollowWhatHappens) {
  start();
  move.sql().exec("update exercises set title = 'changed' where id <= 10");
  move.expect_equal();
  EXPECT_EQ(metric(R"(crossfade_leader{migration="gym"})"), 1);
  EXPECT_EQ(metric(R"(crossfade_up{migration="gym",endpoint="source"})"), 1);
  EXPECT_EQ(metric(R"(crossfade_up{migration="gym",endpoint="stream"})"), 1);
  EXPECT_GT(metric(R"(crossfade_transactions_settled_total{migration="gym"})"), 0);
  EXPECT_GT(metric(R"(crossfade_keys_refreshed_total{migration="gym",target="exercises"})"), 0);
  // These are sampled once a second.
  const auto becomes = [&](const std::string& series, double value) {
    return eventually([&] { return metric(series) == value; });
  };
  EXPECT_TRUE(becomes(R"(crossfade_phase{migration="gym",phase="following"})", 1));
  EXPECT_TRUE(becomes(R"(crossfade_slot_active{migration="gym"})", 1));
  EXPECT_TRUE(becomes(R"(crossfade_keys_offered_total{migration="gym",reason="change",target="exercises"})", 10));
  EXPECT_TRUE(eventually([&] { return metric(R"(crossfade_lag_seconds{migration="gym",stage="applied"})") < 5; }));
  move.stop_daemon();
}

TEST_F(DaemonTest, WhatOthersDoIsMeasuredToo) {
  start();
  const auto becomes = [&](const std::string& series, double value) {
    return eventually([&] { return metric(series) == value; });
  };
  EXPECT_TRUE(becomes(R"(crossfade_cutover_blocker{migration="gym",reason="verification"})", 1));
  EXPECT_TRUE(becomes(R"(crossfade_cutover_blocker{migration="gym",reason="account"})", 1));
  EXPECT_EQ(move.call({"verify"}).first, 0);
  EXPECT_EQ(move.call({"account"}).first, 0);
  EXPECT_TRUE(becomes(R"(crossfade_cutover_ready{migration="gym"})", 1));
  EXPECT_EQ(metric(R"(crossfade_verify_drifted_rows{migration="gym"})"), 0);
  EXPECT_NEAR(metric(R"(crossfade_verify_last_success_timestamp_seconds{migration="gym"})"),
              std::stod(move.sql().value("select extract(epoch from max(ended_at)) from crossfade.verification")), 1);
  EXPECT_GT(metric(R"(crossfade_verify_rows_compared_total{migration="gym"})"), 0);
  EXPECT_EQ(metric(R"(crossfade_unaccounted_rows{migration="gym",source="plans"})"), 0);
  EXPECT_EQ(move.call({"cutover", "reads", "--confirm", "gym"}).first, 0);
  EXPECT_TRUE(becomes(R"(crossfade_reads_on_v2_ratio{migration="gym"})", 1));
  EXPECT_TRUE(becomes(R"(crossfade_cutover_hold_seconds{migration="gym"})", 0)) << "nobody waits for reads that have no stable views";
  EXPECT_EQ(metric(R"(crossfade_cutover_step_duration_seconds_count{migration="gym",step="commit"})"), 1);
  expect_done(flip_of_writes("cutover"));
  const auto held = [&] { return std::stod(move.sql().value("select sum(milliseconds) / 1000 from crossfade.cutover_step where held and attempt = (select max(attempt) from crossfade.cutover_step)")); };
  EXPECT_TRUE(eventually([&] { return metric(R"(crossfade_cutover_hold_seconds{migration="gym"})") > 0; }, kLimit));
  EXPECT_NEAR(metric(R"(crossfade_cutover_hold_seconds{migration="gym"})"), held(), 1e-6);
  move.stop_daemon();
}

TEST_F(DaemonTest, WhyAKeyIsOfferedIsCounted) {
  start();
  const auto offered = [&](const std::string& reason) {
    return metric("crossfade_keys_offered_total{migration=\"gym\",reason=\"" + reason + "\",target=\"exercises\"}");
  };
  move.sql().exec("truncate public.exercises");
  EXPECT_TRUE(eventually([&] { return offered("truncate") >= 1; }));
  EXPECT_TRUE(eventually([&] { return offered("reconcile") >= 1; }));
  move.expect_equal();
  move.stop_daemon();
}

TEST_F(DaemonTest, TheStatusIsTheDocumentedJson) {
  start();
  v1::Status now;
  EXPECT_TRUE(eventually([&] { return (now = status()).lag().has_seconds() && now.phase() == "following"; }));
  EXPECT_EQ(now.migration(), "gym");
  EXPECT_EQ(now.phase(), "following");
  EXPECT_EQ(now.reads().side(), "v1");
  EXPECT_EQ(now.writes().side(), "v1");
  EXPECT_TRUE(now.slot().active());
  EXPECT_FALSE(now.leader().empty());
  EXPECT_FALSE(now.has_verification());
  EXPECT_THAT(app::status_block(now, now.phase_since() + 1), HasSubstr("phase        following"));
  move.stop_daemon();
}

TEST_F(DaemonTest, TheStatusOfEveryPhaseFitsItsSchema) {
  expect_done({"prepare"});
  EXPECT_EQ(fits("prepared").phase(), "prepared");
  Sql holder(move.conninfo());
  holder.exec("begin; lock table gym_v2.exercises in exclusive mode");
  move.start_daemon();
  EXPECT_TRUE(eventually([&] { return fits("on its way").phase() == "backfilling"; }, kLimit));
  holder.exec("commit");
  move.expect_caught_up();
  fits("following");
  EXPECT_EQ(move.call({"verify"}).first, 0);
  EXPECT_EQ(move.call({"account"}).first, 0);
  fits("verified and accounted for");
  post("/v1/pause");
  fits("paused");
  post("/v1/resume");
  move.stop_daemon();
  fits("without a daemon");
}

TEST_F(DaemonTest, TheStatusFitsItsSchemaBeyondTheFlips) {
  start();
  expect_done({"verify"});
  expect_done({"account"});
  expect_done({"cutover", "reads", "--percent", "10", "--confirm", "gym"});
  EXPECT_EQ(fits("some reads on v2").reads().side(), "both");
  expect_done({"cutover", "reads", "--confirm", "gym"});
  EXPECT_EQ(fits("reads on v2").reads().side(), "v2");
  expect_done(flip_of_writes("cutover"));
  expect_v1_follows(move);
  const auto turned = fits("writes on v2");
  EXPECT_EQ(turned.writes().side(), "v2");
  EXPECT_EQ(turned.slot().name(), move.slot() + "_reverse");
  EXPECT_TRUE(eventually([&] { return status().blockers().empty(); })) << "nothing keeps anybody from going back";
  EXPECT_EQ(fits("ready for the way back").checklist(1).detail(), "a daemon keeps v1 true");
  expect_done(flip_of_writes("rollback"));
  move.expect_caught_up();
  EXPECT_EQ(fits("rolled back").writes().side(), "v1");
  expect_done({"verify"});
  expect_done({"account"});
  expect_done(flip_of_writes("cutover"));
  expect_v1_follows(move);
  move.stop_daemon();
  expect_done({"complete", "--confirm", "gym"});
  const auto over = fits("completed");
  EXPECT_EQ(over.phase(), "completed");
  EXPECT_EQ(over.slot().wal_status(), "gone");
  EXPECT_TRUE(over.checklist().empty());
}

TEST_F(DaemonTest, NoCounterGoesBackWhenTheWritesMove) {
  start();
  move.sql().exec("update exercises set title = 'changed' where id <= 10");
  move.expect_equal();
  expect_done({"verify"});
  expect_done({"account"});
  expect_done({"cutover", "reads", "--confirm", "gym"});
  const auto step = R"(crossfade_cutover_step_duration_seconds_count{migration="gym",step="commit"})";
  EXPECT_TRUE(eventually([&] { return counters()[step] == 1; }));
  const auto settled = R"(crossfade_transactions_settled_total{migration="gym"})";
  const auto before = counters();
  EXPECT_GT(before.at(settled), 0);
  expect_done(flip_of_writes("cutover"));
  move.sql().exec("update exercises set title = 'changed on v2' where id <= 10");
  expect_v1_follows(move);
  EXPECT_TRUE(eventually([&] { return counters()[step] == 2; })) << "each flip is told once";
  auto after = counters();
  for (const auto& [series, value] : before) {
    EXPECT_TRUE(after.contains(series)) << series;
    EXPECT_GE(after[series], value) << series;
  }
  EXPECT_GT(after[settled], before.at(settled));
  move.stop_daemon();
}

TEST_F(DaemonTest, AMillionWaitingKeysDoNotMakeTheStatusSlow) {
  expect_done({"prepare"});
  // Without a million looks at the foreign key.
  move.sql().exec("set session_replication_role = replica; insert into crossfade.dirty (migration, target, locator, key) "
                  "select 'gym', 'exercises', 'id', array[n::text] from generate_series(1, 1000000) n; reset session_replication_role");
  const auto read_so_far = [&] {
    return std::stol(move.sql().value("select seq_tup_read + idx_tup_fetch from pg_stat_all_tables where relid = 'crossfade.dirty'::regclass"));
  };
  const auto before = read_so_far();
  EXPECT_EQ(fits("many wait").dirty_keys(), 1000000);
  // The server's statistics come once the session that made them has ended.
  EXPECT_TRUE(eventually([&] { return read_so_far() - before > 10000; })) << read_so_far() - before;
  EXPECT_LT(read_so_far() - before, 50000);
}

TEST_F(DaemonTest, ManyWhoAskForTheStatusCostTheServerOneSession) {
  start();
  std::atomic<bool> over = false;
  std::vector<std::thread> watchers;
  for (int n = 0; n < 20; ++n) {
    watchers.emplace_back([&] {
      while (!over) EXPECT_NE(get("/status").find("\"phase\""), std::string::npos);
    });
  }
  // The most that were there at a time, of those that none of the engine's parts has.
  int most = 0;
  for (int look = 0; look < 50; ++look) {
    most = std::max(most, std::stoi(move.sql().value("select count(*) from pg_stat_activity where application_name in ('crossfade gym page', 'crossfade gym status')")));
  }
  EXPECT_EQ(most, 1);
  over = true;
  for (auto& watcher : watchers) watcher.join();
  // What is asked for after a change has it.
  expect_done({"pause"});
  EXPECT_TRUE(status().paused());
  expect_done({"resume"});
  EXPECT_FALSE(status().paused());
}

TEST_F(DaemonTest, WhilePausedNothingIsAppliedAndAfterwardsEverythingIs) {
  start();
  post("/v1/pause");
  EXPECT_TRUE(status().paused());
  EXPECT_EQ(metric(R"(crossfade_throttled{migration="gym",reason="hand"})"), 1);
  move.sql().exec("update exercises set title = 'changed while paused' where id <= 10");
  post("/v1/resume");
  EXPECT_EQ(metric(R"(crossfade_throttled{migration="gym",reason="hand"})"), 0);
  move.expect_equal();
  move.stop_daemon();
}

TEST_F(DaemonTest, APauseOutlivesTheDaemon) {
  start();
  post("/v1/pause");
  move.kill_daemon();
  move.start_daemon();
  EXPECT_TRUE(eventually([&] { return refusal_of("/readyz") == ExitCode::kOk; }));
  const auto now = status();
  EXPECT_TRUE(now.paused());
  EXPECT_EQ(now.throttled().by(), "hand");
  EXPECT_EQ(metric(R"(crossfade_throttled{migration="gym",reason="hand"})"), 1);
  move.sql().exec("update exercises set title = 'changed while paused' where id <= 10");
  EXPECT_TRUE(eventually([&] { return status().dirty_keys() > 0; }));
  EXPECT_EQ(move.sql().value("select count(*) from gym_v2.exercises where title = 'changed while paused'"), "0");
  // Counted with each beat.
  EXPECT_TRUE(eventually([&] { return metric(R"(crossfade_throttled_seconds_total{migration="gym",reason="hand"})") > 0; }));
  post("/v1/resume");
  EXPECT_FALSE(status().has_throttled());
  move.expect_equal();
  EXPECT_EQ(move.sql().rows("select action from crossfade.audit order by id"), (std::vector<std::string>{"pause", "resume"}));
  move.stop_daemon();
}

TEST_F(DaemonTest, TheReportTellsWhatHappenedAndNotWhatTheDataIs) {
  start();
  move.sql().exec("alter table gym_v2.exercises add constraint no_secret check (title <> 'a private title') not valid");
  move.sql().exec("update exercises set title = 'a private title' where id = 17");
  EXPECT_TRUE(eventually([&] { return status().quarantined() == 1; }));
  post("/v1/pause");
  post("/v1/resume");
  const auto [exit, report] = move.call({"report"});
  EXPECT_EQ(exit, 0) << report;
  EXPECT_THAT(report, HasSubstr("exercises | 23514 | no_secret | 1 | "));
  EXPECT_THAT(report, HasSubstr(" | pause | "));
  EXPECT_THAT(report, HasSubstr("wal_level | logical"));
  EXPECT_THAT(report, HasSubstr("← public.exercises(")) << "the plan";
  EXPECT_THAT(report, HasSubstr(" leading migration=gym "));
  EXPECT_THAT(report, HasSubstr(" key is set aside target=exercises key=… sqlstate=23514 because=…"));
  EXPECT_THAT(report, testing::Not(HasSubstr("a private title")));
  move.stop_daemon();
  EXPECT_THAT(move.call({"report"}).second, HasSubstr("cannot be told: no daemon answers"));
}

TEST_F(DaemonTest, AParkedTargetMakesItNotReadyAfterAMinute) {
  start();
  move.sql().exec("alter table gym_v2.exercises drop column title cascade; update exercises set title = 'new' where id = 17");
  EXPECT_TRUE(eventually([&] { return status().parked_size() == 1; }));
  EXPECT_EQ(status().parked(0).target(), "exercises");
  EXPECT_EQ(metric(R"(crossfade_parked{migration="gym",target="exercises"})"), 1);
  EXPECT_EQ(refusal_of("/readyz"), ExitCode::kOk) << "whoever changes the table may be about to go on";
  move.sql().exec("update crossfade.parked set since = now() - interval '2 minutes', next_at = now() + interval '1 hour'");
  EXPECT_TRUE(eventually([&] { return refusal_of("/readyz") != ExitCode::kOk; }));
  move.stop_daemon();
}

TEST_F(DaemonTest, WithoutItsDatabaseItIsAliveButNotReady) {
  start();
  EXPECT_EQ(get("/livez"), "alive\n");
  EXPECT_EQ(refusal_of("/readyz"), ExitCode::kOk);
  server.stop(ThrowawayServer::Stop::kImmediate);
  EXPECT_TRUE(eventually([&] { return refusal_of("/readyz") != ExitCode::kOk; }));
  EXPECT_EQ(get("/livez"), "alive\n");
  EXPECT_EQ(refusal_of("/status"), ExitCode::kSourceUnreachable);
  EXPECT_TRUE(eventually([&] { return metric(R"(crossfade_up{migration="gym",endpoint="source"})") == 0; }));
  server.start();
  EXPECT_TRUE(eventually([&] { return refusal_of("/readyz") == ExitCode::kOk; }));
  move.stop_daemon();
}

TEST_F(DaemonTest, ASecondDaemonOnTheSameSocketIsRefused) {
  start();
  const auto [exit, output] = move.call({"run"});
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kNotLeader));
  EXPECT_THAT(output, HasSubstr("process " + std::to_string(move.daemon().pid())));
  move.stop_daemon();
}

TEST_F(DaemonTest, ObserversAreServedByTcp) {
  boost::asio::io_context io;
  using tcp = boost::asio::ip::tcp;
  tcp::acceptor finder(io, {boost::asio::ip::address_v4::loopback(), 0});
  const auto endpoint = finder.local_endpoint();
  finder.close();
  start({"--http", "127.0.0.1:" + std::to_string(endpoint.port())});
  const auto exchange = [&](const std::string& first_line) {
    tcp::socket socket(io);
    socket.connect(endpoint);
    boost::asio::write(socket, boost::asio::buffer(first_line + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    std::string answer;
    boost::system::error_code closed;
    boost::asio::read(socket, boost::asio::dynamic_buffer(answer), closed);
    return answer;
  };
  EXPECT_THAT(exchange("GET /livez"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(exchange("GET /status"), HasSubstr(R"("migration":"gym")"));
  EXPECT_THAT(exchange("POST /v1/pause"), StartsWith("HTTP/1.1 403 "));
  EXPECT_FALSE(status().paused());
  move.stop_daemon();
}

TEST_F(DaemonTest, WhereNothingIsLeftOpenNoSessionIsOpenedToBuildIt) {
  start();
  move.stop_daemon();
  server.set("log_connections", "on");
  server.reload();
  move.start_daemon();
  const auto beat = [&] { return move.sql().value("select renewed_at from crossfade.leader"); };
  const auto opened = [&] { return server.log_tail(100'000).find("application_name=crossfade gym build") != std::string::npos; };
  for (int beats = 0; beats < 5; ++beats) {
    const auto before = beat();
    ASSERT_TRUE(eventually([&] { return beat() != before; }, kLimit));
  }
  EXPECT_FALSE(opened());
  move.sql().exec("insert into crossfade.left_open (migration, target, name, because, next_at) values ('gym', 'exercises', 'later', 'for once', now())");
  EXPECT_TRUE(eventually(opened, std::chrono::seconds(60)));
}

}  // namespace
}  // namespace crossfade::test
