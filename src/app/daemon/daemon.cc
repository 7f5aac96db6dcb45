#include "app/daemon/daemon.h"

#include <fmt/format.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <iostream>
#include <utility>

#include "api/server.h"
#include "app/cli/context.h"
#include "app/cli/daemon_socket.h"
#include "app/daemon/fitting.h"
#include "app/daemon/measure.h"
#include "app/daemon/pipeline.h"
#include "app/daemon/service_manager.h"
#include "app/daemon/verifying.h"
#include "app/daemon/watch.h"
#include "async/backoff.h"
#include "async/failure_of.h"
#include "async/when_all.h"
#include "base/error/failure.h"
#include "mapping/plan/plan_text.h"
#include "setup/prepare/prepare.h"
#include "setup/state/editions.h"
#include "setup/state/state_schema.h"
#include "sync/engine/shape_watch.h"

namespace crossfade::app {
namespace {

struct Beginning {
  std::shared_ptr<Pipeline> pipeline;  ///< null where the migration was to be prepared first and cannot be …
  ExitCode refused = ExitCode::kOk;    ///< … which this says
  DatabaseIdentity database;
};

asio::awaitable<Beginning> begin_with(pg::Connection connection, const Options& options, const DaemonOptions& own, Kept& kept) {
  const auto& file = *kept.file;
  const auto& name = file.yaml.migration();
  Beginning beginning;
  beginning.database = co_await identify_database(connection);
  co_await setup::refuse_foreign_state(connection);
  const bool prepared = co_await setup::is_prepared(connection, name);
  if (!prepared && own.prepare) {
    const auto to_prepare = co_await engine_settings(connection, options, name, mapping::Direction::kForward);
    const auto preflight = co_await setup::prepare(connection, file, to_prepare);
    beginning.refused = exit_code_of(preflight);
    if (!preflight.ok()) std::cerr << mapping::refusal_text(preflight);
    if (!preflight.ok()) co_return beginning;
  }
  kept.changed = co_await setup::script_changes(connection, file);
  for (const auto& change : kept.changed) log::warn("the folder is not what the migration was prepared with", {{"file", change.file}, {"because", change.message}, {"mend", "crossfade amend"}});
  if (prepared && !connection.apart()) co_await follow_v1(connection, endpoint(options, name), kept);
  auto model = co_await fitting_model(connection, file);
  auto settings = co_await engine_settings(connection, options, name, model.direction);
  settings.workers = own.jobs;
  settings.standby = own.standby;
  settings.queue_bytes = own.memory.value_or(settings.queue_bytes);
  beginning.pipeline = std::make_shared<Pipeline>(std::move(model), std::move(settings));
  co_return beginning;
}

/// A server that cannot be reached at the very beginning is taken for a wrong address; one that was there is waited for.
asio::awaitable<Beginning> begin(const Options& options, const DaemonOptions& own, Kept& kept) {
  async::Backoff backoff;
  for (bool was_there = false;;) {
    std::optional<Failure> away;
    try {
      pg::Connection connection = co_await pg::Connection::open(endpoint(options, kept.file->yaml.migration()));
      was_there = true;
      co_return co_await begin_with(std::move(connection), options, own, kept);
    } catch (const Failure& failure) {
      if (failure.verdict() != Verdict::kReconnect || !was_there) throw;
      away = failure;
    }
    co_await backoff.wait(*away);
  }
}

asio::awaitable<void> follow_by_next(Kept& kept, pg::Endpoint endpoint) {
  if (kept.file->yaml.amend() != v1::Migration::AMEND_AUTO) co_return;
  if (!endpoint.source.empty()) co_return;
  pg::Connection connection = co_await pg::Connection::open(endpoint);
  co_await follow_v1(connection, endpoint, kept);
}

/// As next_pipeline; a server that is away or does not let us in is waited for, and so is a mapping that does not fit the catalog any more.
asio::awaitable<std::shared_ptr<Pipeline>> find_next_leg(Kept& kept, Pipeline& last, bool reshaped) {
  async::Backoff backoff;
  while (!last.engine.stopping()) {
    std::optional<Failure> away;
    try {
      const auto file = kept.file;
      if (reshaped) co_await follow_by_next(kept, last.settings.endpoint);
      co_return co_await next_pipeline(*file, last, reshaped);
    } catch (const Failure& failure) {
      if (failure.verdict() != Verdict::kReconnect && !sync::shut_out(failure) && !reshaped) throw;
      away = failure;
    }
    co_await last.engine.tell_trying(*away);
    co_await backoff.wait(*away);
  }
  co_return nullptr;
}

/// An engine that worked for so long has not failed by its model.
constexpr std::chrono::seconds kWorkedFor{10};

/// The engine came to its end; whoever serves it ends too.
struct Stopped {};

/// Leads in one direction after the other. Ends by throwing.
asio::awaitable<void> lead(Kept& kept, std::shared_ptr<Pipeline>& pipeline) {
  async::Backoff backoff;
  std::string last;
  for (;;) {
    const auto began = async::Clock::now();
    auto running = pipeline->engine.run();
    const auto failure = co_await async::failure_of(std::move(running));
    if (!failure) throw Stopped{};
    const bool reshaped = failure->sqlstate() == sync::kReshaped;
    // A model that was made again and fails by the same at once is not made again at once.
    const bool again = std::exchange(last, failure->what()) == failure->what();
    if (!again || async::Clock::now() - began > kWorkedFor) backoff.reset();
    else if (reshaped) co_await backoff.wait(*failure);
    auto next = co_await find_next_leg(kept, *pipeline, reshaped);
    if (pipeline->engine.stopping()) throw Stopped{};
    if (!next) throw *failure;
    pipeline = std::move(next);
  }
}

}  // namespace

ExitCode run_daemon(const Options& options, const DaemonOptions& own) {
  Kept kept{std::make_shared<const mapping::MigrationFile>(load(options))};
  asio::io_context io;
  const auto beginning = run_to_end(io, begin(options, own, kept));
  if (beginning.refused != ExitCode::kOk) return beginning.refused;
  auto pipeline = beginning.pipeline;
  io.restart();

  const auto name = kept.file->yaml.migration();
  asio::signal_set signals(io, SIGINT, SIGTERM);
  std::function<void(const boost::system::error_code&, int)> on_signal = [&](const boost::system::error_code& error, int) {
    if (error) return;
    // The second one means at once; what is not settled comes again at the next start.
    if (pipeline->engine.stopping()) std::_Exit(static_cast<int>(ExitCode::kOk));
    log::info("stopping", {{"migration", name}});
    tell_service_manager("STOPPING=1");
    pipeline->engine.stop();
    signals.async_wait(on_signal);
  };
  signals.async_wait(on_signal);
  const auto observed = [&pipeline] { return pipeline->observed(); };
  Watch watch(observed, [&kept] { return kept.changed; }, io.get_executor());
  api::Server server(io, endpoints(observed, watch));
  if (!own.http.empty()) server.listen_tcp(own.http);
  server.serve_only(beginning.database.id, beginning.database.name);
  server.listen_unix(control_path(options, name, beginning.database));
  const auto serve = [&]() -> asio::awaitable<ExitCode> {
    std::vector<asio::awaitable<void>> parts;
    parts.push_back(lead(kept, pipeline));
    parts.push_back(server.serve());
    parts.push_back(watch.loop());
    parts.push_back(measure(observed));
    parts.push_back(keep_fitting(kept, observed));
    if (own.verify_every.count() > 0) parts.push_back(keep_verified(observed, own.verify_every));
    parts.push_back(feed_watchdog());
    tell_service_manager("READY=1");
    std::exception_ptr thrown;
    try {
      co_await async::when_all(std::move(parts));
    } catch (const Stopped&) {
    } catch (const Completed&) {
      log::info("the migration is complete; there is nothing left to follow", {{"migration", name}});
    } catch (...) {
      thrown = std::current_exception();
    }
    signals.cancel();
    if (thrown) std::rethrow_exception(thrown);
    log::info("stopped", {{"migration", name}});
    co_return ExitCode::kOk;
  };
  return run_to_end(io, serve());
}

}  // namespace crossfade::app
