#include "setup/prepare/prepare.h"

#include <iostream>

#include "app/cli/context.h"
#include "app/cli/daemon_socket.h"
#include "app/cli/tell_script.h"
#include "app/commands/commands.h"
#include "base/error/failure.h"
#include "base/telemetry/log.h"
#include "crossfade/v1/reply.pb.h"
#include "mapping/catalog/slot_names.h"
#include "mapping/plan/plan_text.h"
#include "setup/state/editions.h"
#include "setup/state/rights.h"

namespace crossfade::app {
namespace {

constexpr auto kRun = "crossfade run: the daemon backfills, then follows";

struct PrepareOptions {
  bool print_sql = false;
  std::string for_role;  ///< whose all is to be, where SQL is printed
  bool dry_run = false;
};

void declare(OptionSet& options, PrepareOptions& own) {
  options.flag("--print-sql", own.print_sql, "Print the SQL instead of running it");
  options.text("--for", own.for_role, "ROLE", "With --print-sql: so that all belongs to this role, with the grants that it needs");
  options.flag("--dry-run", own.dry_run, "Print the ordered steps");
}

ExitCode refused(const Options& options, const mapping::Preflight& preflight) {
  if (options.json) tell_script(options, mapping::plan_reply(preflight));
  else std::cerr << mapping::refusal_text(preflight);
  return exit_code_of(preflight);
}

v1::Preparation reply_of(const setup::PrepareLists& lists) {
  v1::Preparation reply;
  reply.set_prepared(lists.alone.empty());
  reply.add_next_steps(reply.prepared() ? kRun : "crossfade prepare");
  for (const auto* steps : {&lists.together, &lists.alone}) {
    for (const auto& each : *steps) {
      auto& step = *reply.add_steps();
      step.set_says(each.says);
      step.set_sql(each.sql);
    }
  }
  return reply;
}

/// It was before; whether by what the folder says now is another question.
asio::awaitable<ExitCode> tell_prepared(pg::Connection& connection, const Options& options, const mapping::MigrationFile& file) {
  log::info("already prepared", {{"migration", file.yaml.migration()}});
  const auto changes = co_await setup::script_changes(connection, file);
  std::vector<std::string> next_steps;
  for (const auto& change : changes) {
    log::warn("the folder is not what the migration was prepared with", {{"file", change.file}, {"because", change.message}, {"mend", "crossfade amend"}});
    next_steps = {"crossfade amend --dry-run"};
  }
  if (next_steps.empty()) next_steps = {kRun};
  tell_script(options, did("already prepared", {}, next_steps));
  co_return ExitCode::kOk;
}

/// Only says what it would do.
asio::awaitable<ExitCode> tell_preparation(const Options& options, const PrepareOptions& own, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "prepare"));
  const auto slots = co_await mapping::find_slot_names(connection, file.yaml.migration());
  const auto preparation = co_await setup::plan_preparation(connection, file, slots.forward);
  if (!preparation.preflight.ok()) co_return refused(options, preparation.preflight);
  if (options.json) {
    tell_script(options, reply_of(preparation.steps));
  } else if (preparation.steps.alone.empty()) {
    co_return co_await tell_prepared(connection, options, file);
  } else if (own.dry_run) {
    std::cout << setup::to_text(preparation.steps);
  } else if (own.for_role.empty()) {
    std::cout << setup::to_sql(preparation.steps);
  } else {
    const auto database = co_await identify_database(connection);
    std::cout << setup::to_sql_for(preparation.steps, own.for_role, setup::grants(preparation.preflight.model, database.name, own.for_role));
  }
  co_return ExitCode::kOk;
}

asio::awaitable<ExitCode> prepare_here(const Options& options, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "prepare"));
  const auto settings = co_await engine_settings(connection, options, file.yaml.migration(), mapping::Direction::kForward);
  const bool prepared = co_await setup::is_prepared(connection, file.yaml.migration());
  if (prepared) co_return co_await tell_prepared(connection, options, file);
  const auto preflight = co_await setup::prepare(connection, file, settings);
  if (!preflight.ok()) co_return refused(options, preflight);
  tell_script(options, did("prepared", {}, {kRun}));
  co_return ExitCode::kOk;
}

ExitCode prepare(const Options& options, const PrepareOptions& own) {
  if (!own.for_role.empty() && !own.print_sql) throw usage_failure("--for says whose the printed SQL is to be", "add --print-sql");
  if (!own.for_role.empty()) refuse_json(options, "the script for psql");
  const bool tells = own.print_sql || own.dry_run;
  if (tells && across(options)) throw usage_failure("--dry-run and --print-sql tell the steps of one server", "crossfade plan --target … looks at both; crossfade prepare does it");
  const auto file = load(options);
  asio::io_context io;
  if (tells) return run_to_end(io, tell_preparation(options, own, file));
  return run_to_end(io, prepare_here(options, file));
}

}  // namespace

Command prepare_command() { return {"prepare", "Set up", "Make schemas, views, fences, publication and slot", with_options(declare, prepare)}; }

}  // namespace crossfade::app
