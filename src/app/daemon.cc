#include <fmt/format.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "api/server.h"
#include "app/commands.h"
#include "app/context.h"
#include "app/install.h"
#include "app/observers.h"
#include "base/failure.h"
#include "sync/engine.h"
#include "sync/prepare.h"
#include "sync/together.h"

namespace crossfade::app {
namespace {

asio::awaitable<mapping::Model> ready_model(const Options& options, const mapping::MigrationFile& file,
                                            const sync::Settings& settings, ExitCode& refused) {
  pg::Connection connection = co_await pg::Connection::open(settings.endpoint);
  const bool prepared = co_await sync::is_prepared(connection, file.yaml.migration());
  if (!prepared && options.prepare) {
    refused = co_await install_migration(connection, file, settings);
    if (refused != ExitCode::kOk) co_return mapping::Model{};
  }
  co_return co_await prepared_model(connection, file);
}

/// The engine came to its end; whoever serves it ends too.
struct Stopped {};

std::vector<std::string> names_of(const auto& things) {
  std::vector<std::string> names;
  for (const auto& thing : things) names.push_back(thing.name);
  return names;
}

}  // namespace

ExitCode run(const Options& options) {
  const auto file = load(options);
  const auto settings = engine_settings(options, file.yaml.migration());
  asio::io_context io;
  ExitCode refused = ExitCode::kOk;
  const auto model = run_to_end(io, ready_model(options, file, settings, refused));
  if (refused != ExitCode::kOk) return refused;
  io.restart();

  Metrics metrics(model.name, names_of(model.targets), names_of(model.sources));
  sync::Engine engine(model, settings, metrics);
  asio::signal_set signals(io, SIGINT, SIGTERM);
  std::function<void(const boost::system::error_code&, int)> on_signal = [&](const boost::system::error_code& error, int) {
    if (error) return;
    // The second one means at once; what is not settled comes again at the next start.
    if (engine.stopping()) std::_Exit(static_cast<int>(ExitCode::kOk));
    log::info("stopping", {{"migration", model.name}});
    engine.stop();
    signals.async_wait(on_signal);
  };
  signals.async_wait(on_signal);
  api::Server server(io, endpoints({engine, model, metrics, settings}));
  if (!options.http.empty()) server.listen_tcp(options.http);
  server.listen_unix(control_path(options, model.name));
  const auto lead = [&]() -> asio::awaitable<void> {
    co_await engine.run();
    throw Stopped{};
  };
  const auto serve = [&]() -> asio::awaitable<ExitCode> {
    std::vector<asio::awaitable<void>> parts;
    parts.push_back(lead());
    parts.push_back(server.serve());
    std::exception_ptr thrown;
    try {
      co_await sync::together(std::move(parts));
    } catch (const Stopped&) {
    } catch (...) {
      thrown = std::current_exception();
    }
    signals.cancel();
    if (thrown) std::rethrow_exception(thrown);
    log::info("stopped", {{"migration", model.name}});
    co_return ExitCode::kOk;
  };
  return run_to_end(io, serve());
}

}  // namespace crossfade::app
