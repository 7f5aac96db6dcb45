#include "app/daemon/observers.h"

#include <fmt/format.h>

#include <chrono>
#include <map>

#include "api/message.h"
#include "api/page.h"
#include "app/daemon/verifying.h"
#include "app/daemon/watch.h"
#include "app/status/read_status.h"
#include "app/status/status_text.h"
#include "async/sleep.h"
#include "base/error/failure.h"
#include "base/telemetry/log.h"
#include "base/telemetry/progress.h"
#include "base/text/sql_text.h"
#include "crossfade/v1/control.pb.h"
#include "setup/state/editions.h"
#include "sync/backfill/pace.h"
#include "sync/state/store.h"
#include "verify/diff/verifier.h"
#include "verify/reply.h"
#include "verify/reply_text.h"

namespace crossfade::app {
namespace {

namespace asio = boost::asio;
using api::Request;
using api::Response;
using api::Surface;

asio::awaitable<Response> metrics_text(Observed o) {
  // At the time of the scrape, so that it grows while nothing else works.
  if (const auto run = o.engine.runtime()) o.metrics.lag_seconds(run->lag.seconds(sync::Clock::now()));
  co_return Response{200, "text/plain; version=0.0.4; charset=utf-8", o.metrics.text()};
}

asio::awaitable<Response> live() { co_return Response{200, "text/plain", "alive\n"}; }

asio::awaitable<Response> recent_log() { co_return Response{200, "text/plain; charset=utf-8", log::recent()}; }

asio::awaitable<Response> ready(Observed o) {
  const auto run = o.engine.runtime();
  const bool leads = run && run->epoch != 0 && !run->control.stopping;
  // A short one is nobody's business: it may be the time between two statements of whoever changes the table.
  constexpr double kTooLong = 60;
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  std::string wrong;
  const auto& trouble = o.engine.trouble();
  if (trouble && !(run && run->stream.running && !run->control.stopping)) wrong += fmt::format("cannot follow: {}; {}\n", log::redact(trouble->what()), trouble->advice());
  for (const auto& left_out : o.model.left_out) wrong += fmt::format("{} is left out: {}\n", left_out.target, left_out.because);
  for (const auto& [target, why] : leads ? run->applied.parked : std::map<TargetId, sync::Parked>{}) {
    if (now - why.since > kTooLong) wrong += fmt::format("{} is parked: {}\n", o.model.targets.at(target).name, why.because);
  }
  const bool fails = leads && run->applied.failing_since && sync::Clock::now() - *run->applied.failing_since > std::chrono::duration<double>(kTooLong);
  if (fails) wrong += fmt::format("no round goes through: {}\n", run->applied.failing_because);
  if (!wrong.empty()) co_return Response{503, "text/plain", wrong};
  co_return Response{leads ? 200 : 503, "text/plain", leads ? "leading\n" : "no connection, or not the leader\n"};
}

asio::awaitable<Response> status(Watch& watch) {
  const v1::Status status = co_await watch.status();
  co_return Response{200, "application/json", status_json(status)};
}

asio::awaitable<Response> events(Watch& watch) { co_return watch.events(); }

asio::awaitable<Response> hold(Observed o, bool held) {
  const auto run = running(o);
  // As the engine's own: an absent standby must not keep anybody from going on.
  pg::Connection connection = co_await sync::open_engine_session(o.settings, o.model.name, held ? "pause" : "resume");
  co_await sync::set_paused(*run, connection, held);
  co_return Response{200, "application/json", held ? R"({"message":"paused; changes are spilled to a table meanwhile"})" : R"({"message":"going on"})"};
}

/// How far a verification is, for whoever waits for it.
class Told : public Progress {
 public:
  void begin() { progress_.Clear(); }
  void at(Step step) override {
    progress_.set_what(step.what);
    progress_.set_done(step.done);
    progress_.set_all(step.all);
  }
  void found(std::string what) override { progress_.add_found(std::move(what)); }
  const v1::VerifyProgress& progress() const { return progress_; }

