#include "app/moves/move_reads.h"

#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include <cstdlib>
#include <iostream>

#include "app/cli/context.h"
#include "app/cli/tell_script.h"
#include "app/status/checklist.h"
#include "base/error/failure.h"
#include "setup/state/editions.h"

namespace crossfade::app {
namespace {

/// The session's role is often the same for everybody; the audit should name the person.
std::string who() {
  const char* name = std::getenv("USER");
  return name == nullptr ? "" : name;
}

cutover::Patience patience_of(const v1::CutoverOptions& options) {
  cutover::Patience patience;
  patience.lock_timeout = std::chrono::milliseconds(google::protobuf::util::TimeUtil::DurationToMilliseconds(options.lock_timeout()));
  return patience;
}

/// Nothing may keep anybody from going back.
asio::awaitable<std::vector<cutover::Condition>> checklist_of(pg::Connection& connection, const mapping::MigrationFile& file, bool goes_up) {
  if (!goes_up) co_return std::vector<cutover::Condition>{};
  const cutover::Limits limits;
  auto facts = co_await cutover::gather_facts(connection, file.yaml.migration(), limits);
  facts.folder = co_await setup::changed_files(connection, file);
  co_return cutover::checklist_of_reads(facts, limits);
}

asio::awaitable<ExitCode> flip(const Options& options, setup::Event event, bool dry_run, const mapping::MigrationFile& file, const WantedReads& to) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "reads"));
  co_await setup::expect(connection, file.yaml.migration(), event);
  const auto model = co_await prepared_model(connection, file);
  const auto patience = patience_of(file.yaml.cutover());
  const double before = co_await cutover::percent_on_v2(connection, model.name);
  const auto wanted = to(file.yaml.cutover(), before, who());
  const auto checklist = co_await checklist_of(connection, file, wanted.percent > before);
  if (dry_run) {
    const CutoverPlan shown{checklist, {}, cutover::plan_reads(model, before, wanted, patience), std::nullopt, wanted.action};
    co_return show_cutover_plan(options, shown);
  }
  const auto blockers = cutover::blockers_of(checklist);
  v1::Flip reply;
  reply.set_action(wanted.action);
  reply.set_percent(before);
  reply.set_percent_before(before);
  reply.set_writes(model.direction == mapping::Direction::kReverse ? "v2" : "v1");
  if (!blockers.empty()) co_return show_blockers(options, blockers, reply);
  const auto began = pg::Clock::now();
  const auto done = co_await cutover::flip_reads(connection, model, endpoint(options, wanted.action), wanted, patience);
  reply.set_done(true);
  reply.set_flip(done.flip);
  reply.set_percent(wanted.percent);
  reply.set_percent_before(done.before);
  reply.set_attempts(done.attempts);
  if (wanted.percent > 0) reply.add_next_steps(wanted.percent < 100 ? "crossfade cutover reads --dry-run" : "crossfade cutover writes --dry-run");
  tell_script(options, reply);
  if (options.json) co_return ExitCode::kOk;
  std::cout << fmt::format("{:g} % of the keys read v2 now, {:g} % did before. It took {} ms{}.\n", wanted.percent, done.before,
                           std::chrono::duration_cast<std::chrono::milliseconds>(pg::Clock::now() - began).count(),
                           done.attempts > 1 ? fmt::format(" and {} attempts", done.attempts) : "");
  co_return ExitCode::kOk;
}

}  // namespace

ExitCode move_reads(const Options& options, setup::Event event, bool dry_run, const WantedReads& wanted) {
  const auto file = load(options);
  asio::io_context io;
  return run_to_end(io, flip(options, event, dry_run, file, wanted));
}

}  // namespace crossfade::app
