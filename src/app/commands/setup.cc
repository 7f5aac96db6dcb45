#include <fmt/format.h>

#include <iostream>

#include "api/message.h"
#include "app/cli/commands.h"
#include "app/cli/context.h"
#include "app/cli/daemon_socket.h"
#include "base/failure.h"
#include "base/log.h"
#include "mapping/catalog/slot_names.h"
#include "mapping/preflight/plan.h"
#include "setup/cancel.h"
#include "setup/prepare.h"
#include "setup/rights.h"

namespace crossfade::app {
namespace {

ExitCode refused(const mapping::Preflight& preflight) {
  std::cerr << mapping::plan_text(preflight);
  return exit_code_of(preflight);
}

/// Only says what it would do.
asio::awaitable<ExitCode> tell_preparation(const Options& options, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "prepare"));
  const auto slots = co_await mapping::find_slot_names(connection, file.yaml.migration());
  const auto preparation = co_await sync::plan_preparation(connection, file, slots.forward);
  if (!preparation.preflight.ok()) co_return refused(preparation.preflight);
  if (preparation.steps.alone.empty()) {
    log::info("already prepared", {{"migration", file.yaml.migration()}});
  } else if (options.dry_run) {
    std::cout << sync::to_text(preparation.steps);
  } else if (options.for_role.empty()) {
    std::cout << sync::to_sql(preparation.steps);
  } else {
    const auto database = co_await identify_database(connection);
    std::cout << sync::to_sql_for(preparation.steps, options.for_role, sync::grants(preparation.preflight.model, database.name, options.for_role));
  }
  co_return ExitCode::kOk;
}

asio::awaitable<ExitCode> prepare_here(const Options& options, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "prepare"));
  const auto settings = co_await engine_settings(connection, options, file.yaml.migration(), mapping::Direction::kForward);
  const bool prepared = co_await sync::is_prepared(connection, file.yaml.migration());
  if (prepared) {
    log::info("already prepared", {{"migration", file.yaml.migration()}});
    co_return ExitCode::kOk;
  }
  const auto preflight = co_await sync::prepare(connection, file, settings);
  co_return preflight.ok() ? ExitCode::kOk : refused(preflight);
}

asio::awaitable<ExitCode> cancel_here(const Options& options, const mapping::MigrationFile& file) {
  const auto& name = file.yaml.migration();
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "cancel"));
  const bool was_there = co_await sync::cancel(connection, name);
  if (!was_there) throw usage_failure(fmt::format("migration {} is not in this database", name), "there is nothing to cancel");
  log::info("cancelled; nothing of crossfade is left", {{"migration", name}});
  co_return ExitCode::kOk;
}

}  // namespace

ExitCode plan(const Options& options) {
  const auto file = load(options);
  asio::io_context io;
  const auto preflight = run_to_end(io, look(options, file));
  if (options.json) {
    std::cout << api::json_of(mapping::plan_reply(preflight)) << "\n";
  } else {
    std::cout << mapping::plan_text(preflight, paint_of(options));
    if (options.print_sql) std::cout << mapping::refresh_sql(preflight.model);
  }
  return exit_code_of(preflight);
}

ExitCode prepare(const Options& options) {
  const auto file = load(options);
  asio::io_context io;
  if (options.print_sql || options.dry_run) return run_to_end(io, tell_preparation(options, file));
  return run_to_end(io, prepare_here(options, file));
}

ExitCode cancel(const Options& options) {
  const auto file = load(options);
  confirm(options, file.yaml.migration(), fmt::format("cancel drops the shadow tables of migration {}", file.yaml.migration()));
  asio::io_context io;
  return run_to_end(io, cancel_here(options, file));
}

}  // namespace crossfade::app