 private:
  v1::VerifyProgress progress_;
};

asio::awaitable<Response> verify_progress(std::shared_ptr<const Told> told) { co_return api::answer_with(told->progress()); }

/// Whether the engine works in the direction, and by the mapping, that the database is in. After a flip and an amend it takes a moment.
asio::awaitable<bool> is_current(Observed o) {
  const auto run = o.engine.runtime();
  if (!run || run->control.stopping) co_return false;
  auto endpoint = o.settings.endpoint;
  endpoint.source.clear();  // which does not know
  pg::Connection connection = co_await pg::Connection::open(endpoint);
  const auto direction = co_await sync::store::read_direction(connection, o.model.name);
  const int edition = co_await setup::edition_now(connection, o.model.name);
  co_return direction == o.model.direction && (o.model.edition == 0 || edition == o.model.edition);
}

asio::awaitable<Response> verify_now(Observed o, Request request, std::shared_ptr<Told> told) {
  v1::VerifyRequest wanted;
  api::read_body(request, wanted);
  verify::VerifierOptions how;
  how.repair = wanted.repair();
  how.targets = target_numbers(o.model, {wanted.targets().begin(), wanted.targets().end()});
  how.progress = told.get();
  told->begin();
  const auto found = co_await verify_live(o, std::move(how), o.settings.workers);
  co_return api::answer_with(verify::reply_of(o.model, found));
}

/// Of an engine that has still to turn, or turns meanwhile, the names of v1 and v2 are others: the next one is asked then.
asio::awaitable<Response> verify_when_current(std::function<Observed()> now, Request request, std::shared_ptr<Told> told) {
  constexpr std::chrono::seconds kLongestTurn{10};
  constexpr std::chrono::milliseconds kLookAgain{100};
  for (auto until = sync::Clock::now() + kLongestTurn;;) {
    const auto asked = now();
    const auto run = asked.engine.runtime();
    std::optional<Failure> failure;
    const bool current = co_await is_current(asked);
    if (current || sync::Clock::now() >= until) {
      try {
        co_return co_await verify_now(asked, request, told);
      } catch (const Failure& caught) {
        failure = caught;
      }
      const bool turns = !co_await is_current(asked) || asked.engine.runtime() != run;
      if (!current || !turns) throw *failure;
      // However long it was under way until then.
      until = sync::Clock::now() + kLongestTurn;
    }
    co_await async::sleep_for(kLookAgain);
  }
}

/// Whether changes of these keys wait: those that were read, and are neither refreshed nor spilled.
asio::awaitable<Response> waiting(Observed o, Request request) {
  v1::WaitingRequest wanted;
  api::read_body(request, wanted);
  v1::Waiting reply;
  const auto run = o.engine.runtime();
  for (const auto& each : wanted.keys()) {
    const auto values = parse_array(each.values());
    const auto key = sync::store::key_from_names(o.model, wanted.target(), each.locator(), values);
    if (run && key) reply.set_changes(reply.changes() + static_cast<double>(run->queue.waiting(*key)));
  }
  const auto all = sync::store::key_from_names(o.model, wanted.target(), std::nullopt, {});
  if (run && all) reply.set_changes(reply.changes() + static_cast<double>(run->queue.waiting(*all)));
  co_return api::answer_with(reply);
}

}  // namespace

std::shared_ptr<sync::Runtime> running(const Observed& o) {
  auto run = o.engine.runtime();
  if (!run || run->control.stopping) {
    Failure::Facts facts;
    facts.exit = ExitCode::kNotReady;
    facts.message = "the daemon has no connection just now";
    facts.advice = "try again in a moment";
    throw Failure(std::move(facts));
  }
  return run;
}

std::vector<TargetId> target_numbers(const mapping::Model& model, const std::vector<std::string>& names) {
  std::vector<TargetId> numbers;
  for (const auto& name : names) {
    const auto number = model.find_target(name);
    if (!number) throw usage_failure("there is no target " + name, "`crossfade plan` lists the targets");
    numbers.push_back(*number);
  }
  return numbers;
}

std::vector<api::Endpoint> endpoints(std::function<Observed()> now, Watch& watch) {
  const auto told = std::make_shared<Told>();
  std::vector<api::Endpoint> table = {
      {"GET", "/metrics", Surface::kObserver, [now](Request) { return metrics_text(now()); }},
      {"GET", "/livez", Surface::kObserver, [](Request) { return live(); }},
      {"GET", "/readyz", Surface::kObserver, [now](Request) { return ready(now()); }},
      {"GET", "/events", Surface::kObserver, [&watch](Request) { return events(watch); }},
      {"GET", "/status", Surface::kObserver, [&watch](Request) { return status(watch); }},
      {"GET", "/v1/log", Surface::kControl, [](Request) { return recent_log(); }},
      {"GET", "/v1/verify", Surface::kControl, [told](Request) { return verify_progress(told); }},
      {"POST", "/v1/verify", Surface::kControl, [now, told](Request request) { return verify_when_current(now, std::move(request), told); }},
      {"POST", "/v1/waiting", Surface::kControl, [now](Request request) { return waiting(now(), std::move(request)); }},
      {"POST", "/v1/pause", Surface::kControl, [now](Request) { return hold(now(), true); }},
      {"POST", "/v1/resume", Surface::kControl, [now](Request) { return hold(now(), false); }},
  };
  for (auto& endpoint : api::page_endpoints()) table.push_back(std::move(endpoint));
  return table;
}

}  // namespace crossfade::app
