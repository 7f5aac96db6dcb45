#include "cutover/blockers.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace crossfade::cutover {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;
using namespace std::chrono_literals;

/// Asks for what an application that reads its own writes asks for, and takes the time.
asio::awaitable<double> measure_lag(pg::Connection& connection, std::string migration, std::string end_of_wal, double limit) {
  const auto executor = co_await asio::this_coro::executor;
  const auto began = pg::Clock::now();
  for (;;) {
    pg::Parameters parameters = {migration, end_of_wal};
    const auto rows = co_await connection.execute(std::string(queries::wait_state), parameters);
    const double waited = std::chrono::duration<double>(pg::Clock::now() - began).count();
    const bool there = !rows.empty() && rows.truth(0, 1);
    if (there || waited > limit) co_return waited;
    asio::steady_timer pause(executor, 20ms);
    co_await pause.async_wait(asio::use_awaitable);
  }
}

class Judgement {
 public:
  void block_if(bool stands, std::string reason, std::string detail, std::string fix) {
    if (stands) blockers_.push_back({std::move(reason), std::move(detail), std::move(fix)});
  }
  std::vector<Blocker> take() { return std::move(blockers_); }

 private:
  std::vector<Blocker> blockers_;
};

/// The side that follows is as the other one says.
void judge_following(Judgement& judgement, const Facts& facts, const Limits& limits) {
  const auto wait = fmt::format("crossfade wait --lag {:g}s", limits.lag_seconds);
  judgement.block_if(facts.phase != "following", "phase",
                     facts.phase.empty() ? "the migration is not prepared" : fmt::format("the migration is {}, not following", facts.phase),
                     facts.phase.empty() ? "crossfade run --prepare" : "crossfade wait --phase following");
  judgement.block_if(!facts.leader, "leader", fmt::format("no daemon keeps {} true", facts.follower), "crossfade run");
  judgement.block_if(facts.paused, "paused", "the daemon was told to pause", "crossfade resume");
  judgement.block_if(facts.lag_seconds > limits.lag_seconds, "lag",
                     fmt::format("{} is more than {:g} s behind", facts.follower, limits.lag_seconds), wait);
  judgement.block_if(facts.dirty > 0, "dirty keys", fmt::format("{} keys wait for their refresh", facts.dirty), wait);
  judgement.block_if(facts.quarantined > 0, "quarantine", fmt::format("{} keys are set aside", facts.quarantined),
                     "crossfade quarantine list; mend their rows, or crossfade quarantine accept KEY");
  judgement.block_if(facts.drifted > 0, "drift",
                     fmt::format("{} rows had drifted; this stands until a clean verification of all targets", facts.drifted),
                     "crossfade verify --repair, then crossfade verify");
}

}  // namespace

std::vector<Blocker> blockers_of_reads(const Facts& facts, const Limits& limits) {
  Judgement judgement;
  judge_following(judgement, facts, limits);
  judgement.block_if(!facts.verified_seconds_ago && facts.drifted == 0, "verification", "v2 was never compared with v1 as a whole",
                     "crossfade verify");
  judgement.block_if(facts.verified_seconds_ago > limits.verified_seconds, "stale verification",
                     fmt::format("the last clean one is {:.0f} h old", facts.verified_seconds_ago.value_or(0) / 3600), "crossfade verify");
  judgement.block_if(!facts.unaccounted, "account", "source rows were never counted", "crossfade account");
  judgement.block_if(facts.unaccounted > 0, "unaccounted rows",
                     fmt::format("{} source rows are neither mapped nor rejected", facts.unaccounted.value_or(0)), "crossfade account");
  judgement.block_if(facts.unbuilt > 0, "deferred",
                     fmt::format("{} keys or indexes that the backfill took off are not back", facts.unbuilt), "crossfade wait --phase following");
  judgement.block_if(facts.unvalidated > 0, "constraints", fmt::format("{} of the shadow tables are not validated", facts.unvalidated),
                     facts.validate);
  return judgement.take();
}

std::vector<Blocker> blockers_of_way_back(const Facts& facts, const Limits& limits) {
  Judgement judgement;
  judge_following(judgement, facts, limits);
  return judgement.take();
}

asio::awaitable<Facts> read_facts(pg::Connection& connection, std::string migration) {
  pg::Parameters name = {migration};
  const auto rows = co_await connection.query(std::string(queries::cutover_facts), name);
  Facts facts;
  if (rows.empty()) co_return facts;
  facts.phase = rows.text(0, 0);
  facts.paused = rows.truth(0, 1);
  facts.leader = rows.truth(0, 2);
  facts.dirty = rows.number(0, 3);
  facts.quarantined = rows.number(0, 4);
  if (!rows.is_null(0, 5)) facts.verified_seconds_ago = rows.real(0, 5);
  facts.drifted = rows.number(0, 6);
  if (!rows.is_null(0, 7)) facts.unaccounted = rows.number(0, 7);
  facts.unbuilt = rows.number(0, 8);
  facts.validate = rows.text(0, 9);
  facts.unvalidated = rows.number(0, 10);
  facts.follower = rows.truth(0, 12) ? "v1" : "v2";
  facts.end_of_wal = rows.text(0, 11);
  co_return facts;
}

asio::awaitable<Facts> gather_facts(pg::Connection& connection, std::string migration, Limits limits) {
  auto facts = co_await read_facts(connection, migration);
  const bool applying = facts.phase == "following" && facts.leader && !facts.paused;
  if (!applying) co_return facts;
  facts.lag_seconds = co_await measure_lag(connection, std::move(migration), facts.end_of_wal, limits.lag_seconds);
  co_return facts;
}

}  // namespace crossfade::cutover
