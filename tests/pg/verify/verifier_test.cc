#include "verify/diff/verifier.h"

#include <algorithm>
#include <functional>

#include "async/when_all.h"
#include "gym.h"
#include "sync/apply/cut_job.h"
#include "verify/reply.h"
#include "verify/reply_text.h"

namespace crossfade::test {
namespace {

using verify::Verification;
using verify::VerifierOptions;

class VerifierTest : public Gym {
 protected:
  Verification compare(VerifierOptions options = {}) {
    const auto connection = connect();
    verify::PollingRechecker rechecker(*connection, model, std::chrono::milliseconds(1));
    verify::Verifier verifier(*connection, model, rechecker, std::move(options));
    return run(io, verifier.run());
  }

  /// The one drifted row, as people read it.
  std::string only_drift(const Verification& verification) {
    EXPECT_EQ(verification.drifted_rows, 1U);
    const auto reply = verify::reply_of(model, verification);
    return reply.rows().empty() ? "" : verify::describe(reply.rows(0));
  }
};

TEST_F(VerifierTest, FindsEqualWhatIsEqual) {
  const auto found = compare();
  EXPECT_TRUE(found.equal());
  EXPECT_TRUE(found.whole);
  EXPECT_EQ(found.compared_rows, 90U + 180U + 900U);
  EXPECT_EQ(found.drifted_rows, 0U);
}

TEST_F(VerifierTest, NamesTheColumnsOfARowThatDrifted) {
  sql.exec("update v2.moves set title = 'other', factor = 2.25 where id = 42");
  EXPECT_EQ(only_drift(compare()),
            "moves id 42: column title: view \"move 42\", shadow \"other\"; column factor: view 1.5, shadow 2.25");
}

TEST_F(VerifierTest, NamesARowThatIsMissing) {
  sql.exec("delete from v2.moves where id = 42");
  EXPECT_EQ(only_drift(compare()), "moves id 42: missing in the shadow table");
}

TEST_F(VerifierTest, NamesARowThatIsOneTooMany) {
  sql.exec("insert into v2.moves values (5000, '42/1', 'nobody did this', 1)");
  EXPECT_EQ(only_drift(compare()), "moves id 5000: in the shadow table, but not in the view");
}

TEST_F(VerifierTest, FindsRowsBeyondTheLastSource) {
  sql.exec("insert into v2.plans values (100000, 'gone')");
  EXPECT_EQ(only_drift(compare()), "plans id 100000: in the shadow table, but not in the view");
}

TEST_F(VerifierTest, TellsZeroFromMinusZero) {
  sql.exec("create or replace view map.moves as select m.id, p.id || '/1' as week_id, m.title, 0::float8 as factor, m.plan_id"
           " from moves m join plans p on p.id = m.plan_id and p.owner is not null;"
           "update v2.moves set factor = case when id = 42 then '-0'::float8 else 0 end");
  // jsonb has no minus zero, so the texts agree.
  EXPECT_EQ(only_drift(compare()), "moves id 42: the stored bytes differ, their texts do not");
}

TEST_F(VerifierTest, CountsAllAndKeepsAFew) {
  sql.exec("delete from v2.moves");
  VerifierOptions options;
  options.most_kept = 7;
  const auto found = compare(std::move(options));
  EXPECT_EQ(found.drifted_rows, 900U);
  EXPECT_EQ(found.drift.size(), 7U);
  EXPECT_EQ(found.targets[2].drifted, 900U);
}

TEST_F(VerifierTest, CountsAllOfMoreThanOneChunkBringsOver) {
  sql.exec("insert into moves select n, 1 + n % 100, 'late ' || n from generate_series(1001, 9000) n");
  const auto found = compare();
  EXPECT_EQ(found.drifted_rows, 7200U);
  EXPECT_EQ(found.targets[2].rows, 8100U);
}

TEST_F(VerifierTest, FindsTheSameWithSeveralSessions) {
  sql.exec("insert into moves select n, 1 + n % 100, 'late ' || n from generate_series(1001, 9000) n;"
           "insert into plans select n, 'owner' from generate_series(101, 3000) n; insert into v2.plans select * from map.plans"
           " on conflict do nothing; insert into v2.weeks select * from map.weeks on conflict do nothing");
  const auto second = connect();
  const auto third = connect();
  VerifierOptions options;
  options.beside = {second.get(), third.get()};
  const auto found = compare(std::move(options));
  EXPECT_EQ(found.targets[0].rows, 2990U);
  EXPECT_EQ(found.targets[2].rows, 8100U);
  EXPECT_EQ(found.drifted_rows, 7200U);
}

TEST_F(VerifierTest, ComparesOnlyTheTargetsNamed) {
  sql.exec("delete from v2.moves where id = 42");
  VerifierOptions options;
  options.targets = {0, 1};
  const auto found = compare(std::move(options));
  EXPECT_TRUE(found.equal());
  EXPECT_FALSE(found.whole);
}

TEST_F(VerifierTest, DoesNotCallQuarantinedRowsDrift) {
  sql.exec("delete from v2.moves where id in (42, 43);"
           "insert into crossfade.quarantine (migration, target, locator, key, sqlstate, message)"
           " values ('gym', 'moves', 'id', '{42}', '23514', 'refused')");
  const auto found = compare();
  EXPECT_EQ(only_drift(found), "moves id 43: missing in the shadow table");
  EXPECT_EQ(found.quarantined_rows, 1U);
}

TEST_F(VerifierTest, NamesTheValueOfTheWalkForWhichTheViewFails) {
  // Whatever of its rows is read, their keys too.
  sql.exec("create or replace view map.weeks as select p.id || '/' || n as id, p.id as plan_id, n as number"
           " from plans p cross join lateral generate_series(1, p.weeks / case p.id when 42 then 0 else 1 end) n where p.owner is not null;"
           "delete from v2.moves where id = 42");
  const auto reply = verify::reply_of(model, compare());
  std::vector<std::string> said;
  for (const auto& row : reply.rows()) said.push_back(verify::describe(row));
  EXPECT_EQ(said, (std::vector<std::string>{"weeks plan_id 42: the view fails: division by zero", "moves id 42: missing in the shadow table"}));
}

TEST_F(VerifierTest, GoesOnWhereNoKeyOfATargetCanBeComputed) {
  sql.exec("create or replace view map.weeks as select p.id || '/' || n as id, p.id + 0 * (1 / (p.id - 42)) as plan_id, n as number"
           " from plans p cross join generate_series(1, p.weeks) n where p.owner is not null;"
           "delete from v2.moves where id = 42");
  model.targets[1].chunk_column.clear();
  const auto reply = verify::reply_of(model, compare());
  std::vector<std::string> said;
  for (const auto& row : reply.rows()) said.push_back(verify::describe(row));
  EXPECT_EQ(said, (std::vector<std::string>{"weeks (a row whose key cannot be computed): the view fails: division by zero",
                                            "moves id 42: missing in the shadow table"}));
}

TEST_F(VerifierTest, NamesARowWhoseKeyIsNull) {
  sql.exec("create or replace view map.plans as select nullif(id, 42) as id, owner from plans where owner is not null");
  const auto reply = verify::reply_of(model, compare());
  std::vector<std::string> said;
  for (const auto& row : reply.rows()) said.push_back(verify::describe(row));
  std::sort(said.begin(), said.end());
  EXPECT_EQ(said, (std::vector<std::string>{"plans id 42: in the shadow table, but not in the view", "plans id null: missing in the shadow table"}));
}

TEST_F(VerifierTest, OffersTheKeysOfDriftedRowsForRepair) {
  sql.exec("delete from v2.moves where id = 42");
  VerifierOptions options;
  options.repair = true;
  const auto found = compare(std::move(options));
  EXPECT_EQ(found.offered_keys, 1U);
  EXPECT_FALSE(found.equal()) << "no engine has repaired it yet";
  EXPECT_EQ(sql.rows("select target, locator, key from crossfade.dirty"), std::vector<std::string>{"moves|plan_id|{43}"});
}

TEST_F(VerifierTest, OffersAllOfATargetWhoseRowsNoValueLeadsTo) {
  auto& weeks = model.targets[1];
  weeks.locators.front() = {{"id"}, {"integer"}, "select p.id || '/' || n from public.plans p, generate_series(1, p.weeks) n where p.id = any($1)", {}, ""};
  weeks.chunk_column.clear();
  sql.exec("update v2.weeks set number = 9 where id in ('42/1', '43/2')");
  VerifierOptions options;
  options.repair = true;
  const auto found = compare(std::move(options));
  EXPECT_EQ(found.drifted_rows, 2U);
  EXPECT_EQ(found.offered_keys, 1U);
  EXPECT_EQ(sql.rows("select target, locator is null and key is null from crossfade.dirty"), std::vector<std::string>{"weeks|t"});
}

TEST_F(VerifierTest, WritesItsResult) {
  sql.exec("delete from v2.moves where id = 42");
  const auto found = compare();
  const auto connection = connect();
  run(io, verify::record(*connection, model, found));
  EXPECT_EQ(sql.rows("select whole, compared_rows, drifted_rows, repaired_rows, lsn <= pg_current_wal_lsn() from crossfade.verification"),
            std::vector<std::string>{"t|1170|1|0|t"});
}

/// Stands for an engine: what is offered is mended before the next look.
class MendingRechecker : public verify::Rechecker {
 public:
  MendingRechecker(pg::Connection& connection, const mapping::Model& model, std::function<void()> mend)
      : connection_(connection), model_(model), mend_(std::move(mend)) {}
  boost::asio::awaitable<verify::Decision> recheck(verify::Candidates candidates) override {
    co_await connection_.script("begin isolation level repeatable read");
    auto decision = co_await verify::decide(connection_, model_, std::move(candidates));
    co_await connection_.script("commit");
    co_return decision;
  }
  boost::asio::awaitable<void> offer(std::vector<Key>) override {
    mend_();
    co_return;
  }
  bool engine_running() const override { return true; }

