#include "app/daemon/measure.h"

#include <embedded_sql.h>

#include "app/status/backfill_share.h"
#include "async/failure_of.h"
#include "async/sleep.h"
#include "base/error/failure.h"
#include "base/telemetry/log.h"
#include "cutover/layout/blockers.h"
#include "pg/row.h"

namespace crossfade::app {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;

/// Between two looks: nothing of it changes faster than a person acts.
constexpr std::chrono::seconds kEvery{2};

class Measure {
 public:
  Measure(Observed observed, std::int64_t last_step)
      : observed_(std::move(observed)), model_(observed_.model), metrics_(observed_.metrics), last_step_(last_step) {}

  /// Of the step log, the last that was told.
  std::int64_t last_step() const { return last_step_; }

  bool is_of(const Observed& observed) const { return &observed.metrics == &metrics_; }

  /// Returns when the direction has turned; throws when the session is lost.
  asio::awaitable<void> look(std::function<Observed()> now) {
    auto endpoint = observed_.settings.endpoint;
    endpoint.application_name = "crossfade " + model_.name + " measure";
    pg::Connection connection = co_await pg::Connection::open(endpoint);
    while (is_of(now())) {
      co_await proofs(connection);
      co_await flips(connection);
      co_await blockers(connection, now);
      co_await backfill(connection);
      co_await async::sleep_for(kEvery);
    }
  }

 private:
  asio::awaitable<void> proofs(pg::Connection& connection) {
    pg::Parameters name = {model_.name};
    const auto verified = co_await connection.execute(queries::proof_sample, name);
    const auto proof = pg::first(verified);
    metrics_.verification(proof.optional_real("clean_at"), proof.optional_real("drifted_rows"));
    pg::Parameters same = {model_.name};
    const auto accounts = co_await connection.execute(queries::account_sample, same);
    for (const auto account : pg::rows(accounts)) {
      for (const auto source : model_.sources.ids()) {
        const auto& table = model_.sources[source];
        if (account.text("source") == table.schema + "." + table.name) metrics_.unaccounted(source, account.real("unaccounted_rows"));
      }
    }
  }

  /// Those of before this daemon's start are told too: a flip is rare, and its times are asked for afterwards.
  asio::awaitable<void> flips(pg::Connection& connection) {
    pg::Parameters since = {model_.name, std::to_string(last_step_)};
    const auto steps = co_await connection.execute(queries::cutover_step_sample, since);
    for (const auto step : pg::rows(steps)) {
      last_step_ = step.number("id");
      metrics_.step_done(step.text("step"), std::chrono::duration<double>(step.real("seconds")));
      if (const auto held = step.optional_real("held_seconds")) metrics_.held(std::chrono::duration<double>(*held));
    }
  }

  asio::awaitable<void> blockers(pg::Connection& connection, std::function<Observed()> now) {
    const cutover::Limits limits;
    const auto facts = co_await cutover::gather_facts(connection, model_.name, limits);
    // What stood in the way of a flip that has happened meanwhile is not to be said of the next one.
    if (!is_of(now())) co_return;
    std::vector<std::string> reasons;
    for (const auto& blocker : cutover::blockers_of(cutover::checklist_of_next_flip(facts, limits))) reasons.push_back(blocker.reason);
    metrics_.cutover_blockers(reasons);
    metrics_.way_back_refused(facts.follower == "v1" ? static_cast<std::uint64_t>(facts.quarantined) : 0);
  }

  /// How many rows there will be, by how far it is along the column; the planner's guess for a view may be wrong by any factor.
  asio::awaitable<void> backfill(pg::Connection& connection) {
    const auto run = observed_.engine.runtime();
    if (!run || !run->filling()) co_return;
    for (const auto target : run->fill.progress.ids()) {
      const auto done = static_cast<double>(run->fill.progress[target].done);
      if (run->fill.progress[target].finished || done == 0) continue;
      const auto expected = co_await expected_rows(connection, model_, target, done, run->fill.progress[target].estimated);
      if (!run->fill.progress[target].finished) metrics_.backfill_found(target, done, expected);
    }
  }

  const Observed observed_;
  const mapping::Model& model_;
  Metrics& metrics_;
  std::int64_t last_step_;
};

}  // namespace

asio::awaitable<void> measure(std::function<Observed()> now) {
  auto session = std::make_unique<Measure>(now(), 0);
  for (;;) {
    if (!session->is_of(now())) session = std::make_unique<Measure>(now(), session->last_step());
    auto looking = session->look(now);
    const auto failure = co_await async::failure_of(std::move(looking));
    if (!failure) continue;
    // The engine says it loudly, and decides.
    log::debug("nothing can be measured just now", {{"because", failure->what()}});
    co_await async::sleep_for(kEvery);
  }
}

}  // namespace crossfade::app
