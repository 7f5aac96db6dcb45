#include <embedded_sql.h>
#include <fmt/format.h>


#include "async/failure_of.h"
#include "async/sleep.h"
#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "cutover/layout/tables.h"
#include "cutover/record/outcome.h"
#include "cutover/writes/writes_run.h"
#include "pg/row.h"
#include "setup/objects/fence.h"
#include "sync/state/incarnation.h"
#include "sync/state/shape.h"

namespace crossfade::cutover {

namespace asio = boost::asio;
namespace queries = sql::queries;
using mapping::Direction;
using namespace std::chrono_literals;

namespace {

/// Between two looks at a drain; far below what a writer notices.
constexpr auto kLookAgain = 2ms;
/// A server that was restarted in the middle of a commit is back by then.
constexpr auto kLookUpPatience = 30s;
/// A daemon that has turned lets go of the old direction's slot by itself.
constexpr auto kTidyPatience = 10s;
constexpr auto kNobodyReads = 1s;
/// Longer than a look at the drain takes on a busy server.
constexpr std::chrono::milliseconds kFreeze = 2s;

}  // namespace

asio::awaitable<void> WritesRun::perform(Step step) {
  switch (step) {
    case Step::kMakeWayBack: co_await make_way_back(); break;
    case Step::kPause: co_await pause(); break;
    case Step::kHold: co_await hold(); break;
    case Step::kBarrier: {
      step_log_.begin("barrier");
      pg::Parameters barrier = {file_.migration(), step_log_.id()};
      const auto rows = co_await observer_->query(queries::barrier, barrier);
      barrier_ = rows.text(0, 0);
      progress_.barrier = true;
      step_log_.end();
      break;
    }
    case Step::kDrain: {
      if (!draining_) step_log_.begin("drain");
      draining_ = true;
      co_await async::sleep_for(kLookAgain);
      break;
    }
    case Step::kSwap: co_await swap(); break;
    case Step::kCommit: co_await commit(); break;
    case Step::kLetGo: {
      outcome_.hold_milliseconds = std::chrono::duration<double, std::milli>(pg::Clock::now() - hold_began_).count();
      co_await roll_back();
      co_await resume();
      progress_.held = false;
      progress_.rehearsed = true;
      break;
    }
    case Step::kLookUp: co_await look_up(); break;
    case Step::kRelease: co_await release("the other side was not there within the limit of the hold"); break;
    case Step::kTidy: co_await tidy(); break;
    case Step::kGiveUp:
    case Step::kRefuse:
    case Step::kDone: break;
  }
}

/// Publication first: decoding fails for ever at a change that is older than it. A slot that is there is made anew: what it
/// retains since a flip that was broken off would only have to be skipped.
asio::awaitable<void> WritesRun::make_way_back() {
  step_log_.begin(to_text(Step::kMakeWayBack));
  way_back_begun_ = true;
  const auto& settings = flip_.settings;
  pg::Parameters name = {settings.publication};
  const auto there = co_await observer_->query(queries::publication_exists, name);
  if (preconditions_->reverse_model) {
    // One message of several statements is one transaction, and none is left open where it fails.
    co_await look_at_deadlock_timeout();
    auto script = fmt::format("set local lock_timeout = {}; drop publication if exists {}; {}", patience().count(),
                              quote_identifier(settings.publication), setup::create_publication(*preconditions_->reverse_model));
    co_await observer_->script(std::move(script));
  } else if (!there.truth(0, 0)) {
    throw precondition_failure(fmt::format("publication {} is gone", settings.publication), "make it again for the tables of v1, as `crossfade prepare --print-sql` shows it");
  }
  if (preconditions_->reverse_model) {
    co_await sync::watch_shape(*observer_, *preconditions_->reverse_model);
    // Of a way back that was there before, nothing holds any more.
    co_await sync::accept_shape(*observer_, *preconditions_->reverse_model);
  }
  co_await wal::drop_slot(*observer_, settings.slot);
  // A slot waits for every transaction that is running; the next look names the one that does not end.
  co_await observer_->script("set statement_timeout = '3s'");
  way_back_ = co_await sync::make_slot(*observer_, settings);
  co_await observer_->script("set statement_timeout = 0");
  progress_.way_back = true;
  step_log_.end();
}

/// Writers wait from here on; readers go on, and so does the engine, which reads what it brings over.
asio::awaitable<void> WritesRun::hold() {
  if (!locker_ || !locker_->usable()) {
    locker_.reset();
    auto opened = co_await open("hold");
    locker_.emplace(std::move(opened));
  }
  outside_ = locked_outside(preconditions_->inventory);
  auto held = owner_;
  held.insert(held.end(), outside_.begin(), outside_.end());
  auto also = shared_;
  const auto referred = referred_outside(preconditions_->inventory);
  also.insert(also.end(), referred.begin(), referred.end());
  const auto tables = co_await lock_order(*observer_, held, also);
  const std::vector<mapping::TableName> none;
  auto locked = both_;
  locked.insert(locked.end(), outside_.begin(), outside_.end());
  const auto all = co_await lock_order(*observer_, locked, none);
  const auto forward = co_await forward_outline(*observer_, file_, naming_of(opposite(flip_.to)));
  swap_ = swap_steps({file_, preconditions_->rules}, flip_.to, forward, all);
  swap_.push_back(carry_step(file_, preconditions_->inventory, flip_.to));
  // Should this process freeze, the server ends its session and lets the writers go on. Not before the limit is over by our own clock:
  // an attempt that lets go by itself can be tried again, and says why.
  const auto frozen = flip_.limits.hold + kFreeze;
  auto begin = fmt::format("begin isolation level read committed; set local idle_in_transaction_session_timeout = {}", frozen.count());
  co_await look_at_deadlock_timeout();
  co_await keep_vacuum_away(std::move(begin), locked);
  step_log_.hold(to_text(Step::kHold));
  hold_began_ = pg::Clock::now();
  auto tables_lock = fmt::format("lock table {} in share row exclusive mode", tables);
  co_await lock(std::move(tables_lock));
  progress_.held = true;
  step_log_.end();
}

/// Nothing is on its way any more: a check that failed before the hold passes, or it is right. What the limit leaves no time for is
/// tried again, when less was to be drained.
asio::awaitable<void> WritesRun::confirm_failures() {
  if (preconditions_->unconfirmed.empty()) co_return;
  step_log_.begin("checks");
  const auto checks = co_await failing_checks(*observer_, flip_, hold_began_ + flip_.limits.hold);
  if (checks.failing.empty() && checks.unfinished.empty()) {
    step_log_.end();
    co_return;
  }
  Failure::Facts facts;
  facts.exit = ExitCode::kNotReady;
  for (const auto& check : checks.failing) facts.message += (facts.message.empty() ? "check " : "; check ") + check.detail;
  if (checks.failing.empty()) {
    facts.exit = ExitCode::kTimeout;
    facts.sqlstate = "40001";
    facts.message = fmt::format("check {} was not over within the limit of the hold, {} ms", checks.unfinished, flip_.limits.hold.count());
    facts.advice = "allow a longer hold: --hold-limit; or see why the check fails before the hold: crossfade check --when after";
  } else {
    step_log_.end();
    facts.advice = checks.failing.front().fix;
  }
  throw Failure(std::move(facts));
}

asio::awaitable<void> WritesRun::swap() {
  co_await confirm_failures();
  // Nobody writes any more: what has gone by unseen until now would be missing on the side that is to own the data.
  step_log_.begin("shape");
  co_await sync::expect_unchanged(*observer_, file_.migration());
  step_log_.end();
  // Who has read and now waits to write waits for us, and we for it: one of us has to give way.
  if (flip_.limits.terminate_blockers && progress_.number > 1) {
    step_log_.begin("end sessions");
    co_await find_holders(true);
    step_log_.end();
  }
  for (std::size_t n = 0; n < swap_.size(); ++n) {
    step_log_.begin(swap_[n].name);
    if (n == 0) {
      co_await lock(swap_[n].sql);
    } else {
      co_await locker_->script(swap_[n].sql);
    }
    step_log_.end();
    if (n > 0) continue;
    // After the tables' locks, in the order in which the engine takes them.
    step_log_.begin("lease");
    pg::Parameters name = {file_.migration()};
    const auto lease = co_await locker_->query(queries::writes_lock, name);
    if (lease.empty() || lease.number(0, 0) != epoch_) {
      Failure::Facts facts;
      facts.sqlstate = "40001";
      facts.message = "another daemon took over during the hold";
      throw Failure(std::move(facts));
    }
    step_log_.end();
  }
  if (!preconditions_->rows_behind.empty()) {
    step_log_.begin("set aside");
    pg::Parameters aside = {file_.migration(), step_log_.id(), flip_.kept().quoted(), preconditions_->rows_behind, flip_.who};
    const auto keys = co_await locker_->query(queries::set_rows_aside, aside);
    outcome_.set_aside = keys.number(0, 0);
    step_log_.end(fmt::format("{} keys", outcome_.set_aside));
  }
  step_log_.begin("state");
  std::vector<std::optional<std::string>> targets;
  for (const auto& target : outline(file_, flip_.to).targets) targets.emplace_back(target.name);
  pg::Parameters parameters = {file_.migration(), flip_.to == Direction::kReverse ? "reverse" : "forward", way_back_.system_identifier,
                               std::to_string(way_back_.timeline), way_back_.slot, to_string(way_back_.created), array_text(targets),
                               flip_.action(), step_log_.id(), flip_.who};
  for (auto& column : inventory_columns(preconditions_->inventory)) parameters.emplace_back(std::move(column));
  co_await locker_->query(queries::writes_flip, parameters);
  step_log_.end();
  progress_.swapped = true;
}

asio::awaitable<void> WritesRun::commit() {
  step_log_.begin(to_text(Step::kCommit));
  co_await locker_->script("commit");
  step_log_.end();
  step_log_.let_go();
  outcome_.hold_milliseconds = std::chrono::duration<double, std::milli>(pg::Clock::now() - hold_began_).count();
  progress_.held = begun_ = false;
  committed_ = true;
  log::info("the writes have moved", {{"flip", step_log_.id()}, {"to", flip_.to == Direction::kReverse ? "v2" : "v1"}, {"hold_ms", outcome_.hold_milliseconds}});
  co_await resume();
}

asio::awaitable<void> WritesRun::look_up() {
  log::warn("the answer to the commit was lost; it is looked up", {{"flip", step_log_.id()}});
  InDoubt doubt{flip_.settings.endpoint, file_.migration(), step_log_.id(), kLookUpPatience};
  committed_ = co_await was_committed(std::move(doubt));
  step_log_.let_go();
  progress_.in_doubt = progress_.held = false;
  outcome_.hold_milliseconds = std::chrono::duration<double, std::milli>(pg::Clock::now() - hold_began_).count();
  if (!committed_) co_await release("the commit did not happen");
  co_await resume();
}

/// A session that is lost has let go by itself.
asio::awaitable<void> WritesRun::roll_back() {
  bool lost = false;
  try {
    if (begun_ && locker_ && locker_->usable()) co_await locker_->script("rollback");
  } catch (const Failure&) {
    lost = true;
  }
  if (lost) locker_.reset();
  begun_ = false;
  step_log_.let_go();
}

/// A flip that gave up leaves nothing: a slot that nobody reads would keep WAL.
asio::awaitable<void> WritesRun::clear_way_back() {
  if (!way_back_begun_ || committed_ || progress_.in_doubt || !observer_ || !observer_->usable()) co_return;
  std::string left;
  try {
    co_await wal::drop_slot(*observer_, flip_.settings.slot);
    auto script = fmt::format("set statement_timeout = 0; drop publication if exists {}", quote_identifier(flip_.settings.publication));
    if (flip_.to == Direction::kReverse) co_await observer_->script(std::move(script));
    way_back_begun_ = progress_.way_back = false;
  } catch (const Failure& failure) {
    left = failure.what();
  }
  if (!left.empty()) log::warn("what the flip had made is left", {{"slot", flip_.settings.slot}, {"error", left}, {"do", "crossfade doctor"}});
}

/// Whoever asks later what was tried finds it beside what was done.
asio::awaitable<void> WritesRun::write_down(std::string because) {
  if (!observer_ || !observer_->usable() || step_log_.steps().empty()) co_return;
  co_await step_log_.record(*observer_);
  pg::Parameters parameters = {file_.migration(), flip_.who, flip_.action() + " gave up", step_log_.id(), std::to_string(std::min(progress_.number, progress_.most)),
                               log::redact(because)};
  try {
    co_await observer_->query(queries::flip_gave_up, parameters);
  } catch (const Failure& failure) {
    log::warn("that the flip gave up could not be written down", {{"flip", step_log_.id()}, {"error", failure.what()}});
  }
}

/// The step log is of flips: how long the last of them held is what the next one is estimated by.
asio::awaitable<void> WritesRun::write_down_rehearsal() {
  pg::Parameters parameters = {file_.migration(), flip_.who, flip_.action() + " rehearsed", step_log_.id(), std::to_string(progress_.number),
                               fmt::format("writers waited {:.0f} ms, and nothing was changed", outcome_.hold_milliseconds)};
  co_await observer_->query(queries::flip_gave_up, parameters);
}

asio::awaitable<void> WritesRun::release(std::string because) {
  co_await roll_back();
  log::info("attempt gave way", {{"attempt", progress_.number}, {"because", because}});
  if (step_log_.steps().back().outcome == "done") step_log_.end(because);
  co_await resume();
  progress_.held = progress_.barrier = progress_.swapped = false;
  barrier_.reset();
  preconditions_.reset();
  ++progress_.number;
  step_log_.next_attempt();
  if (progress_.number <= progress_.most) co_await sleep_with_jitter(flip_.limits.pause);
}

/// Foreign keys that were made in the swap: a lock that no writer minds is enough, however long it takes; for those of partitioned tables
/// writers wait, though for nothing to be read. What does not hold now is in the tables' own rows, and is said; the flip has happened.
asio::awaitable<void> WritesRun::validate_carried() {
  for (const bool whole : {false, true}) {
    if (!observer_ || !observer_->usable()) co_return;
    pg::Parameters which = {file_.migration(), whole ? "true" : "false"};
    const auto keys = co_await observer_->query(queries::unvalidated, which);
    for (const auto key : pg::rows(keys)) {
      step_log_.begin("validate");
      std::string statement(key.text("statement"));
      const auto broken = co_await finish_key(std::move(statement), whole);
      step_log_.end(broken ? *broken : fmt::format("{} of {}", key.text("name"), key.text("relation")));
      if (!broken) continue;
      const auto said = whole ? fmt::format("is in force in each partition, and not in those to come: {}. Once less is going on: {}", *broken, key.text("statement"))
                              : fmt::format("is in force for new rows and not validated: {}. Mend the rows, then: {}", *broken, key.text("statement"));
      outcome_.notes.push_back(fmt::format("foreign key {} of {} {}", key.text("name"), key.text("relation"), said));
      if (!observer_->usable()) co_return;
    }
  }
  pg::Parameters name = {file_.migration()};
  co_await observer_->query(queries::validated, name);
}

/// Why it could not be done; nothing if it was. Where writers wait for it, it waits no longer for them than the hold does.
asio::awaitable<std::optional<std::string>> WritesRun::finish_key(std::string statement, bool writers_wait) {
  if (writers_wait) statement = fmt::format("set local lock_timeout = {}; {}", patience().count(), statement);
  std::optional<Failure> broken;
  for (int attempt = 0; attempt < progress_.most; ++attempt) {
    if (attempt > 0) co_await sleep_with_jitter(flip_.limits.pause);
    auto finish = observer_->script(statement);
    broken = co_await async::failure_of(std::move(finish));
    if (!broken || broken->sqlstate() != "55P03" || !observer_->usable()) break;
  }
  if (!broken) co_return std::nullopt;
  co_return std::string(broken->what());
}

/// An engine of the old direction notices at its next commit that it is refused: one is given to it. Then it drops its slot
/// itself; one that nobody has read for a while has no engine any more.
asio::awaitable<void> WritesRun::tidy() {
  step_log_.begin(to_text(Step::kTidy));
  progress_.tidied = true;
  const auto give_up_at = pg::Clock::now() + kTidyPatience;
  auto last_read = pg::Clock::now();
  for (;;) {
    const auto slot = co_await wal::inspect_slot(*observer_, flip_.old_slot);
    if (!slot) break;
    if (slot->active) last_read = pg::Clock::now();
    if (pg::Clock::now() - last_read > kNobodyReads) {
      co_await wal::drop_slot(*observer_, flip_.old_slot);
      break;
    }
    if (pg::Clock::now() >= give_up_at) {
      outcome_.notes.push_back(fmt::format("slot {} of the old direction is still read by pid {} and keeps WAL; repeat the command once that has ended",
                                           flip_.old_slot, slot->active_pid));
      break;
    }
    pg::Parameters barrier = {file_.migration(), step_log_.id()};
    co_await observer_->query(queries::barrier, barrier);
    co_await async::sleep_for(20ms);
  }
  step_log_.end();
}

}  // namespace crossfade::cutover
