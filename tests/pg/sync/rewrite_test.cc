#include <fmt/format.h>

#include <tuple>

#include "support/flip.h"
#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// Invariant 8: a table that is written anew is empty for every snapshot from before. Whoever waits for its lock must not have one.
class RewriteTest : public testing::Test {
 protected:
  RewriteTest() {
    move.start_daemon();
    move.expect_equal();
  }

  /// An application changes a table's shape, and its transaction is still open.
  void begin(const std::string& statements) { application.exec("begin; " + statements); }
  void commit() { application.exec("commit"); }

  /// Somebody of ours, by the end of the session's name, waits for a table that the application has locked.
  bool waits(const std::string& role) {
    const auto waiting = fmt::format(
        "select exists (select from pg_locks l join pg_stat_activity a using (pid) where not l.granted and l.locktype = 'relation' "
        "and a.datname = current_database() and a.application_name like 'crossfade%{}')", role);
    return eventually([&] { return move.sql().value(waiting) == "t"; }, kLimit);
  }

  Move move{test_migration("gym")};
  Sql application{move.conninfo()};
};

constexpr auto kRewrite = "alter table exercises add column points int default (random() * 100)::int";

TEST_F(RewriteTest, ARefreshThatWaitedForARewriteLosesNoRow) {
  begin(kRewrite);
  move.sql().exec("update plans set owner = owner || '!'");
  ASSERT_TRUE(waits("refresh"));
  commit();
  move.expect_equal();
  EXPECT_EQ(move.sql().value("select count(*) from gym_v2.exercises"), "1000");
}

TEST_F(RewriteTest, ARefreshThatWaitedForATableToBeLoadedAnewLosesNoRow) {
  begin("create temp table kept as table exercises; truncate exercises; insert into exercises select * from kept");
  move.sql().exec("update plans set owner = owner || '!'");
  ASSERT_TRUE(waits("refresh"));
  commit();
  move.expect_equal();
  EXPECT_EQ(move.sql().value("select count(*) from gym_v2.exercises"), "1000");
}

/// The server looks for deadlocks at once, in whichever order the two are taken.
TEST_F(RewriteTest, WhoeverChangesTwoTablesIsNoDeadlocksVictim) {
  move.sql().exec("do $$ begin execute format('alter database %I set deadlock_timeout = 5', current_database()); end $$");
  Sql impatient(move.conninfo());
  for (const auto& [first, second, changes] : {std::tuple{"plans", "exercises", "title"}, std::tuple{"exercises", "plans", "owner"}}) {
    impatient.exec(fmt::format("begin; lock table {} in access exclusive mode", first));
    move.sql().exec(fmt::format("update {0} set {1} = {1} || '!'", second, changes));
    ASSERT_TRUE(waits("refresh"));
    EXPECT_NO_THROW(impatient.exec(fmt::format("lock table {} in access exclusive mode", second)));
    EXPECT_NO_THROW(impatient.exec("commit"));
    move.expect_equal();
  }
}

TEST_F(RewriteTest, OtherTargetsGoOnMeanwhile) {
  begin(kRewrite);
  move.sql().exec("update plans set owner = owner || '!'");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from gym_v2.plans where owner like '%!'") == "100"; }, kLimit));
  EXPECT_EQ(move.sql().value("select count(*) from gym_v2.exercises where owner like '%!'"), "0");
  EXPECT_NE(move.call({"status"}).second.find("catching up"), std::string::npos);
  commit();
  move.expect_equal();
  EXPECT_TRUE(eventually([&] { return move.call({"status"}).second.find("catching up") == std::string::npos; }, kLimit));
}

TEST_F(RewriteTest, AWriterWaitsForTheRewriteAlone) {
  begin(kRewrite);
  move.sql().exec("update plans set owner = owner || '!'");
  ASSERT_TRUE(waits("refresh"));
  // Whatever else the application does to its tables is done while we wait.
  application.exec("alter table plans add column points int default (random() * 100)::int");
  commit();
  move.expect_equal();
}

TEST_F(RewriteTest, WorkersThatWaitedForARewriteLoseNoRow) {
  // More than one transaction should have.
  move.sql().exec("insert into exercises select n, 1 + n % 100, 'exercise ' || n, 1 from generate_series(1001, 30000) n");
  move.expect_equal();
  ASSERT_EQ(move.call({"pause"}).first, 0);
  move.sql().exec("update exercises set title = title || '!'");
  ASSERT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.dirty where target = 'exercises'") == "30000"; }, kLimit));
  begin(kRewrite);
  ASSERT_EQ(move.call({"resume"}).first, 0);
  ASSERT_TRUE(waits("%"));
  commit();
  move.expect_equal();
  EXPECT_EQ(move.sql().value("select count(*) from gym_v2.exercises"), "30000");
}

TEST_F(RewriteTest, AChunkThatWaitedForARewriteLosesNoRow) {
  ASSERT_EQ(move.call({"pause"}).first, 0);
  move.stop_daemon();
  // A gap: everything is merged with its view again.
  move.sql().exec("select pg_drop_replication_slot('" + move.slot() + "')");
  move.start_daemon();
  ASSERT_TRUE(move.logged("there is a gap"));
  ASSERT_TRUE(eventually([&] { return move.sql().value("select phase from crossfade.migration") == "backfilling"; }, kLimit));
  begin(kRewrite);
  ASSERT_EQ(move.call({"resume"}).first, 0);
  ASSERT_TRUE(waits("backfill%"));
  commit();
  move.expect_equal();
  EXPECT_EQ(move.sql().value("select count(*) from gym_v2.exercises"), "1000");
}

