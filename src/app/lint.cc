#include "verify/lint.h"

#include <fmt/format.h>

#include <iostream>

#include "api/message.h"
#include "app/commands.h"
#include "app/context.h"
#include "base/failure.h"
#include "mapping/inspect.h"
#include "mapping/plan.h"
#include "sync/prepare.h"
#include "verify/report.h"

namespace crossfade::app {
namespace {

/// Views are compared whole after each change; above this a change takes seconds.
constexpr double kMostRows = 200'000;

void require_small(const mapping::Model& model) {
  for (const auto& target : model.targets) {
    if (target.estimated_rows <= kMostRows) continue;
    throw precondition_failure(fmt::format("view {} has about {:.0f} rows, and lint compares it whole after each change", target.name, target.estimated_rows),
                               fmt::format("run it on a copy with less data; up to {:.0f} rows are compared", kMostRows));
  }
}

asio::awaitable<ExitCode> lint_here(const Options& options, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "lint"));
  const bool prepared = co_await sync::is_prepared(connection, file.yaml.migration());
  if (prepared) {
    throw precondition_failure(fmt::format("migration {} is prepared here: its shadow tables are in use", file.yaml.migration()),
                               "lint before `crossfade prepare`, or on a copy of the database");
  }
  // One snapshot, so that what others commit meanwhile is not taken for a consequence.
  co_await connection.script("begin isolation level repeatable read; set local jit = off; set local lock_timeout = '5s'");
  co_await sync::install(connection, file);
  auto preflight = co_await mapping::inspect(connection, file);
  if (!preflight.ok()) {
    std::cerr << mapping::plan_text(preflight);
    co_return ExitCode::kPrecondition;
  }
  require_small(preflight.model);
  // Whatever is to be in a target some day is compared.
  for (auto& target : preflight.model.targets) target.lazy = false;
  co_await verify::prepare_lint(connection, preflight.model);
  verify::LintOptions how;
  how.samples = options.samples;
  const auto linted = co_await verify::lint(connection, preflight.model, how);
  co_await connection.script("rollback");
  const auto reply = verify::reply_of(preflight.model, linted);
  std::cout << (options.json ? api::json_of(reply) + "\n" : verify::to_text(reply));
  co_return verify::exit_code(reply);
}

}  // namespace

ExitCode lint(const Options& options) {
  const auto file = load(options);
  asio::io_context io;
  return run_to_end(io, lint_here(options, file));
}

}  // namespace crossfade::app
