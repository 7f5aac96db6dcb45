#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include <cstdlib>
#include <iostream>

#include "app/cli/commands.h"
#include "app/cli/context.h"
#include "app/status/checklist.h"
#include "cutover/record/evidence.h"
#include "cutover/writes/writes.h"
#include "mapping/catalog/slot_names.h"
#include "setup/prepare.h"

namespace crossfade::app {
namespace {

std::chrono::milliseconds milliseconds_of(const google::protobuf::Duration& duration) {
  return std::chrono::milliseconds(google::protobuf::util::TimeUtil::DurationToMilliseconds(duration));
}

cutover::WritesFlip wanted(const Options& options, const mapping::MigrationFile& file, mapping::Direction to) {
  cutover::WritesFlip flip{file, to, "", {}, {}};
  const char* user = std::getenv("USER");
  flip.who = user == nullptr ? "" : user;
  flip.limits.hold = options.hold_limit.value_or(milliseconds_of(file.yaml.cutover().hold_limit()));
  flip.limits.lock_timeout = options.lock_timeout.value_or(milliseconds_of(file.yaml.cutover().lock_timeout()));
  flip.limits.terminate_blockers = options.terminate_blockers;
  return flip;
}

/// What only the database can tell.
asio::awaitable<void> look_up(cutover::WritesFlip& flip, const Options& options) {
  const auto& name = flip.file.yaml.migration();
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, name));
  const auto slots = co_await mapping::find_slot_names(connection, name);
  flip.old_slot = slots.of(cutover::opposite(flip.to));
  flip.settings = co_await engine_settings(connection, options, name, flip.to);
}

asio::awaitable<ExitCode> show(cutover::WritesFlip flip, const Options& options) {
  co_await look_up(flip, options);
  pg::Connection connection = co_await pg::Connection::open(flip.settings.endpoint);
  co_await sync::require_prepared(connection, flip.file.yaml.migration());
  const auto plan = co_await cutover::plan_writes(connection, flip);
  std::cout << checklist_text(plan.checklist, paint_of(options));
  if (!plan.inventory.empty()) std::cout << "What hangs on the tables:\n";
  for (const auto& line : plan.inventory) std::cout << "  " << line << '\n';
  int number = 1;
  for (const auto& step : plan.steps) std::cout << fmt::format("{:2}. {}\n", number++, step);
  const bool as_last = plan.last_hold_milliseconds && *plan.last_hold_milliseconds >= plan.drain_milliseconds;
  std::cout << fmt::format("The hold is estimated at {:.0f} ms: {}; it ends after {} ms at the latest.\n", cutover::estimated_hold(plan),
                           as_last ? "so long was the last one" : "so long takes a drain at this moment, names and fences come on top", flip.limits.hold.count());
  co_return cutover::exit_of(cutover::blockers_of(plan.checklist));
}

asio::awaitable<ExitCode> flip_now(cutover::WritesFlip flip, const Options& options) {
  co_await look_up(flip, options);
  const auto done = co_await cutover::flip_writes(flip);
  const char* side = flip.to == mapping::Direction::kReverse ? "v2" : "v1";
  if (!done.blockers.empty()) {
    std::cerr << checklist_text(done.blockers);
    co_return cutover::exit_of(done.blockers);
  }
  if (done.flip.empty()) {
    std::cout << fmt::format("The writes are on {} already.\n", side);
  } else {
    std::cout << fmt::format("The writes are on {} now. Writers waited {:.0f} ms at most{}.\n", side, done.hold_milliseconds,
                             done.attempts > 1 ? fmt::format(", in attempt {}", done.attempts) : "");
    pg::Connection connection = co_await pg::Connection::open(flip.settings.endpoint);
    cutover::EvidenceOf of{flip.file.yaml.migration(), flip.action(), done.flip, done.hold_milliseconds, options.evidence};
    const auto page = co_await cutover::write_evidence(connection, std::move(of));
    std::cout << fmt::format("What it rested on and what it did: {}\n", page.string());
  }
  if (!done.flip.empty() && flip.to == mapping::Direction::kForward) {
    std::cout << "What v2 has and v1 has no word for is still there: crossfade verify shows it, crossfade verify --repair brings v2 in line.\n";
  }
  for (const auto& note : done.notes) std::cout << note << '\n';
  co_return ExitCode::kOk;
}

ExitCode move_writes(const Options& options, mapping::Direction to) {
  const auto file = load(options);
  const auto flip = wanted(options, file, to);
  asio::io_context io;
  if (options.dry_run) return run_to_end(io, show(flip, options));
  confirm(options, file.yaml.migration(), fmt::format("{} turns the data of migration {} over to {}", flip.action(), file.yaml.migration(),
                                                      to == mapping::Direction::kReverse ? "v2" : "v1"));
  return run_to_end(io, flip_now(flip, options));
}

}  // namespace

ExitCode cutover_writes(const Options& options) { return move_writes(options, mapping::Direction::kReverse); }
ExitCode rollback_writes(const Options& options) { return move_writes(options, mapping::Direction::kForward); }

}  // namespace crossfade::app
