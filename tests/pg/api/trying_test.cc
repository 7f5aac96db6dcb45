#include <gmock/gmock.h>

#include <csignal>

#include "base/error/exit_code.h"
#include "pg/api/with_daemon.h"

namespace crossfade::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A daemon that is there, and cannot follow.
class TryingTest : public WithDaemon {
 protected:
  /// Everybody says that it is there, by what it is kept from following, and what mends that.
  void expect_said(const std::string& because, const std::string& mend) {
    const auto said = [&] { return move.call({"status"}).second; };
    ASSERT_TRUE(eventually([&] { return said().find("is there and cannot follow") != std::string::npos && said().find(because) != std::string::npos; }, kLimit)) << said() << move.daemon_log();
    const auto text = said();
    EXPECT_THAT(text, HasSubstr(std::to_string(move.daemon().pid())));
    EXPECT_THAT(text, HasSubstr(mend));
    EXPECT_THAT(text, Not(HasSubstr("no daemon leads")));
    const auto doctor = move.call({"doctor"}).second;
    EXPECT_THAT(doctor, AllOf(HasSubstr("is there and cannot keep v2 true: "), HasSubstr(because)));
    EXPECT_THAT(doctor, HasSubstr(mend));
    const auto listed = move.call({"cutover", "reads", "--dry-run"}).second;
    EXPECT_THAT(listed, HasSubstr(mend.substr(0, mend.find(" = ")))) << "what the server lacks is said before, or with the conditions";
    EXPECT_THAT(refused_by("/readyz"), AllOf(HasSubstr("cannot follow: "), HasSubstr(because)));
    EXPECT_EQ(move.sql().value("select count(*) from crossfade.trying"), "1") << "the database knows it too, for whoever is on another machine";
  }
  std::string refused_by(const std::string& path) {
    try {
      return get(path);
    } catch (const Failure& failure) {
      return failure.what();
    }
  }
  void expect_mended() {
    move.expect_equal();
    EXPECT_THAT(move.call({"status"}).second, Not(HasSubstr("cannot follow")));
    EXPECT_EQ(move.sql().value("select count(*) from crossfade.trying"), "0");
  }
  void end_streams() { move.sql().exec("select pg_terminate_backend(active_pid) from pg_replication_slots where active"); }
};

TEST_F(TryingTest, ThatItsRoleMayNotReadTheLogAnyMoreIsSaidWithTheDaemon) {
  move.sql().exec("create role mover login replication superuser");
  move.source(move.conninfo() + " user=mover");
  start();
  // A superuser needs no right of its own.
  move.sql().exec("alter role mover nosuperuser noreplication; do $$ declare s text; begin for s in select nspname from pg_namespace where nspname in ('crossfade', 'gym_map', 'gym_v2') loop "
                  "execute format('alter schema %I owner to mover', s); end loop; end $$; grant all on all tables in schema public to mover");
  end_streams();
  expect_said("role mover may not read the WAL", " replication;  -- on Amazon RDS");
  move.sql().exec("alter role mover replication");
  expect_mended();
  move.sql().exec("alter role mover superuser");
}

TEST_F(TryingTest, ThatNoSenderIsThereIsSaidWithTheDaemon) {
  start();
  server.set("max_wal_senders", "0");
  server.restart();
  move.reconnect();
  expect_said("max_wal_senders is 0", "alter system set max_wal_senders = 20;");
  server.set("max_wal_senders", "10");
  server.restart();
  move.reconnect();
  expect_mended();
}

TEST_F(TryingTest, ThatTheServerLogsNoRowsAnyMoreIsSaidWithTheDaemonAndWithoutOne) {
  start();
  move.daemon().signal(SIGSTOP);
  end_streams();
  ASSERT_TRUE(eventually([&] { return move.sql().value("select not active from pg_replication_slots") == "t"; }));
  move.sql().exec("select pg_drop_replication_slot(slot_name) from pg_replication_slots");
  server.set("wal_level", "replica");
  server.restart();
  move.reconnect();
  move.daemon().signal(SIGCONT);
  expect_said("wal_level is replica", "alter system set wal_level = logical;");
  move.stop_daemon();
  const auto text = move.call({"status"}).second;
  EXPECT_THAT(text, HasSubstr("next         alter system set wal_level = logical;  -- then restart the server: wal_level is replica"));
  EXPECT_THAT(text, HasSubstr("no daemon leads"));
  EXPECT_THAT(move.call({"doctor"}).second, HasSubstr("and none could: wal_level is replica"));
  server.set("wal_level", "logical");
  server.restart();
  move.reconnect();
  start();
  expect_mended();
}

TEST_F(TryingTest, WhoHasTakenEverySlotIsNamed) {
  start();
  move.daemon().signal(SIGSTOP);
  end_streams();
  ASSERT_TRUE(eventually([&] { return move.sql().value("select not active from pg_replication_slots") == "t"; }));
  move.sql().exec("select pg_drop_replication_slot(slot_name) from pg_replication_slots; select pg_create_physical_replication_slot('taken_' || n) from generate_series(1, 10) n");
  move.daemon().signal(SIGCONT);
  expect_said("all 10 replication slots are taken", "alter system set max_replication_slots = 20;");
  move.sql().exec("select pg_drop_replication_slot('taken_1')");
  expect_mended();
}

}  // namespace
}  // namespace crossfade::test
