#include "sync/engine/engine.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "async/failure_of.h"
#include "async/when_all.h"
#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "pg/row.h"
#include "sync/apply/refresher.h"
#include "sync/backfill/backfill.h"
#include "sync/backfill/build_again.h"
#include "sync/backfill/pace.h"
#include "sync/engine/heartbeat.h"
#include "sync/engine/keys_outside.h"
#include "sync/engine/receiver.h"
#include "sync/engine/shape_watch.h"
#include "sync/state/checkpoint.h"
#include "sync/state/incarnation.h"
#include "sync/state/parking.h"
#include "sync/state/store.h"
#include "wal/hindrance.h"

namespace crossfade::sync {
namespace {

using namespace std::chrono_literals;

/// Thrown to end the parts of a run that is to stop; never leaves the engine.
struct Stopped {};

/// Keys that wait or are set aside by a locator that the model does not have, as after an amend: their targets are offered whole.
asio::awaitable<void> name_anew(pg::Connection& connection, const mapping::Model& model) {
  std::vector<std::optional<std::string>> targets, locators;
  for (const auto& target : model.targets) {
    for (const auto& locator : target.locators) {
      targets.emplace_back(target.name);
      locators.emplace_back(locator.name());
    }
  }
  const std::string unknown(sql::queries::unknown_locators);
  pg::Parameters parameters = {model.name, array_text(targets), array_text(locators)};
  const auto rows = co_await connection.query(unknown, parameters);
  for (const auto row : pg::rows(rows)) {
    log::info("keys wait by a name that is no more; the target is compared as a whole", {{"target", std::string(row.text("target"))}});
  }
}

/// However a run ends, whoever waits for one of its rounds learns that there is none any more.
struct LastWord {
  Runtime& run;
  ~LastWord() {
    run.control.stopping = true;
    run.progress_made.notify_all();
  }
};

}  // namespace

bool shut_out(const Failure& failure) {
  constexpr std::array kStates = {"25006", "28", "3D", "42501"};
  return std::any_of(kStates.begin(), kStates.end(), [&](std::string_view state) { return failure.sqlstate().starts_with(state); });
}

void Engine::stop() {
  stopping_ = true;
  if (!runtime_) return;
  runtime_->control.stopping = true;
  runtime_->queue_changed.notify_all();
  runtime_->progress_made.notify_all();
  runtime_->control_changed.notify_all();
}

void Engine::begin_with_another_model() {
  if (!runtime_) return;
  runtime_->shape.model_due = runtime_->shape.due = true;
  runtime_->control_changed.notify_all();
}

asio::awaitable<void> Engine::run() {
  const auto executor = co_await asio::this_coro::executor;
  while (!stopping_) {
    runtime_ = std::make_shared<Runtime>(model_, settings_, metrics_, executor);
    runtime_->lag = lag_;
    runtime_->suspects = suspects_;
    std::optional<Failure> failure;
    try {
      const LastWord last_word{*runtime_};
      co_await run_once();
    } catch (const Stopped&) {
    } catch (const Failure& caught) {
      failure = caught;
    }
    if (runtime_->stream.running) {
      in_a_row_ = 0;
      trouble_.reset();
    }
    const bool hindered = failure && !stopping_ && co_await explain(*failure);
    // Another has taken the lease: whoever stands by waits for it again.
    const bool stands_by = failure && settings_.standby && !turned_ && failure->exit() == ExitCode::kNotLeader;
    // What never worked is not worth waiting for: the person at the terminal can mend it.
    if (failure && !stopping_ && !stands_by && (failure->verdict() == Verdict::kStop || !was_up_)) {
      if (!was_up_ || !(hindered || failure->found_by_trying() || shut_out(*failure))) throw *failure;
      const bool names = failure->sqlstate().starts_with("42") || failure->names_nothing();
      const bool misnamed = names && co_await is_misnamed();
      if (names && !misnamed) begin_anew(kReshaped, failure->what());
    }
    // A beat that cannot be sent: until one can, v2 falls behind whatever is written meanwhile.
    if (failure) runtime_->lag.send(Clock::now());
    lag_ = runtime_->lag;
    metrics_.connected("source", false);
    metrics_.connected("stream", false);
    if (!failure || stopping_) continue;
    metrics_.retried("reconnect");
    if (++in_a_row_ > 1 && !stands_by) co_await tell_trying(*failure);
    co_await backoff_.wait(*failure);
  }
  if (trouble_ && !trouble_->connection_lost()) co_await stop_trying();
}

/// What the server says to whoever cannot read a slot is of the moment; what brings it about is looked for in its settings, and said with what
/// mends it. True where it is that. The first time may be a session that the server has not noticed is gone.
asio::awaitable<bool> Engine::explain(Failure& failure) {
  constexpr std::array kStates = {"0A", "28", "42501", "53", "55"};
  const auto& state = failure.sqlstate();
  const bool may_be = failure.connection_lost() || std::any_of(kStates.begin(), kStates.end(), [&](std::string_view each) { return state.starts_with(each); });
  const bool ends = failure.verdict() == Verdict::kStop || !was_up_;
  if (!may_be || runtime_->stream.running || (!ends && in_a_row_ == 0)) co_return false;
  std::optional<wal::Hindrance> hindrance;
  try {
    pg::Connection connection = co_await open_engine_session(settings_, model_.name, "look");
    hindrance = co_await wal::find_hindrance(connection.source(), settings_.slot);
  } catch (const Failure& caught) {
    log::debug("what keeps the slot from being read cannot be looked for", {{"because", caught.what()}});
  }
  if (!hindrance) co_return false;
  auto facts = failure.facts();
  facts.message = fmt::format("{} ({})", hindrance->what, facts.message);
  facts.advice = hindrance->fix;
  failure = Failure(std::move(facts));
  co_return true;
}

asio::awaitable<void> Engine::tell_trying(Failure failure) {
  trouble_ = failure;
  try {
    pg::Connection connection = co_await open_engine_session(settings_, model_.name, "look");
    co_await store::write_trying(connection, model_, settings_, failure);
  } catch (const Failure& caught) {
    log::debug("what keeps the stream from beginning cannot be written down", {{"because", caught.what()}});
  }
}

asio::awaitable<void> Engine::stop_trying() {
  try {
    pg::Connection connection = co_await open_engine_session(settings_, model_.name, "look");
    co_await store::end_trying(connection, model_.name);
  } catch (const Failure& caught) {
    log::debug("that it tried stays for half a minute", {{"because", caught.what()}});
  }
}

/// A statement that names what has another name for the moment: it is said what mends that, and what is mended goes on by itself.
/// Whatever else a statement has to do without, the model has to do without too.
asio::awaitable<bool> Engine::is_misnamed() {
  try {
    pg::Connection connection = co_await open_engine_session(settings_, model_.name, "look");
    const auto changes = co_await shape_changes(connection, model_.name);
    co_return misnamed(changes);
  } catch (const Failure& failure) {
    if (!failure.connection_lost() && !shut_out(failure)) throw;
  }
  // It is the same when it is back.
  co_return true;
}

asio::awaitable<void> Engine::until_stopped() {
  while (!stopping_) co_await runtime_->control_changed.wait(1s);
}

asio::awaitable<void> Engine::run_once() {
  auto& run = *runtime_;
  pg::Connection connection = co_await open_engine_session(settings_, model_.name, "lead");
  metrics_.connected("source", true);
  run.epoch = co_await take_lease(connection);
  co_await expect_direction(connection);
  co_await expect_edition(connection);
  metrics_.leading(true, run.epoch);
  run.follow.trust(co_await store::read_secret(connection.source(), model_.name));
  co_await store::write_touchable(connection.source(), model_);
  co_await name_anew(connection, model_);
  co_await restore_paused(run, connection);
  co_await watch_shape(connection, model_);
  co_await parking::leave_out(connection, model_);
  const bool anew = co_await republish(connection);
  const auto checkpoint = co_await store::read_checkpoint(connection, model_.name);
  const auto server = co_await wal::identify(connection.source());
  const auto slot = co_await wal::inspect_slot(connection.source(), settings_.slot);
  auto gap = gap_between(checkpoint, server, slot);
  // A slot cannot be read past the beginning of its publication.
  if (gap.empty() && anew) gap = "the publication was made anew";
  if (!gap.empty()) co_await bridge_gap(connection, gap);
  const auto from = co_await store::read_checkpoint(connection, model_.name);
  run.incarnation = from->incarnation;
  run.applied.settled = run.stream.received = from->settled;
  run.applied.consistent = run.applied.readable = from->consistent;
  was_up_ = true;
  backoff_.reset();
  log::info("leading", {{"migration", model_.name}, {"epoch", run.epoch}, {"from", to_string(run.applied.settled)}});

  // Before the first row is written.
  KeysOutside keys_outside(run);
  co_await keys_outside.leave_out(connection);
  // Before the first chunk: a server that is busy already is not given more to do.
  co_await keep_pace(run, connection);
  Backfill backfill(run);
  Refresher refresher(run);
  // The refresher ends by itself when the engine stops, and only then may the stream say its last word.
  const auto settle_then_confirm = [&]() -> asio::awaitable<void> {
    std::vector<asio::awaitable<void>> pair;
    pair.push_back(refresher.loop());
    pair.push_back(receive(run, hearing_));
    co_await async::when_all(std::move(pair));
    pg::Connection last = co_await open_engine_session(settings_, model_.name, "release");
    co_await store::release_lease(last, run);
    throw Stopped{};
  };
  std::vector<asio::awaitable<void>> parts;
  parts.push_back(settle_then_confirm());
  parts.push_back(backfill.loop());
  bool left_open = false;
  parts.push_back(build_again_loop(run, left_open));
  parts.push_back(heartbeat_loop(run, connection, left_open));
  std::exception_ptr thrown;
  try {
    co_await async::when_all(std::move(parts));
  } catch (...) {
    thrown = std::current_exception();
  }
  metrics_.leading(false, run.epoch);
  if (thrown) std::rethrow_exception(thrown);
}

/// A daemon that was just killed may leave a session behind that the server has not noticed yet. Whoever stands by waits for as long as
/// it takes, in a session whose name says so.
asio::awaitable<std::int64_t> Engine::take_lease(pg::Connection& connection) {
  bool waits = false;
  for (const auto give_up = Clock::now() + 3s;;) {
    const auto epoch = co_await store::take_lease(connection, *runtime_);
    if (epoch && waits) {
      auto name = fmt::format("crossfade {} lead", model_.name);
      co_await store::name_session(connection, std::move(name));
    }
    if (epoch) co_return *epoch;
    if (stopping_) throw Stopped{};
    if (!settings_.standby && Clock::now() >= give_up) store::not_leader(*runtime_);
    if (settings_.standby && !waits) {
      waits = was_up_ = true;
      log::info("standing by", {{"migration", model_.name}, {"holder", settings_.holder}});
      auto name = fmt::format("crossfade {} standby {}", model_.name, settings_.holder);
      co_await store::name_session(connection, std::move(name));
    }
    co_await runtime_->control_changed.wait(waits ? 500ms : 100ms);
  }
}

/// A flip may have happened while there was no connection: then this engine would have a valid lease for the wrong direction,
/// and would settle changes that it does not see; of a migration that was completed it would make slot and publication anew. Either
/// takes the lease away where it happens after this.
asio::awaitable<void> Engine::expect_direction(pg::Connection& connection) {
  const auto direction = co_await store::read_direction(connection, model_.name);
  const bool completed = co_await store::is_completed(connection, model_.name);
  if (!completed && (!direction || *direction == model_.direction)) co_return;
  turned_ = true;
  Failure::Facts facts;
  facts.exit = ExitCode::kNotLeader;
  facts.sqlstate = "CF009";
  facts.message = completed ? fmt::format("migration {} is complete", model_.name) : fmt::format("the direction of migration {} has turned", model_.name);
  facts.advice = "start the daemon again";
  throw Failure(std::move(facts));
}

/// The same for a migration that was amended: an engine of the mapping before would write what nobody wants any more.
asio::awaitable<void> Engine::expect_edition(pg::Connection& connection) {
  if (model_.edition == 0) co_return;
  pg::Parameters name = {model_.name};
  const auto now = co_await connection.query(sql::queries::edition_now, name);
  if (now.number(0, 0) == model_.edition) co_return;
  Failure::Facts facts;
  facts.exit = ExitCode::kPrecondition;
  facts.sqlstate = kReshaped;
  facts.message = fmt::format("migration {} was amended", model_.name);
  facts.advice = "nothing: the daemon begins anew by itself";
  throw Failure(std::move(facts));
}

/// True: the publication is not the one that the slot began with. One that is gone is made again.
asio::awaitable<bool> Engine::republish(pg::Connection& connection) {
  const auto changes = co_await shape_changes(connection, model_.name);
  for (const auto& change : changes) {
    const auto target = change.kind() == "amended" ? model_.find_target(change.targets.front()) : std::nullopt;
    if (target) runtime_->shape.amended.insert(*target);
  }
  const auto gone = std::find_if(changes.begin(), changes.end(), [](const ShapeChange& change) { return change.object == "publication"; });
  if (gone != changes.end()) {
    auto make = connection.source().script(gone->fix);
    const auto failure = co_await async::failure_of(std::move(make), async::answered);
    if (failure) {
      Failure::Facts facts = failure->facts();
      // Somebody who may will make it: that is waited for.
      facts.sqlstate = kRepublished;
      facts.exit = ExitCode::kPrecondition;
      facts.message = fmt::format("{}, and the daemon cannot make it: {}", gone->detail, failure->what());
      facts.advice = gone->fix;
      throw Failure(std::move(facts));
    }
    log::warn("the publication was gone and was made again", {log::quoting("by", gone->fix)});
  }
  co_return republished(changes);
}

/// Everything is offered again: the ledger is forgotten, and the targets are merged with their views by difference.
asio::awaitable<void> Engine::bridge_gap(pg::Connection& connection, std::string why) {
  metrics_.retried("gap");
  log::warn("there is a gap in the stream; everything is compared anew", {{"because", why}, {"slot", settings_.slot}});
  co_await wal::drop_slot(connection.source(), settings_.slot, wal::kSlotPatience);
  const auto incarnation = co_await make_slot(connection.source(), settings_);
  co_await connection.script("begin");
  co_await store::begin_checkpoint(connection, model_.name, incarnation);
  co_await reconcile(connection, *runtime_, model_.targets.all());
  co_await store::set_phase(connection, *runtime_, "backfilling");
  co_await accept_shape(connection, model_);
  co_await connection.script("commit");
}

}  // namespace crossfade::sync