TEST_F(RewriteTest, AVerificationThatWaitedForARewriteFindsNoDrift) {
  move.stop_daemon();
  begin(kRewrite);
  const auto verify = move.start({"verify"});
  ASSERT_TRUE(waits("verify%"));
  commit();
  EXPECT_EQ(verify->exit_within(kLimit), 0) << verify->output();
}

TEST_F(RewriteTest, AnAccountThatWaitedForARewriteCountsEveryRow) {
  begin(kRewrite);
  const auto account = move.start({"account", "--json"});
  ASSERT_TRUE(waits("account%"));
  commit();
  EXPECT_EQ(account->exit_within(kLimit), 0) << account->output();
  EXPECT_EQ(move.sql().value("select sum(total_rows) from crossfade.account"), "1100");
}

TEST_F(RewriteTest, ALintThatWaitedForARewriteTriesRows) {
  begin(kRewrite);
  const auto lint = move.start({"lint"});
  ASSERT_TRUE(waits("lint"));
  commit();
  EXPECT_EQ(lint->exit_within(kLimit), 0) << lint->output();
  EXPECT_EQ(lint->output().find("no row"), std::string::npos) << lint->output();
}

TEST_F(RewriteTest, OnTheWayBackARewriteOfV2LosesNoRow) {
  flip_writes(move);
  ASSERT_TRUE(move.logged("direction has turned"));
  expect_v1_follows(move);
  begin("alter table weeks add column points int default (random() * 100)::int");
  const auto before = move.sql().value("select sum(duration) from plans_v1");
  move.sql().exec("update plans set owner = owner || '!'");
  ASSERT_TRUE(waits("refresh"));
  commit();
  expect_v1_follows(move);
  EXPECT_EQ(move.sql().value("select sum(duration) from plans_v1"), before);
}

/// What gives look(int) the value of `table`, which no lock of the view knows of.
struct Hidden {
  const char* name;
  const char* functions;
};

class HiddenTableTest : public testing::TestWithParam<Hidden> {
 protected:
  static std::string functions(const std::string& table) {
    return fmt::format(fmt::runtime(GetParam().functions), table);
  }
  static SmallMigration migration() {
    return {"create table a (id int primary key, n int not null); create table t (id int primary key, v int not null);"
            "insert into a select n, n from generate_series(1, 50) n; insert into t select n, n from generate_series(1, 50) n;" +
                functions("t"),
            "create table small_v2.a (id int primary key, n int not null, v int)",
            "create view small_map.a as select id, n, public.look(id) as v from public.a",
            "sources: {a: {key: [id]}, t: {key: [id]}}\ntargets: {a: {follow: {a: {id: id}, t: {id: id}}}}\n"};
  }
  void begin(const std::string& ddl) {
    application.exec("begin; " + ddl);
    move.sql().exec("update a set n = -n");
    ASSERT_TRUE(eventually([&] {
      return move.sql().value("select exists (select from pg_locks l join pg_stat_activity a using (pid) where not l.granted and l.locktype = 'relation' "
                              "and a.datname = current_database() and a.application_name like 'crossfade%refresh')") == "t";
    }, kLimit));
  }
  void commit() {
    application.exec("commit");
    move.expect_equal();
    EXPECT_EQ(move.sql().value("select count(*) from small_v2.a where v = id"), "50");
  }

  SmallMove move{migration()};
  Sql application{move.conninfo()};
};

TEST_P(HiddenTableTest, ARewriteLosesNoValue) {
  move.follow();
  begin("alter table t add column x int default (random() * 100)::int");
  commit();
}

/// As any source that has another name.
TEST_P(HiddenTableTest, ARewriteThatGivesOtherValuesIsFollowed) {
  move.follow();
  // What a function's body was parsed by cannot be changed under it.
  if (std::string(GetParam().name) == "ReadAlready") return;
  move.sql().exec("alter table t alter column v type int using v + 0; alter table t alter column v type bigint using v * 2");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from small_v2.a where v = 2 * id") == "50"; }, kLimit)) << move.daemon_log();
  move.sql().exec("alter table t alter column v type bigint using v * 3");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from small_v2.a where v = 6 * id") == "50"; }, kLimit)) << move.daemon_log();
  move.expect_equal();
}
TEST_P(HiddenTableTest, ThatHasAnotherNameIsSaidAndComesBack) {
  move.follow();
  begin("alter table t rename to t_old;" + functions("t_old"));
  application.exec("commit");
  EXPECT_TRUE(move.logged("there is no such table. Mend its name under sources"));
  application.exec("begin; alter table t_old rename to t;" + functions("t"));
  commit();
}

INSTANTIATE_TEST_SUITE_P(
    Functions, HiddenTableTest,
    testing::Values(Hidden{"ByItsName", "create or replace function look(wanted int) returns int language plpgsql stable as $$ "
                                        "begin return (select v from public.{} where id = wanted); end $$"},
                    Hidden{"ReadAlready", "create or replace function look(wanted int) returns int language sql stable "
                                          "begin atomic select v from public.{} where id = wanted; end"},
                    Hidden{"ByAnotherFunction", "create or replace function behind(wanted int) returns int language sql stable as "
                                                "'select v from public.{} where id = wanted';"
                                                "create or replace function look(wanted int) returns int language plpgsql stable as $$ "
                                                "begin return public.behind(wanted); end $$"},
                    Hidden{"SaidToBeImmutable", "create or replace function look(wanted int) returns int language plpgsql immutable as $$ "
                                                "begin return (select v from public.{} where id = wanted); end $$"}),
    [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace crossfade::test
