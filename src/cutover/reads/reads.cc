#include "cutover/reads/reads.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "async/failure_of.h"
#include "base/error/failure.h"
#include "base/text/sql_text.h"
#include "cutover/layout/holders.h"
#include "cutover/record/outcome.h"
#include "pg/row.h"
#include "setup/objects/stable_views.h"
#include "setup/prepare/prepare.h"
#include "setup/state/editions.h"
#include "sync/state/shape.h"

namespace crossfade::cutover {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;
using namespace std::chrono_literals;

const std::string kCommit = "commit";

bool all_on_v2(double percent) { return percent >= 100; }

/// A view changes only where the last reader comes or the first one goes; in between, its lock is not needed.
bool views_turn(const mapping::Model& model, double from, double to) {
  return !model.stable_schema.empty() && all_on_v2(from) != all_on_v2(to);
}

/// One attempt: a transaction from begin to commit. Sets `before`.
asio::awaitable<void> flip_once(pg::Connection& connection, const mapping::Model& model, const Flip& flip, const Patience& patience,
                                StepLog& log, double& before) {
  log.let_go();
  log.begin("lock route");
  auto begin = fmt::format("begin isolation level read committed; set local lock_timeout = {}", patience.lock_timeout.count());
  co_await connection.script(std::move(begin));
  pg::Parameters name = {model.name};
  const auto now = co_await connection.query(queries::reads_lock, name);
  if (now.empty()) throw setup::not_prepared(model.name);
  before = now.real(0, 0);
  // The views that are turned are those of the edition that the model was read by, and an amend waits for this row.
  const int edition = co_await setup::edition_now(connection, model.name);
  if (model.edition != 0 && edition != model.edition) {
    Failure::Facts facts;
    facts.exit = ExitCode::kNotReady;
    facts.message = fmt::format("migration {} was amended meanwhile", model.name);
    facts.advice = "repeat the command";
    throw Failure(std::move(facts));
  }
  log.end();
  log.begin("shape");
  // A reader that goes back to v1 has nothing to fear.
  if (flip.percent > before) co_await sync::expect_unchanged(connection, model.name);
  log.end();
  // The views come last: from their lock to the commit readers wait.
  log.begin("route");
  pg::Parameters parameters = {model.name, fmt::format("{:.2f}", flip.percent), flip.action, log.id(), flip.who};
  co_await connection.query(queries::reads_flip, parameters);
  log.end();
  if (views_turn(model, before, flip.percent)) {
    const std::string ask(queries::deadlock_timeout);
    const auto setting = co_await connection.query(ask);
    const auto began = pg::Clock::now();
    const std::chrono::milliseconds before_deadlock(pg::first(setting).number("deadlock_timeout"));
    for (const auto& target : model.targets) {
      log.hold("view " + target.name);
      // A reader that waits for one view and has another goes on before the server ends it for that.
      const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(pg::Clock::now() - began);
      auto bound = fmt::format("set local lock_timeout = {}", std::clamp((before_deadlock - waited) / 2, 1ms, std::max(patience.lock_timeout, 1ms)).count());
      co_await connection.script(std::move(bound));
      auto turn = setup::turn_stable_view(model, target, all_on_v2(flip.percent));
      co_await connection.script(std::move(turn));
      log.end();
    }
  }
  log.begin(kCommit);
  co_await connection.script(kCommit);
  log.end();
}

/// What the flip waits for locks of.
std::vector<std::string> views_of(const mapping::Model& model) {
  std::vector<std::string> views;
  if (model.stable_schema.empty()) return views;
  for (const auto& target : model.targets) views.push_back(quote_qualified(model.stable_schema, target.name));
  return views;
}

[[noreturn]] void give_up(const Failure& failure, const StepLog& log) {
  auto facts = failure.facts();
  facts.message = fmt::format("the reads were not flipped, nothing has changed: {} (attempt {}, step {})", facts.message,
                              log.attempt(), log.step());
  if (facts.connection_lost) facts.advice = "repeat the command once the server answers";
  const auto& holders = log.steps().back().holders;
  if (!holders.empty()) facts.advice = fmt::format("end what is in the way, or try again later: {}", holders);
  throw Failure(std::move(facts));
}

}  // namespace

double next_route_step(const v1::CutoverOptions& cutover, double percent_now) {
  const auto& steps = cutover.route_steps();
  const auto next = std::find_if(steps.begin(), steps.end(), [&](double step) { return step > percent_now; });
  return next == steps.end() ? 100.0 : static_cast<double>(*next);
}

Flip move_reads(double percent, std::string who) {
  const double kept = std::round(percent * 100) / 100;
  if (!(kept > 0 && percent <= 100)) {
    throw usage_failure(fmt::format("{:g} is not a percentage of keys", percent), "choose above 0 up to 100; `crossfade rollback reads` goes back to 0");
  }
  return {kept, "cutover reads", std::move(who)};
}

Flip roll_back_reads(std::string who) { return {0, "rollback reads", std::move(who)}; }

std::vector<std::string> plan_reads(const mapping::Model& model, double percent_now, const Flip& flip, const Patience& patience) {
  std::vector<std::string> steps = {
      fmt::format("begin; a lock is waited for {} ms at most, then all is let go and tried again, up to {} times",
                  patience.lock_timeout.count(), patience.attempts),
      fmt::format("crossfade.route sends {:g} % of the keys to v2; {:g} % now", flip.percent, percent_now),
      fmt::format("a line in crossfade.audit: {}", flip.action),
  };
  if (views_turn(model, percent_now, flip.percent)) {
    for (const auto& target : model.targets) {
      steps.push_back(fmt::format("view {}.{} shows {}", model.stable_schema, target.name,
                                  all_on_v2(flip.percent) ? model.shadow_schema + "." + target.name : "v1 through the mapping"));
    }
  }
  steps.emplace_back("commit; listeners on channel crossfade are told");
  return steps;
}

asio::awaitable<double> percent_on_v2(pg::Connection& connection, std::string migration) {
  pg::Parameters name = {migration};
  const auto rows = co_await connection.query(queries::reads_percent, name);
  co_return rows.empty() ? 0.0 : rows.real(0, 0);
}

asio::awaitable<Outcome> flip_reads(pg::Connection& connection, const mapping::Model& model, pg::Endpoint endpoint, Flip flip,
                                    Patience patience) {
  StepLog log(model.name);
  double before = 0;
  for (;;) {
    auto trying = flip_once(connection, model, flip, patience, log, before);
    const auto failure = co_await async::failure_of(std::move(trying));
    bool done = !failure;
    if (failure) {
      log.end(failure->what());
      const bool in_doubt = failure->connection_lost() && log.step() == kCommit;
      InDoubt doubt{endpoint, model.name, log.id()};
      if (in_doubt) done = co_await was_committed(std::move(doubt));
    }
    if (done) {
      co_await log.record(connection);
      Outcome outcome{before, log.attempt(), log.steps(), log.id()};
      co_return outcome;
    }
    if (connection.usable()) {
      co_await connection.script("rollback");
      if (failure->sqlstate() == "55P03") {
        const auto views = views_of(model);
        auto holders = co_await lock_holders(connection, views, true);
        log.blame(std::move(holders.text));
      }
    }
    if (failure->verdict() != Verdict::kRetry || log.attempt() == patience.attempts) {
      co_await log.record(connection);
      give_up(*failure, log);
    }
    log.next_attempt();
    co_await sleep_with_jitter(patience.pause);
  }
}

}  // namespace crossfade::cutover
