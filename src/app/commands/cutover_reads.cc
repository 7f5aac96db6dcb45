#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include <cstdlib>
#include <iostream>

#include "app/cli/commands.h"
#include "app/cli/context.h"
#include "app/status/checklist.h"
#include "base/failure.h"
#include "cutover/layout/blockers.h"
#include "cutover/reads/reads.h"

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

asio::awaitable<ExitCode> flip(const Options& options, const mapping::MigrationFile& file, cutover::Flip wanted) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, wanted.action));
  const auto model = co_await prepared_model(connection, file);
  if (model.direction == mapping::Direction::kReverse) {
    throw precondition_failure("v2 owns the data: everybody reads it", "bring the writes back first: `crossfade rollback writes`");
  }
  const auto patience = patience_of(file.yaml.cutover());
  const double before = co_await cutover::percent_on_v2(connection, model.name);
  // Nothing may keep anybody from going back.
  std::vector<cutover::Condition> checklist;
  if (wanted.percent > before) {
    const cutover::Limits limits;
    const auto facts = co_await cutover::gather_facts(connection, model.name, limits);
    checklist = cutover::checklist_of_reads(facts, limits);
  }
  const auto blockers = cutover::blockers_of(checklist);
  if (!options.dry_run) std::cerr << checklist_text(blockers);
  if (options.dry_run) {
    std::cout << checklist_text(checklist, paint_of(options));
    int number = 1;
    for (const auto& step : cutover::plan_reads(model, before, wanted, patience)) std::cout << fmt::format("{:2}. {}\n", number++, step);
  }
  if (!blockers.empty()) co_return ExitCode::kNotReady;
  if (options.dry_run) co_return ExitCode::kOk;
  const auto began = pg::Clock::now();
  const auto done = co_await cutover::flip_reads(connection, model, endpoint(options, wanted.action), wanted, patience);
  std::cout << fmt::format("{:g} % of the keys read v2 now, {:g} % did before. It took {} ms{}.\n", wanted.percent, done.before,
                           std::chrono::duration_cast<std::chrono::milliseconds>(pg::Clock::now() - began).count(),
                           done.attempts > 1 ? fmt::format(" and {} attempts", done.attempts) : "");
  co_return ExitCode::kOk;
}

}  // namespace

ExitCode cutover_reads(const Options& options) {
  auto wanted = cutover::move_reads(options.percent, who());
  const auto file = load(options);
  asio::io_context io;
  return run_to_end(io, flip(options, file, std::move(wanted)));
}

ExitCode rollback_reads(const Options& options) {
  const auto file = load(options);
  asio::io_context io;
  return run_to_end(io, flip(options, file, cutover::roll_back_reads(who())));
}

}  // namespace crossfade::app
