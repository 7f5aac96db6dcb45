#include "lint/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <limits>

#include "api/message.h"
#include "app/cli/context.h"
#include "app/commands/commands.h"
#include "app/status/long_work.h"
#include "base/error/failure.h"
#include "lint/lint_reply.h"
#include "lint/sandbox.h"
#include "mapping/catalog/relations.h"
#include "mapping/plan/plan_text.h"
#include "mapping/preflight/inspect.h"
#include "pg/reading.h"
#include "setup/prepare/prepare.h"
#include "setup/state/editions.h"
#include "sync/state/store.h"
#include "verify/diff/given_back.h"
#include "verify/reply_text.h"

namespace crossfade::app {
namespace {

struct LintOptions {
  std::optional<int> samples;  ///< none: as many as the views' size allows
  std::chrono::milliseconds most{120'000};
  bool reverse = false;
};

void declare(OptionSet& options, LintOptions& own) {
  options.number("--samples", own.samples, {1, 1000}, "Rows of each source that are changed: 12, or 3 where a view is large");
  options.flag("--reverse", own.reverse, "Try the way back: changes of v2 as the views make it, and what v1 demands; before prepare");
  options.duration("--for", own.most, "End after that time with what is known, exit code 10 if that is no fault (2m); what tells most is tried first");
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

/// The way back is tried on a v2 that the transaction has filled.
void require_way_back(const mapping::Preflight& preflight, bool prepared) {
  if (!preflight.reverse) {
    throw precondition_failure(fmt::format("migration {} has no way back", preflight.model.name), "crossfade init --reverse drafts one from the views");
  }
  if (prepared) {
    throw precondition_failure(fmt::format("migration {} is prepared: its new tables are no place to try changes in", preflight.model.name),
                               "try the way back before prepare, or on a copy of the database");
  }
  if (any_above(preflight.model, kMostRows)) {
    throw precondition_failure(fmt::format("the new tables have more than {:.0f} rows, which would all be made for this", kMostRows),
                               "try the way back on a copy with a part of the data");
  }
}

/// What a command that may be ended at any time has until then.
struct Known {
  mapping::Preflight preflight;
  lint::Scope scope;
  lint::Linted linted;
  std::vector<verify::GivenBack> given_back;  ///< on the way back
};

asio::awaitable<void> lint_here(const Options& options, const LintOptions& own, const mapping::MigrationFile& file, Known& known, LongWork& work) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "lint"));
  EndsOnServer work_there(connection);
  const bool prepared = co_await setup::is_prepared(connection, file.yaml.migration());
  if (prepared) co_await require_v1(connection, file.yaml.migration());
  // One snapshot, so that what others commit meanwhile is not taken for a consequence.
  pg::Reading reading;
  reading.relations = co_await mapping::tables_there(connection, file.yaml);
  reading.then = "set local lock_timeout = '5s'";
  co_await pg::await_reading(connection, std::move(reading));
  // A foreign key of v2's to a table that is written: who writes it queues behind us.
  if (!prepared) co_await connection.script("set local lock_timeout = '100ms'");
  if (!prepared) co_await setup::install(connection, file);
  if (!prepared) co_await connection.script("set local lock_timeout = '5s'");
  work.at({"the mapping is checked"});
  // The views that are there: the folder may have been edited since.
  auto tried = file;
  if (prepared) tried = co_await setup::as_installed(connection, file);
  known.preflight = co_await mapping::inspect(connection, tried);
  if (!known.preflight.ok()) co_return work_there.done();
  if (own.reverse) {
    require_way_back(known.preflight, prepared);
    work.at({"the views are filled into v2"});
    co_await lint::fill_targets(connection, known.preflight.model);
    known.preflight.model = *known.preflight.reverse;
    work.at({"what comes back is held against v1"});
    // All of it, before anything is changed.
    const verify::GivenBackBounds whole{std::numeric_limits<std::size_t>::max(), std::chrono::hours(1)};
    known.given_back = co_await verify::compare_given_back(connection, known.preflight.model, whole);
  }
  const auto& model = known.preflight.model;
  lint::LintOptions how;
  how.samples = own.samples ? static_cast<std::size_t>(*own.samples) : samples_for(model);
  how.progress = &work;
  how.so_far = [&known](const lint::Linted& so_far) { known.linted = so_far; };
  const bool whole = !any_above(model, kMostRows);
  work.at({whole ? "the views are filled into a sandbox" : "rows near the samples are filled into a sandbox"});
  known.scope = co_await lint::prepare_lint(connection, model, whole, how.samples);
  known.linted = co_await lint::lint(connection, model, known.scope, how);
  co_await connection.script("rollback");
  work_there.done();
}

ExitCode lint(const Options& options, const LintOptions& own) {
  const auto file = load(options);
  Known known;
  known.preflight.model.name = file.yaml.migration();
  LongWork work(options, "lint", own.most);
  const auto ended = work.to_end(lint_here(options, own, file, known, work));
  if (!known.preflight.ok()) {
    if (options.json) std::cout << api::json_of(mapping::plan_reply(known.preflight)) << '\n';
    else std::cerr << mapping::faults_text(known.preflight);
    return ExitCode::kPrecondition;
  }
  // What the view says by itself nobody has written, and nobody can leave out.
  const auto& derived = own.reverse ? known.preflight.reverse_derived : known.preflight.derived;
  std::erase_if(known.linted.unneeded, [&](std::size_t rule) { return rule < derived.size() && !derived[rule].empty(); });
  auto reply = lint::reply_of(known.preflight.model, known.scope, known.linted);
  lint::add_given_back(known.given_back, reply);
  if (ended != LongWork::Ended::kByItself) reply.set_ended_by(ended == LongWork::Ended::kTimeOver ? "time" : "hand");
  lint::add_next_steps(reply);
  std::cout << (options.json ? api::json_of(reply) + "\n" : lint::to_text(reply));
  const auto found = lint::exit_code(reply);
  return found == ExitCode::kTimeout ? exit_code(ended) : found;
}

}  // namespace

Command lint_command() {
  return {"lint", "Set up", "Test the follow rules by changes that are rolled back; 4 if a row is not announced", with_options(declare, lint)};
}

}  // namespace crossfade::app
