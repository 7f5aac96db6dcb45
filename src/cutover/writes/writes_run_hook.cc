#include <embedded_sql.h>

#include "base/telemetry/log.h"
#include "cutover/writes/writes_run.h"

namespace crossfade::cutover {

namespace asio = boost::asio;
namespace queries = sql::queries;

asio::awaitable<void> WritesRun::look_for_paused() {
  if (progress_.paused) co_return;
  pg::Parameters name = {file_.migration()};
  const auto rows = co_await observer_->query(queries::applications_paused, name);
  left_paused_ = rows.truth(0, 0);
}

/// Is written down before, so that `doctor` knows should this process be killed.
asio::awaitable<void> WritesRun::pause() {
  step_log_.begin(to_text(Step::kPause));
  co_await write_hook("applications paused", "");
  progress_.paused = true;
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

asio::awaitable<void> WritesRun::resume() {
  if (!progress_.paused && !left_paused_) co_return;
  progress_.paused = left_paused_ = false;
  if (!flip_.hook) {
    // Who took the hook out of the file has let them go by hand, or is told to.
    const std::string by_hand = "by hand: migration.yaml has no hook any more";
    outcome_.notes.push_back("a move was broken off while its hook kept the applications waiting, and migration.yaml has no hook any more: if they still wait, let them go by hand");
    co_await write_hook("applications resumed", by_hand);
    co_return;
  }
  step_log_.begin(kResume);
  const auto why = co_await flip_.hook("resume");
  step_log_.end(why.empty() ? "done" : why);
  outcome_.still_paused = !why.empty();
  if (!why.empty()) log::error("the hook could not let the applications go; they may still wait", {{"error", why}, {"do", "run the command of cutover: hook by hand, with CROSSFADE_HOOK=resume"}});
  else co_await write_hook("applications resumed", "");
}

/// That it could not be written down keeps nobody waiting.
asio::awaitable<void> WritesRun::write_hook(std::string action, std::string because) {
  if (!observer_ || !observer_->usable()) co_return;
  pg::Parameters parameters = {file_.migration(), flip_.who, action, step_log_.id(), std::to_string(progress_.number), because};
  try {
    co_await observer_->query(queries::flip_gave_up, parameters);
  } catch (const Failure& failure) {
    log::warn("what the hook did could not be written down", {{"action", action}, {"error", failure.what()}});
  }
}

}  // namespace crossfade::cutover