 private:
  pg::Connection& connection_;
  const mapping::Model& model_;
  std::function<void()> mend_;
};

TEST_F(VerifierTest, LooksAgainAfterARepair) {
  sql.exec("delete from v2.moves where id in (42, 77)");
  const auto connection = connect();
  MendingRechecker rechecker(*connection, model, [&] { sql.exec("insert into v2.moves values (42, '43/1', 'move 42', 1.5)"); });
  VerifierOptions options;
  options.repair = true;
  verify::Verifier verifier(*connection, model, rechecker, std::move(options));
  const auto found = run(io, verifier.run());
  EXPECT_EQ(found.drifted_rows, 2U);
  EXPECT_EQ(found.repaired_rows, 1U);
  EXPECT_FALSE(found.equal());
  ASSERT_EQ(found.drift.size(), 2U);
  EXPECT_NE(found.drift[0].repaired, found.drift[1].repaired);
}

/// Stands for an engine whose cut brings what was on its way.
class CatchingUpRechecker : public MendingRechecker {
 public:
  CatchingUpRechecker(pg::Connection& connection, const mapping::Model& model, std::function<void()> catch_up)
      : MendingRechecker(connection, model, [] {}), catch_up_(std::move(catch_up)) {}
  boost::asio::awaitable<verify::Decision> recheck(verify::Candidates candidates) override {
    catch_up_();
    return MendingRechecker::recheck(std::move(candidates));
  }

