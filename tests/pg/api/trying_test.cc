#include <fmt/format.h>
#include <gmock/gmock.h>

#include <csignal>
#include <functional>
#include <vector>

#include "base/error/exit_code.h"
#include "pg/api/with_daemon.h"

namespace crossfade::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A daemon that is there, and cannot follow.
class TryingTest : public WithDaemon {
 public:
  /// Its slot goes while it stands still; what `then` does keeps it from making another.
  void take_its_slot(const std::function<void()>& then) {
    move.daemon().signal(SIGSTOP);
    end_streams();
    ASSERT_TRUE(eventually([&] { return move.sql().value("select not active from pg_replication_slots") == "t"; }));
    move.sql().exec("select pg_drop_replication_slot(slot_name) from pg_replication_slots");
    then();
    move.daemon().signal(SIGCONT);
  }
  void restart_with(const std::string& setting, const std::string& value) {
    server.set(setting, value);
    server.restart();
    move.reconnect();
  }
  void end_streams() { move.sql().exec("select pg_terminate_backend(active_pid) from pg_replication_slots where active"); }
  void sql(const std::string& statements) { move.sql().exec(statements); }

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
};

struct Lack {
  const char* name;
  const char* role;  ///< by which the daemon comes; "": the superuser
  std::function<void(TryingTest&)> take;
  const char* because;
  const char* mend;
  std::function<void(TryingTest&)> give;
};

class LackTest : public TryingTest, public testing::WithParamInterface<Lack> {};

TEST_P(LackTest, IsSaidWithTheDaemonAndMendedByWhatIsSaid) {
  const auto& lack = GetParam();
  if (*lack.role != '\0') {
    move.sql().exec(fmt::format("create role {} login replication superuser", lack.role));
    move.source(move.conninfo() + " user=" + lack.role);
  }
  start();
  lack.take(*this);
  expect_said(lack.because, lack.mend);
  lack.give(*this);
  expect_mended();
  // Who owns what there is must be able to drop it.
  if (*lack.role != '\0') move.sql().exec(fmt::format("alter role {} superuser", lack.role));
}

const std::vector<Lack> kLacks = {
    // A superuser needs no right of its own.
    {"TheRightToReadTheLog", "mover",
     [](TryingTest& test) {
       test.sql("alter role mover nosuperuser noreplication; do $$ declare s text; begin for s in select nspname from pg_namespace where nspname in ('crossfade', 'gym_map', 'gym_v2') loop "
                "execute format('alter schema %I owner to mover', s); end loop; end $$; grant all on all tables in schema public to mover");
       test.end_streams();
     },
     "role mover may not read the WAL", " replication;  -- on Amazon RDS", [](TryingTest& test) { test.sql("alter role mover replication"); }},
    {"ASender", "", [](TryingTest& test) { test.restart_with("max_wal_senders", "0"); }, "max_wal_senders is 0", "alter system set max_wal_senders = 20;",
     [](TryingTest& test) { test.restart_with("max_wal_senders", "10"); }},
    {"RowsInTheLog", "", [](TryingTest& test) { test.take_its_slot([&] { test.restart_with("wal_level", "replica"); }); }, "wal_level is replica", "alter system set wal_level = logical;",
     [](TryingTest& test) { test.restart_with("wal_level", "logical"); }},
    {"ASlot", "", [](TryingTest& test) { test.take_its_slot([&] { test.sql("select pg_create_physical_replication_slot('taken_' || n) from generate_series(1, 10) n"); }); },
     "all 10 replication slots are taken", "alter system set max_replication_slots = 20;", [](TryingTest& test) { test.sql("select pg_drop_replication_slot('taken_1')"); }}};

INSTANTIATE_TEST_SUITE_P(Of, LackTest, testing::ValuesIn(kLacks), [](const auto& of) { return std::string(of.param.name); });

TEST_F(TryingTest, ThatTheServerLogsNoRowsIsSaidWithoutADaemonToo) {
  start();
  move.stop_daemon();
  move.sql().exec("select pg_drop_replication_slot(slot_name) from pg_replication_slots");
  restart_with("wal_level", "replica");
  const auto text = move.call({"status"}).second;
  EXPECT_THAT(text, HasSubstr("next         alter system set wal_level = logical;  -- then restart the server: wal_level is replica"));
  EXPECT_THAT(text, HasSubstr("no daemon leads"));
  EXPECT_THAT(move.call({"doctor"}).second, HasSubstr("and none could: wal_level is replica"));
}

/// What no key is to blame for: trying finds nobody, and it is the same the next time.
TEST_F(TryingTest, ARoundThatFailsAgainAndAgainIsLoud) {
  start();
  EXPECT_EQ(refusal_of("/readyz"), ExitCode::kOk);
  const auto failed = [&] { return metric(R"(crossfade_failed_rounds{migration="gym"})"); };
  EXPECT_EQ(failed(), 0);
  move.sql().exec("create function public.never() returns trigger language plpgsql as $$ begin raise exception 'no more of this'; end $$;"
                  "create trigger never before insert or update on crossfade.checkpoint for each statement execute function public.never();"
                  "alter table crossfade.checkpoint enable always trigger never;"
                  "update exercises set title = 'late' where id = 6");
  ASSERT_TRUE(eventually([&] { return failed() >= 8; })) << move.daemon_log();
  EXPECT_TRUE(move.logged("round fails again and again")) << move.daemon_log();
  EXPECT_THAT(move.daemon_log(), HasSubstr("warn  round fails again and again because=\"no more of this\" sqlstate=P0001 in_a_row=8"));
  EXPECT_TRUE(eventually([&] { return refused_by("/readyz").find("no round goes through: ") != std::string::npos; }, std::chrono::seconds(90))) << refused_by("/readyz");
  EXPECT_THAT(refused_by("/readyz"), HasSubstr("no more of this"));
  // Twice as long each time, from 5 ms to half a minute: a minute is a dozen and some of them.
  EXPECT_LT(failed(), 20);
  move.sql().exec("drop trigger never on crossfade.checkpoint");
  move.expect_equal();
  EXPECT_TRUE(eventually([&] { return failed() == 0 && refusal_of("/readyz") == ExitCode::kOk; }, kLimit));
}

}  // namespace
}  // namespace crossfade::test
