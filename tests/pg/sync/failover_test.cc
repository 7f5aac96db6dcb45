#include <fmt/format.h>

#include "support/clients.h"
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
    move.source(fmt::format("host={},{} port=5432,5432 user=postgres dbname={} target_session_attrs=read-write", primary.directory().string(),
                            standby->directory().string(), dbname));
    move.start_daemon();
    move.expect_equal();
  }
  // The database is dropped at the end.
  ~FailoverTest() override { primary.start(); }

  bool logged(const std::string& text) const { return move.daemon_log().find(text) != std::string::npos; }
  std::string slot_of_the_standby() {
    Sql sql(standby->conninfo());
    return sql.value("select count(*) from pg_replication_slots s where slot_name = '" + move.slot() + "' and to_jsonb(s) ->> 'synced' = 'true' and not temporary");
  }
  /// What has committed on the new primary can be read in v2 there, and every target is its view.
  void expect_equal(Sql& sql) {
    const auto lsn = sql.value("select pg_current_wal_insert_lsn()");
    EXPECT_TRUE(eventually([&] { return sql.value(fmt::format("select consistent_lsn >= '{}' from crossfade.checkpoint", lsn)) == "t"; }, kLimit)) << move.daemon_log();
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
};

/// Where the slot came along nothing is compared; where it did not, everything is.
TEST_F(FailoverTest, ThePromotedStandbyIsFollowedAndNothingIsMissing) {
  if (keeps_slots) {
    ASSERT_TRUE(eventually([&] { return slot_of_the_standby() == "1"; }, kLimit)) << standby->log_tail();
  }
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
  EXPECT_EQ(logged("there is a gap in the stream"), !keeps_slots) << move.daemon_log();
  move.kill_daemon();
}

}  // namespace
}  // namespace crossfade::test
