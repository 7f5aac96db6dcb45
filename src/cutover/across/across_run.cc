#include "cutover/across/across_run.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "async/failure_of.h"
#include "async/sleep.h"
#include "base/telemetry/log.h"
#include "cutover/layout/alone.h"
#include "cutover/record/outcome.h"
#include "cutover/writes/failpoint.h"
#include "pg/row.h"
#include "setup/prepare/prepare.h"

namespace crossfade::cutover {

namespace asio = boost::asio;
namespace queries = sql::queries;
using mapping::Direction;
using namespace std::chrono_literals;

namespace {

/// A server that was restarted in the middle of a commit is back by then.
constexpr auto kLostPatience = 30s;
/// What a server has lost a daemon brings again.
constexpr auto kDrainPatience = 30s;

}  // namespace

asio::awaitable<WritesOutcome> flip_across(const WritesFlip& flip) {
  AcrossRun run(flip);
  co_return co_await run.to_end();
}

AcrossRun::AcrossRun(const WritesFlip& flip)
    : flip_(flip), file_(flip.file.yaml), wanted_(flip.to == Direction::kReverse ? Side::kV2 : Side::kV1), sides_(sides_of(flip.file.yaml, mapping::Naming::kOriginal)),
      step_log_(flip.file.yaml.migration()) {}

/// Applications that wait are let go once it is decided who is written: between the two they would be refused by both.
asio::awaitable<WritesOutcome> AcrossRun::to_end() {
  std::exception_ptr thrown;
  try {
    co_await go_on();
  } catch (...) {
    thrown = std::current_exception();
  }
  roll_back();
  if (!between_ && !lost_) co_await resume();
  if (look_ && look_->usable() && !step_log_.steps().empty()) co_await step_log_.record(*look_);
  if (thrown) std::rethrow_exception(thrown);
  outcome_.attempts = attempt_;
  outcome_.steps = step_log_.steps();
  if (moved_) outcome_.flip = step_log_.id();
  co_return std::move(outcome_);
}

asio::awaitable<void> AcrossRun::go_on() {
  for (bool more = true; more;) {
    std::optional<Failure> failure;
    try {
      if (lost_) co_await wait_for_lost(*lost_);
      co_await look();
      more = co_await decide_and_do();
    } catch (const Failure& caught) {
      failure = caught;
    }
    if (failure) co_await recover(*failure);
  }
}

/// False: there is nothing more to do.
asio::awaitable<bool> AcrossRun::decide_and_do() {
  bool drained = true;
  if (between_) drained = co_await is_drained(*look_, rows_.barrier());
  const auto step = next_turn(rows_.turns, wanted_, drained);
  if (step == TurnStep::kDone) {
    if (wanted_ == Side::kV2) co_await tidy();
    co_return false;
  }
  if (step == TurnStep::kFlip && wanted_ == Side::kV1) throw no_way_back(flip_, rows_);
  if (flip_.rehearse && step != TurnStep::kFlip) {
    throw precondition_failure("the writes are between the two servers: nothing can be rehearsed", "crossfade doctor says how it goes on");
  }
  switch (step) {
    case TurnStep::kFlip:
      conditions_ = co_await look_at_conditions(*look_, flip_);
      outcome_.blockers = conditions_.blockers;
      if (!outcome_.blockers.empty()) co_return false;
      if (attempt_ == 1) {
        for (const auto& each : conditions_.checklist) {
          if (each.noted) outcome_.notes.push_back(each.detail + ": " + each.fix);
        }
      }
      co_await flip_once();
      break;
    case TurnStep::kOpen:
      if (wanted_ == Side::kV2) co_await open_v2();
      else co_await open_v1();
      break;
    case TurnStep::kWaitDrain: co_await wait_drain(); break;
    case TurnStep::kUndo: co_await undo(); break;
    case TurnStep::kDone: break;
  }
  co_return !outcome_.rehearsed;
}

/// Whoever reads it reads what may have changed when he acts: each change looks at the turn again, under its row's lock.
asio::awaitable<void> AcrossRun::look() {
  if (!look_ || !look_->usable()) {
    look_.reset();
    auto opened = co_await open(flip_.settings.endpoint, "look");
    look_.emplace(std::move(opened));
    co_await setup::require_prepared(*look_, file_.migration());
    co_await refuse_other_flip(*look_, file_.migration());
    pg::Parameters name = {file_.migration()};
    const auto paused = co_await look_->query(queries::applications_paused, name);
    paused_ = paused_ || paused.truth(0, 0);
  }
  rows_ = co_await expect_turns(*look_, file_.migration());
  between_ = between(rows_.turns);
}

/// What v2's server has, and that nothing else stands open there.
asio::awaitable<bool> AcrossRun::is_drained(pg::Connection& at_v2, pg::Parameter barrier) {
  pg::Parameters parameters = {file_.migration(), std::move(barrier), "reverse", flip_.old_slot, "false"};
  const auto rows = co_await at_v2.query(queries::writes_watch, parameters);
  if (rows.empty()) co_return false;
  const auto row = pg::first(rows);
  if (epoch_ != 0 && row.number("epoch") != epoch_) {
    Failure::Facts facts;
    facts.sqlstate = "40001";
    facts.message = "another daemon took over during the hold";
    throw Failure(std::move(facts));
  }
  co_return row.truth("drained") && row.truth("intact");
}

/// Throws what no other attempt is made after.
asio::awaitable<void> AcrossRun::recover(Failure failure) {
  const bool in_a_step = !step_log_.steps().empty() && step_log_.steps().back().outcome.empty();
  if (in_a_step) step_log_.end(failure.what());
  // Of a commit that was sent nobody knows whether it happens, until it is looked up.
  if (failure.connection_lost()) lost_ = committing_;
  committing_.reset();
  roll_back();
  epoch_ = 0;
  barrier_.reset();
  const bool no_lock = failure.sqlstate() == "55P03" || failure.sqlstate() == "40P01" || failure.sqlstate() == "57014" || failure.sqlstate() == "40001";
  const bool passes = no_lock || failure.verdict() == Verdict::kRetry || failure.verdict() == Verdict::kReconnect || failure.connection_lost();
  if (!passes || attempt_ >= flip_.limits.attempts) give_up(failure);
  log::info("attempt gave way", {{"attempt", attempt_}, {"because", failure.what()}});
  ++attempt_;
  step_log_.next_attempt();
  if (!between_ && !lost_) co_await resume();
  co_await sleep_with_jitter(flip_.limits.pause);
}

void AcrossRun::give_up(const Failure& failure) const {
  auto facts = failure.facts();
  facts.detail.clear();
  facts.hint.clear();
  if (!between_ && !lost_) {
    if (facts.exit == ExitCode::kInternal || failure.sqlstate() == "55P03") facts.exit = ExitCode::kTimeout;
    facts.message = fmt::format("the writes are where they were, after {} attempts: {}", attempt_, failure.what());
    if (facts.advice.empty()) facts.advice = "try again when less is going on";
    throw Failure(std::move(facts));
  }
  facts.exit = ExitCode::kOutcomeUnknown;
  facts.message = fmt::format("v1 is closed, or may be, and v2 is not open yet, so nobody writes: {}", failure.what());
  facts.advice = fmt::format("crossfade cutover writes --no-way-back --confirm {0} goes on from there; crossfade rollback writes --confirm {0} takes it back. Either wants both servers", file_.migration());
  throw Failure(std::move(facts));
}

/// The session that is lost may be in the middle of its commit: until it has let go of the row, an answer would mean nothing.
asio::awaitable<void> AcrossRun::expect_row_free(Side side) {
  auto endpoint = flip_.settings.endpoint;
  if (side == Side::kV1) endpoint = endpoint.of_source();
  else endpoint.source.clear();
  auto connection = co_await open(std::move(endpoint), "look up");
  co_await connection.script("begin; set local lock_timeout = '10s'");
  pg::Parameters name = {file_.migration()};
  co_await connection.query(queries::turn_lock, name);
  // Not a commit: it would wait for the same standby that the lost one may have waited for.
  co_await connection.script("rollback");
}

asio::awaitable<void> AcrossRun::wait_for_lost(Side side) {
  const auto began = pg::Clock::now();
  for (;;) {
    auto work = expect_row_free(side);
    const auto failure = co_await async::failure_of(std::move(work));
    if (!failure) break;
    if (pg::Clock::now() - began >= kLostPatience) give_up(*failure);
    co_await sleep_with_jitter(100ms);
  }
  lost_.reset();
}

asio::awaitable<void> AcrossRun::wait_drain() {
  step_log_.begin(to_text(TurnStep::kWaitDrain));
  const auto give_up_at = pg::Clock::now() + kDrainPatience;
  for (;;) {
    const bool drained = co_await is_drained(*look_, rows_.barrier());
    if (drained) break;
    if (pg::Clock::now() >= give_up_at) {
      Failure::Facts facts;
      facts.exit = ExitCode::kNotReady;
      facts.message = "v1 is closed, and v2's server has not all of what v1 had then";
      facts.advice = fmt::format("crossfade run, whose daemon brings it, then the same command again; or crossfade rollback writes --confirm {}, and v1 is written again", file_.migration());
      throw Failure(std::move(facts));
    }
    co_await async::sleep_for(50ms);
  }
  step_log_.end();
}

asio::awaitable<pg::Connection> AcrossRun::open(pg::Endpoint endpoint, std::string role) {
  endpoint.application_name = fmt::format("crossfade {} {} {}", file_.migration(), flip_.action(), role);
  co_return co_await pg::Connection::open(endpoint);
}

/// To one of the two, for a transaction there.
asio::awaitable<void> AcrossRun::connect(Side side, std::string role) {
  auto& session = side == Side::kV1 ? at_v1_ : at_v2_;
  session.reset();
  auto endpoint = flip_.settings.endpoint;
  if (side == Side::kV1) endpoint = endpoint.of_source();
  else endpoint.source.clear();
  auto opened = co_await open(std::move(endpoint), std::move(role));
  session.emplace(std::move(opened));
}

/// A session that is closed rolls back.
void AcrossRun::roll_back() {
  at_v1_.reset();
  at_v2_.reset();
  step_log_.let_go();
}

asio::awaitable<void> AcrossRun::pause() {
  if (!flip_.hook || paused_) co_return;
  step_log_.begin("pause");
  co_await write_hook("applications paused", "");
  paused_ = true;
  const auto why = co_await flip_.hook("pause");
  if (!why.empty()) {
    Failure::Facts facts;
    facts.exit = ExitCode::kTimeout;
    facts.message = "the hook could not keep the applications waiting: " + why;
    facts.advice = "see to the command in cutover: hook; CROSSFADE_HOOK=pause is what it was called with";
    throw Failure(std::move(facts));
  }
  step_log_.end();
}

asio::awaitable<void> AcrossRun::resume() {
  if (!paused_) co_return;
  paused_ = false;
  if (!flip_.hook) {
    outcome_.notes.emplace_back("a move was broken off while its hook kept the applications waiting, and migration.yaml has no hook any more: if they still wait, let them go by hand");
    co_await write_hook("applications resumed", "by hand: migration.yaml has no hook any more");
    co_return;
  }
  step_log_.begin("resume");
  const auto why = co_await flip_.hook("resume");
  step_log_.end(why.empty() ? "done" : why);
  outcome_.still_paused = !why.empty();
  if (!why.empty()) log::error("the hook could not let the applications go; they may still wait", {{"error", why}, {"do", "run the command of cutover: hook by hand, with CROSSFADE_HOOK=resume"}});
  else co_await write_hook("applications resumed", "");
}

/// That it could not be written down keeps nobody waiting.
asio::awaitable<void> AcrossRun::write_hook(std::string action, std::string because) {
  if (!look_ || !look_->usable()) co_return;
  pg::Parameters parameters = {file_.migration(), flip_.who, action, step_log_.id(), std::to_string(attempt_), because};
  try {
    co_await look_->query(queries::flip_gave_up, parameters);
  } catch (const Failure& failure) {
    log::warn("what the hook did could not be written down", {{"action", action}, {"error", failure.what()}});
  }
}

}  // namespace crossfade::cutover
