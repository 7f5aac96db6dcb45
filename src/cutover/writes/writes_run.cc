#include "cutover/writes/writes.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cutover/layout/alone.h"
#include "cutover/layout/holders.h"
#include "cutover/writes/failpoint.h"
#include "cutover/writes/writes_run.h"
#include "pg/row.h"
#include "setup/prepare/prepare.h"
#include "setup/state/editions.h"

namespace crossfade::cutover {

namespace asio = boost::asio;
namespace queries = sql::queries;
using mapping::Direction;

WritesRun::WritesRun(const WritesFlip& flip) : flip_(flip), file_(flip.file.yaml), step_log_(file_.migration()) {
  progress_.most = flip.limits.attempts;
  progress_.rehearsal = flip.rehearse;
  progress_.hook = static_cast<bool>(flip.hook);
  auto now = sides_of(file_, naming_of(opposite(flip.to)));
  owner_ = flip.to == Direction::kReverse ? now.v1 : now.v2;
  shared_ = std::move(now.shared);
  both_ = std::move(now.v1);
  both_.insert(both_.end(), now.v2.begin(), now.v2.end());
}

/// Applications that wait are let go whatever has come of it.
asio::awaitable<WritesOutcome> WritesRun::to_end() {
  std::exception_ptr thrown;
  try {
    co_await flip();
  } catch (...) {
    thrown = std::current_exception();
  }
  co_await resume();
  if (thrown) std::rethrow_exception(thrown);
  co_return std::move(outcome_);
}

asio::awaitable<void> WritesRun::flip() {
  auto step = Step::kDone;
  for (bool goes_on = true; goes_on;) {
    step = Step::kDone;
    std::optional<Failure> failure;
    try {
      FlipFacts facts;
      if (!progress_.in_doubt) facts = co_await look();
      step = decide(progress_, facts);
      if (draining_ && step != Step::kDrain) {
        step_log_.end();
        draining_ = false;
      }
      co_await failpoint(to_text(step));
      if (step == Step::kDone || step == Step::kRefuse || step == Step::kGiveUp) break;
      co_await perform(step);
    } catch (const Failure& caught) {
      failure = caught;
    }
    if (failure) goes_on = co_await recover(step, *failure);
  }
  if (step == Step::kDone && !flip_.rehearse) {
    try {
      co_await validate_carried();
    } catch (const Failure& failure) {
      outcome_.notes.push_back(fmt::format("foreign keys that were re-pointed could not be validated ({}); repeat the command", failure.what()));
    }
  }
  if (committed_) outcome_.flip = step_log_.id();
  outcome_.attempts = progress_.number;
  outcome_.steps = step_log_.steps();
  if (preconditions_) outcome_.blockers = std::move(preconditions_->blockers);
  if (step == Step::kGiveUp) {
    Failure::Facts facts;
    facts.exit = ExitCode::kTimeout;
    facts.message = last_tried().outcome;
    facts.advice = fmt::format("try again when less is going on, or allow a longer hold than {} ms: --hold-limit", flip_.limits.hold.count());
    co_await clear_way_back();
    co_await write_down(facts.message);
    give_up(std::move(facts));
  }
  // Something got in the way between two attempts.
  const bool tried = step == Step::kRefuse && way_back_begun_;
  if (tried) {
    co_await clear_way_back();
    co_await write_down(fmt::format("{}: {}", outcome_.blockers.front().reason, outcome_.blockers.front().detail));
  } else if (progress_.rehearsed) {
    outcome_.rehearsed = true;
    co_await write_down_rehearsal();
  } else if (observer_ && !outcome_.steps.empty()) {
    co_await step_log_.record(*observer_);
  }
}

asio::awaitable<pg::Connection> WritesRun::open(std::string role) {
  auto endpoint = flip_.settings.endpoint;
  endpoint.application_name = fmt::format("crossfade {} {} {}", file_.migration(), flip_.action(), role);
  co_return co_await pg::Connection::open(endpoint);
}

/// Who goes back goes by what was in force before nobody could amend any more, and a session that was lost let others in. Whoever goes on by
/// an edited folder is told so by the checklist.
asio::awaitable<void> WritesRun::expect_not_amended() {
  if (committed_ || (flip_.to == Direction::kReverse && !preconditions_)) co_return;
  const auto changed = co_await setup::changed_files(*observer_, flip_.file);
  if (changed.empty()) co_return;
  Failure::Facts facts;
  facts.exit = ExitCode::kNotReady;
  facts.message = fmt::format("migration {} was amended meanwhile: {}", file_.migration(), fmt::join(changed, ", "));
  facts.advice = "repeat the command";
  throw Failure(std::move(facts));
}

/// Before each step, because whatever it says may have changed.
asio::awaitable<FlipFacts> WritesRun::look() {
  if (!observer_ || !observer_->usable()) {
    observer_.reset();
    auto opened = co_await open("look");
    observer_.emplace(std::move(opened));
    co_await setup::expect(*observer_, file_.migration(), flip_.event());
    co_await refuse_other_flip(*observer_, file_.migration());
    co_await expect_not_amended();
    co_await look_for_paused();
  }
  pg::Parameters parameters = {file_.migration(), barrier_, flip_.to == Direction::kReverse ? "reverse" : "forward", flip_.old_slot,
                               flip_.set_aside ? "true" : "false"};
  const auto rows = co_await observer_->execute(queries::writes_watch, parameters);
  const auto row = pg::first(rows);
  const auto epoch = row.number("epoch");
  FlipFacts facts;
  facts.drained = row.truth("drained");
  facts.intact = row.truth("intact") && (!barrier_ || epoch == epoch_);
  facts.owns = row.truth("owns");
  facts.old_slot = row.truth("old_slot");
  if (progress_.held) {
    facts.in_time = pg::Clock::now() - hold_began_ < flip_.limits.hold;
    if (!barrier_) epoch_ = epoch;
  } else if (!facts.owns) {
    if (!preconditions_) {
      preconditions_ = co_await look_at_preconditions(*observer_, flip_);
      co_await look_at_accepted();
      for (const auto& each : preconditions_->checklist) {
        if (each.noted) outcome_.notes.push_back(each.detail + ": " + each.fix);
      }
    }
    facts.blocked = !preconditions_->blockers.empty();
  }
  co_return facts;
}

/// Decides what a failed step means. False: the flip has happened, and there is nothing more to do.
asio::awaitable<bool> WritesRun::recover(Step step, Failure failure) {
  const bool observed = observer_ && observer_->usable();
  if (committed_) {
    outcome_.notes.push_back(fmt::format("what is left of the old direction could not be cleared away ({}); repeat the command", failure.what()));
    co_return false;
  }
  if (step == Step::kLookUp) throw Failure(failure.facts());
  if (step == Step::kCommit && failure.connection_lost()) {
    step_log_.end(failure.what());
    locker_.reset();
    progress_.in_doubt = true;
    co_return true;
  }
  draining_ = false;
  // A slot that waits for a transaction, or locks of many tables that took too long together.
  const bool too_slow = failure.sqlstate() == "57014" && step != Step::kCommit;
  const bool no_lock = failure.sqlstate() == "55P03" || failure.sqlstate() == "40P01" || too_slow;
  // The session that held the locks is gone, or a statement took too long: nothing has changed, and it may pass.
  const bool passes = failure.verdict() == Verdict::kRetry || failure.sqlstate() == "57014" || failure.connection_lost();
  const bool in_a_step = !step_log_.steps().empty() && step_log_.steps().back().outcome.empty();
  if (!in_a_step && (no_lock || passes)) step_log_.begin("look");
  if (in_a_step || no_lock || passes) step_log_.end(failure.what());
  if (observed) co_await clear_observer();
  if (no_lock && observed) co_await find_holders(step == Step::kSwap);
  if (!passes || !observed || progress_.number >= progress_.most) {
    co_await roll_back();
    co_await clear_way_back();
    auto facts = failure.facts();
    // The session that held the locks was ended, and the server answers.
    if (failure.connection_lost() && observed) facts.exit = ExitCode::kTimeout;
    co_await write_down(facts.message);
    give_up(std::move(facts));
  }
  co_await release(failure.what());
  co_return true;
}

/// A look or a slot that broke off may have left a transaction that takes nothing any more, or its own bound for statements.
asio::awaitable<void> WritesRun::clear_observer() {
  const std::string unbound = "set statement_timeout = 0";
  bool aborted = false;
  try {
    co_await observer_->script(unbound);
  } catch (const Failure& failure) {
    if (failure.sqlstate() != "25P02") throw;
    aborted = true;
  }
  if (!aborted) co_return;
  co_await observer_->script("rollback");
  co_await observer_->script(unbound);
}

asio::awaitable<void> WritesRun::find_holders(bool readers) {
  std::vector<std::string> relations;
  for (const auto& table : both_) relations.push_back(table.quoted());
  for (const auto& table : outside_) relations.push_back(table.quoted());
  auto holders = co_await lock_holders(*observer_, relations, readers);
  if (flip_.limits.terminate_blockers) co_await end_sessions(*observer_, holders);
  step_log_.blame(std::move(holders.text));
}

/// Letting applications go is not what an attempt fails by.
const LoggedStep& WritesRun::last_tried() const {
  const auto& steps = step_log_.steps();
  const auto found = std::find_if(steps.rbegin(), steps.rend(), [](const LoggedStep& step) { return step.name != kResume; });
  return found == steps.rend() ? steps.back() : *found;
}

/// What is raised while tables are changed is about no row. "" where nothing is known that could have raised it.
std::string WritesRun::around_event_triggers(const std::string& hint) const {
  std::vector<std::string> names;
  for (const auto& hanging : preconditions_ ? preconditions_->inventory : std::vector<Hanging>{}) {
    if (hanging.kind == "event trigger") names.push_back(hanging.object);
  }
  if (names.empty()) return hint;
  const auto advice = fmt::format("{} is set off by what a flip does to the tables: let it allow that, or disable it for as long as the command runs", fmt::join(names, ", "));
  return hint.empty() ? advice : fmt::format("{} ({})", hint, advice);
}

void WritesRun::give_up(Failure::Facts facts) const {
  const auto where = step_log_.steps().empty() ? std::string("look") : last_tried().name;
  facts.message = fmt::format("the writes were not flipped, nothing has changed: {} (attempt {}, step {})", facts.message,
                              std::min(progress_.number, progress_.most), where);
  if (facts.connection_lost) facts.advice = "repeat the command once the server answers";
  if (facts.sqlstate.starts_with("P0")) facts.advice = around_event_triggers(facts.hint);
  if (!step_log_.steps().empty() && !last_tried().holders.empty()) {
    facts.advice = fmt::format("end what is in the way (--terminate-blockers does), or try again later: {}", last_tried().holders);
  }
  throw Failure(std::move(facts));
}

asio::awaitable<WritesOutcome> flip_writes(const WritesFlip& flip) {
  WritesRun run(flip);
  co_return co_await run.to_end();
}

}  // namespace crossfade::cutover
