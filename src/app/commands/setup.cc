#include <embedded_sql.h>
#include <fmt/format.h>

#include <iostream>

#include "api/message.h"
#include "app/cli/commands.h"
#include "app/cli/context.h"
#include "app/prepare/install.h"
#include "base/failure.h"
#include "cutover/inventory/inventory.h"
#include "mapping/catalog/slot_names.h"
#include "mapping/preflight/inspect.h"
#include "mapping/preflight/plan.h"
#include "setup/fence.h"
#include "setup/prepare.h"
#include "setup/stable_views.h"
#include "sync/state/store.h"

namespace crossfade::app {
namespace {

namespace queries = sql::queries;

ExitCode worst(const mapping::Preflight& preflight) {
  for (const auto& finding : preflight.findings) {
    if (finding.level == mapping::Finding::Level::kFail) return finding.exit;
  }
  return ExitCode::kOk;
}

/// What the cutover of the writes will have to do with; nothing of it is in the way of a beginning.
asio::awaitable<void> add_inventory(pg::Connection& connection, const mapping::MigrationFile& file, mapping::Preflight& preflight) {
  const auto inventory = co_await cutover::take_inventory(connection, file.yaml, mapping::Direction::kReverse);
  for (const auto& hanging : inventory) {
    mapping::Findings found(preflight.findings, hanging.object);
    auto message = fmt::format("{}; when the writes move it {}", hanging.way, hanging.flip);
    if (hanging.handling == cutover::Hanging::Handling::kBlock) {
      found.warn(message + ". The cutover of the writes will not begin", hanging.fix + "; or name it in migration.yaml, cutover.inventory");
    } else if (hanging.kind == "constraint" || hanging.kind == "unique index") {
      found.warn(fmt::format("{}; {}", hanging.way, hanging.flip), hanging.fix);
    } else {
      found.note(std::move(message));
    }
  }
}

/// All that stands in tables and catalogs. What is against it is printed, and nothing is left behind.
asio::awaitable<ExitCode> install_in_transaction(pg::Connection& connection, const mapping::MigrationFile& file) {
  co_await connection.script("begin");
  auto made = co_await sync::install(connection, file);
  co_await connection.script("savepoint crossfade_look");
  const auto preflight = co_await mapping::inspect(connection, file);
  co_await connection.script("rollback to savepoint crossfade_look");
  if (!preflight.ok()) {
    co_await connection.script("rollback");
    std::cerr << mapping::plan_text(preflight);
    co_return worst(preflight);
  }
  for (auto fence : sync::create_fences(preflight.model)) co_await connection.script(std::move(fence));
  auto publication = sync::create_publication(preflight.model);
  co_await connection.script(std::move(publication));
  const bool made_stable = co_await cutover::make_stable_views(connection, preflight.model);
  if (made_stable) made.push_back(preflight.model.stable_schema);
  co_await sync::enter(connection, preflight.model, made);
  for (auto rest : sync::rest_triggers(preflight.model)) co_await connection.script(std::move(rest));
  co_await connection.script("commit");
  co_return ExitCode::kOk;
}

asio::awaitable<std::string> slot_to_make(const Options& options, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "prepare"));
  const auto slots = co_await mapping::find_slot_names(connection, file.yaml.migration());
  co_return slots.forward;
}

asio::awaitable<ExitCode> prepare_here(const Options& options, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "prepare"));
  const auto settings = co_await engine_settings(connection, options, file.yaml.migration(), mapping::Direction::kForward);
  const bool prepared = co_await sync::is_prepared(connection, file.yaml.migration());
  if (prepared) {
    log::info("already prepared", {{"migration", file.yaml.migration()}});
    co_return ExitCode::kOk;
  }
  co_return co_await install_migration(connection, file, settings);
}

asio::awaitable<void> take_from_daemon(pg::Connection& connection, std::string migration) {
  const pg::Parameters parameters = {migration, "cancel"};
  const auto lease = co_await connection.query(std::string(queries::lease_take), parameters);
  if (!lease.is_null(0, 0)) co_return;
  Failure::Facts facts;
  facts.exit = ExitCode::kNotLeader;
  facts.message = fmt::format("a daemon is working on migration {}", migration);
  facts.advice = "stop it (SIGTERM), then cancel";
  throw Failure(std::move(facts));
}

asio::awaitable<ExitCode> cancel_here(const Options& options, const mapping::MigrationFile& file) {
  const auto& name = file.yaml.migration();
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "cancel"));
  co_await sync::prepare_alone(connection, name);
  const auto prepared = co_await sync::how_prepared(connection, name);
  if (prepared != sync::Prepared::kNot) {
    co_await take_from_daemon(connection, name);
    co_await cutover::drop_stable_views(connection, name);
  }
  const bool was_there = co_await sync::cancel(connection, name);
  if (!was_there) throw usage_failure(fmt::format("migration {} is not in this database", name), "there is nothing to cancel");
  log::info("cancelled; nothing of crossfade is left", {{"migration", name}});
  co_return ExitCode::kOk;
}

}  // namespace

asio::awaitable<mapping::Preflight> look(const Options& options, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "plan"));
  const bool prepared = co_await sync::is_prepared(connection, file.yaml.migration());
  co_await connection.script("begin");
  if (!prepared) co_await sync::install(connection, file);
  auto directed = co_await course_of(connection, file);
  mapping::Preflight preflight;
  if (directed.direction == mapping::Direction::kReverse) {
    preflight = co_await mapping::inspect_course(connection, std::move(directed));
  } else {
    preflight = co_await mapping::inspect(connection, file);
    if (preflight.ok()) co_await add_inventory(connection, file, preflight);
  }
  co_await connection.script("rollback");
  co_return preflight;
}

asio::awaitable<ExitCode> install_migration(pg::Connection& connection, const mapping::MigrationFile& file,
                                            const sync::Settings& settings) {
  const auto& name = file.yaml.migration();
  co_await sync::prepare_alone(connection, name);
  const auto prepared = co_await sync::how_prepared(connection, name);
  if (prepared == sync::Prepared::kNot) {
    const auto refused = co_await install_in_transaction(connection, file);
    if (refused != ExitCode::kOk) co_return refused;
  }
  if (prepared != sync::Prepared::kWhole) co_await sync::begin_stream(connection, name, settings);
  log::info("prepared", {{"migration", name}, {"targets", file.yaml.targets().size()}, {"slot", settings.slot}});
  co_return ExitCode::kOk;
}

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
  return worst(preflight);
}

ExitCode prepare(const Options& options) {
  const auto file = load(options);
  asio::io_context io;
  if (options.print_sql || options.dry_run) {
    const auto preflight = run_to_end(io, look(options, file));
    if (!preflight.ok()) {
      std::cerr << mapping::plan_text(preflight);
      return worst(preflight);
    }
    io.restart();
    const auto slot = run_to_end(io, slot_to_make(options, file));
    std::cout << (options.print_sql ? prepare_sql(file, preflight.model, slot) : prepare_steps(file, preflight.model, slot));
    return ExitCode::kOk;
  }
  return run_to_end(io, prepare_here(options, file));
}

ExitCode cancel(const Options& options) {
  const auto file = load(options);
  confirm(options, file.yaml.migration(), fmt::format("cancel drops the shadow tables of migration {}", file.yaml.migration()));
  asio::io_context io;
  return run_to_end(io, cancel_here(options, file));
}

}  // namespace crossfade::app