 private:
  std::function<void()> catch_up_;
};

TEST_F(VerifierTest, DoesNotCallAChangeOnItsWayDrift) {
  sql.exec("update moves set title = 'changed' where id = 42");
  const auto connection = connect();
  CatchingUpRechecker rechecker(*connection, model, [&] { sql.exec("update v2.moves set title = 'changed' where id = 42"); });
  verify::Verifier verifier(*connection, model, rechecker, {});
  const auto found = run(io, verifier.run());
  EXPECT_TRUE(found.equal());
  EXPECT_EQ(found.drifted_rows, 0U);
  EXPECT_EQ(found.in_flight_rows, 1U);
}

/// The refresher's part of a run that follows: one consistent cut after another.
boost::asio::awaitable<void> cuts(sync::Runtime& running, pg::Connection& connection, const bool& done) {
  while (!done) {
    co_await connection.script("begin isolation level repeatable read");
    co_await sync::run_cut_jobs(running, connection);
    co_await connection.script("commit");
    running.progress_made.notify_all();
    co_await running.queue_changed.wait(std::chrono::milliseconds(5));
  }
}

class EngineJudgeTest : public VerifierTest {
 protected:
  verify::Decision recheck(verify::Candidates candidates) {
    bool done = false;
    verify::Decision decision;
    const auto ask = [&]() -> boost::asio::awaitable<void> {
      verify::CutRechecker rechecker(running);
      try {
        decision = co_await rechecker.recheck(candidates);
      } catch (...) {
        done = true;
        throw;
      }
      done = true;
    };
    std::vector<boost::asio::awaitable<void>> parts;
    parts.push_back(cuts(running, *connection, done));
    parts.push_back(ask());
    run(io, async::when_all(std::move(parts)));
    return decision;
  }

  Metrics metrics{"gym", {"plans", "weeks", "moves"}, {"plans", "moves"}};
  sync::Settings settings;
  sync::Runtime running{model, settings, metrics, io.get_executor()};
  std::unique_ptr<pg::Connection> connection = connect();
};

TEST_F(EngineJudgeTest, DecidesInsideACut) {
  sql.exec("delete from v2.moves where id = 42");
  verify::Candidates candidates;
  candidates.keys = {Key(2, 0, {"43"}), Key(2, 0, {"44"})};
  const auto decision = recheck(candidates);
  EXPECT_EQ(decision.drifted, 1U);
  EXPECT_TRUE(running.at_cut.empty());
}

TEST_F(EngineJudgeTest, LetsTheCutGoOnWhenTheLookFails) {
  sql.exec("drop view map.moves");
  verify::Candidates candidates;
  candidates.keys = {Key(2, 0, {"43"})};
  EXPECT_THROW(recheck(candidates), Failure);
  EXPECT_EQ(run(io, connection->query("select 1")).number(0, 0), 1);
}

}  // namespace
}  // namespace crossfade::test
