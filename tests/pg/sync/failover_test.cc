#include <fmt/format.h>
#include <fmt/ranges.h>

#include "support/clients.h"
#include "support/flip.h"
#include "support/move.h"
#include "support/standby.h"

namespace crossfade::test {
namespace {

/// Migration gym on a primary that dies, and a daemon that knows the standby too.
class FailoverTest : public testing::Test {
 protected:
  FailoverTest() {
    move.sql().exec("select pg_create_physical_replication_slot('standby')");
    std::vector<ThrowawayServer::Setting> settings = {{"primary_slot_name", "standby"}, {"hot_standby_feedback", "on"}};
    if (keeps_slots) settings.emplace_back("sync_replication_slots", "on");
    standby = standby_of(primary, dbname, settings);
    either = fmt::format("host={},{} port=5432,5432 user=postgres dbname={} target_session_attrs=read-write", primary.directory().string(),
                         standby->directory().string(), dbname);
    move.source(either);
    move.start_daemon();
    move.expect_equal();
  }
  // The database is dropped at the end.
  ~FailoverTest() override {
    primary.start();
    Sql sql(primary.conninfo());
    sql.exec("alter system reset synchronous_standby_names");
    sql.exec("select pg_reload_conf()");
  }

  bool logged(const std::string& text) const { return move.daemon_log().find(text) != std::string::npos; }
  /// That the slot which is followed from is on the standby too, where that is to be had.
  void expect_the_slot_there() {
    if (!keeps_slots) return;
    Sql sql(standby->conninfo(dbname));
    const auto synced = "select count(*) from pg_replication_slots s join crossfade.checkpoint c on c.slot = slot_name where to_jsonb(s) ->> 'synced' = 'true' and not temporary";
    ASSERT_TRUE(eventually([&] { return sql.value(synced) == "1"; }, kLimit)) << standby->log_tail();
  }
  /// From now on an acknowledged write is on the standby.
  void acknowledge_what_the_standby_has() {
    move.sql().exec("alter system set synchronous_standby_names = '*'");
    move.sql().exec("select pg_reload_conf()");
    ASSERT_TRUE(eventually([&] { return move.sql().value("select count(*) from pg_stat_replication where sync_state = 'sync'") == "1"; }, kLimit));
  }
  /// Clients find the new primary by themselves, as the daemon does.
  void fail_over_under_load() {
    expect_the_slot_there();
    acknowledge_what_the_standby_has();
    Clients clients(either, 2, 100);
    clients.expect_progress(50);
    primary.stop(ThrowawayServer::Stop::kImmediate);
    Sql there(standby->conninfo(dbname));
    EXPECT_EQ(there.value("select pg_promote()"), "t");
    clients.expect_progress(100);
    clients.stop();
    const auto lost = fmt::format("select count(*) from unnest('{{{}}}'::int[]) n where not exists (select from exercises e where e.id = n)", fmt::join(clients.written(), ","));
    EXPECT_EQ(there.value(lost), "0");
  }
  /// Where the slot came along there was no gap.
  void end() {
    EXPECT_EQ(logged("there is a gap in the stream"), !keeps_slots) << move.daemon_log();
    move.kill_daemon();
  }
  /// What has committed on the new primary can be read on the side that follows there.
  void expect_caught_up(Sql& sql) {
    const auto lsn = sql.value("select pg_current_wal_insert_lsn()");
    EXPECT_TRUE(eventually([&] { return sql.value(fmt::format("select consistent_lsn >= '{}' from crossfade.checkpoint", lsn)) == "t"; }, kLimit)) << move.daemon_log();
  }
  /// And every target is its view.
  void expect_equal(Sql& sql) {
    expect_caught_up(sql);
    for (const std::string target : {"plans", "weeks", "exercises"}) {
      EXPECT_EQ(sql.value(fmt::format("select count(*) from ((table gym_map.{0} except all table gym_v2.{0}) union all (table gym_v2.{0} except all table gym_map.{0})) d", target)), "0")
          << target;
    }
  }

  ThrowawayServer primary{{.durable = true, .settings = {{"wal_keep_size", "1GB"}}}};
  Move move{test_migration("gym"), primary};
  const std::string dbname = move.sql().value("select current_database()");
  const bool keeps_slots = move.sql().value("select current_setting('server_version_num')::int >= 170000") == "t";
  std::unique_ptr<ThrowawayServer> standby;
  std::string either;  ///< whichever is written
};

/// Where the slot came along nothing is compared; where it did not, everything is.
TEST_F(FailoverTest, ThePromotedStandbyIsFollowedAndNothingIsMissing) {
  expect_the_slot_there();
  const auto [exit, plan] = move.call({"plan"});
  EXPECT_EQ(exit, 0) << plan;
  EXPECT_EQ(plan.find("fetches no slots"), std::string::npos) << plan;
  {
    Clients clients(move.conninfo(), 2, 100);
    clients.expect_progress(50);
  }
  move.sql().exec("update exercises set title = 'before' where id < 50");
  move.expect_caught_up();
  const auto written = move.sql().value("select pg_current_wal_flush_lsn()");
  Sql there(standby->conninfo(dbname));
  ASSERT_TRUE(eventually([&] { return there.value(fmt::format("select pg_last_wal_replay_lsn() >= '{}'", written)) == "t"; }, kLimit));
  primary.stop(ThrowawayServer::Stop::kImmediate);
  EXPECT_EQ(there.value("select pg_promote()"), "t");
  there.exec("update exercises set title = 'after' where id between 40 and 90; delete from exercises where id = 91");
  expect_equal(there);
  EXPECT_EQ(there.value("select string_agg(distinct title, ' ') from gym_v2.exercises where id < 90 and title in ('before', 'after')"), "after before");
  end();
}

TEST_F(FailoverTest, UnderLoadNoAcknowledgedWriteIsLostAndV2GoesOn) {
  fail_over_under_load();
  Sql there(standby->conninfo(dbname));
  expect_equal(there);
  end();
}

TEST_F(FailoverTest, AfterTheFlipV1FollowsTheNewPrimaryToo) {
  const std::vector<std::vector<std::string>> flip = {{"verify"}, {"account"}, {"cutover", "writes", "--confirm", "gym", "--evidence", (primary.directory() / "evidence").string()}};
  for (const auto& step : flip) {
    const auto [exit, text] = move.call(step);
    ASSERT_EQ(exit, 0) << text;
  }
  fail_over_under_load();
  Sql there(standby->conninfo(dbname));
  expect_caught_up(there);
  EXPECT_EQ(differences_to_reverse_views(there, move.folder()), std::vector<std::string>());
  end();
}

}  // namespace
}  // namespace crossfade::test
