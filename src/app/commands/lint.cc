#include "lint/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "api/message.h"
#include "app/cli/context.h"
#include "app/commands/commands.h"
#include "base/failure.h"
#include "mapping/catalog/tables_there.h"
#include "mapping/preflight/inspect.h"
#include "mapping/preflight/plan.h"
#include "pg/reading.h"
#include "setup/prepare.h"
#include "sync/state/store.h"
#include "verify/report.h"

namespace crossfade::app {
namespace {

struct LintOptions {
  std::optional<int> samples;  ///< none: as many as the views' size allows
};

void declare(OptionSet& options, LintOptions& own) {
  options.number("--samples", own.samples, {1, 1000}, "Rows of each source that are changed: 12, or 3 where a view is large");
}

bool any_above(const mapping::Model& model, double rows) {
  return std::any_of(model.targets.begin(), model.targets.end(), [&](const auto& target) { return target.estimated_rows > rows; });
}

/// A change is followed by a comparison of every view; an experiment should take minutes at the most.
std::size_t samples_for(const mapping::Model& model) {
  constexpr double kLarge = 20'000;
  return any_above(model, kLarge) ? 3 : 12;
}

/// Above this a comparison of the whole takes seconds.
constexpr double kMostRows = 200'000;

asio::awaitable<void> require_v1(pg::Connection& connection, const std::string& migration) {
  const auto direction = co_await sync::store::read_direction(connection, migration);
  if (direction != mapping::Direction::kReverse) co_return;
  throw precondition_failure(fmt::format("v2 owns the data of migration {}: v1 takes no changes that could be followed", migration),
                             "lint on a copy of the database from before the writes moved");
}

asio::awaitable<ExitCode> lint_here(const Options& options, const LintOptions& own, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "lint"));
  const bool prepared = co_await sync::is_prepared(connection, file.yaml.migration());
  if (prepared) co_await require_v1(connection, file.yaml.migration());
  // One snapshot, so that what others commit meanwhile is not taken for a consequence.
  pg::Reading reading;
  reading.relations = co_await mapping::tables_there(connection, file.yaml);
  reading.then = "set local jit = off; set local lock_timeout = '5s'";
  co_await pg::await_reading(connection, std::move(reading));
  if (!prepared) co_await sync::install(connection, file);
  const auto preflight = co_await mapping::inspect(connection, file);
  if (!preflight.ok()) {
    std::cerr << mapping::faults_text(preflight);
    co_return ExitCode::kPrecondition;
  }
  verify::LintOptions how;
  how.samples = own.samples ? static_cast<std::size_t>(*own.samples) : samples_for(preflight.model);
  const bool whole = !any_above(preflight.model, kMostRows);
  const auto scope = co_await verify::prepare_lint(connection, preflight.model, whole, how.samples);
  const auto linted = co_await verify::lint(connection, preflight.model, scope, how);
  co_await connection.script("rollback");
  const auto reply = verify::reply_of(preflight.model, scope, linted);
  std::cout << (options.json ? api::json_of(reply) + "\n" : verify::to_text(reply));
  co_return verify::exit_code(reply);
}

ExitCode lint(const Options& options, const LintOptions& own) {
  const auto file = load(options);
  asio::io_context io;
  return run_to_end(io, lint_here(options, own, file));
}

}  // namespace

Command lint_command() {
  return {"lint", "Set up", "Test the follow rules by changes that are rolled back; 4 if a row is not announced", with_options(declare, lint)};
}

}  // namespace crossfade::app
