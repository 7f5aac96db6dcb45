#include "app/moves/move_across.h"

#include <fmt/format.h>

#include <iostream>

#include "app/cli/context.h"
#include "app/cli/tell_script.h"
#include "app/status/checklist.h"
#include "base/error/failure.h"
#include "cutover/across/across_plan.h"
#include "cutover/across/across_run.h"
#include "cutover/record/evidence.h"
#include "mapping/catalog/slot_names.h"
#include "setup/prepare/prepare.h"

namespace crossfade::app {
namespace {

bool to_v2(const cutover::WritesFlip& flip) { return flip.to == mapping::Direction::kReverse; }
const char* side_of(const cutover::WritesFlip& flip) { return to_v2(flip) ? "v2" : "v1"; }

/// What only the database can tell.
asio::awaitable<void> look_up(cutover::WritesFlip& flip, const Options& options) {
  const auto& name = flip.file.yaml.migration();
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, name));
  co_await setup::require_prepared(connection, name);
  const auto slots = co_await mapping::find_slot_names(connection.source(), name);
  flip.old_slot = slots.forward;
  flip.settings = co_await engine_settings(connection, options, name, mapping::Direction::kForward);
}

asio::awaitable<ExitCode> show(const Options& options, cutover::WritesFlip flip) {
  co_await look_up(flip, options);
  pg::Connection connection = co_await pg::Connection::open(flip.settings.endpoint);
  const auto plan = co_await cutover::plan_across(connection, flip);
  const CutoverPlan shown{plan.checklist, plan.inventory, plan.steps, std::nullopt, plan.owns ? "" : to_v2(flip) ? "cutover writes --no-way-back" : flip.action()};
  co_return show_cutover_plan(options, shown);
}

asio::awaitable<ExitCode> flip_now(const Options& options, cutover::WritesFlip flip, std::filesystem::path folder) {
  co_await look_up(flip, options);
  const auto done = co_await cutover::flip_across(flip);
  const bool moved = !done.flip.empty();
  v1::Flip reply;
  reply.set_done(done.blockers.empty() && !done.rehearsed);
  reply.set_action(flip.action());
  reply.set_flip(done.flip);
  reply.set_writes(reply.done() ? side_of(flip) : "v1");
  reply.set_attempts(done.attempts);
  if (done.rehearsed || moved) reply.set_hold_milliseconds(done.hold_milliseconds);
  for (const auto& note : done.notes) reply.add_notes(note);
  if (!done.blockers.empty()) co_return show_blockers(options, done.blockers, std::move(reply));
  const auto exit = done.still_paused ? ExitCode::kTimeout : ExitCode::kOk;
  std::string page;
  if (moved && to_v2(flip)) {
    pg::Connection connection = co_await pg::Connection::open(flip.settings.endpoint);
    cutover::EvidenceOf of{flip.file.yaml.migration(), flip.action(), done.flip, done.hold_milliseconds, std::move(folder)};
    const auto written = co_await cutover::write_evidence(connection, std::move(of));
    page = written.string();
    reply.set_evidence(page);
  }
  tell_script(options, reply);
  if (options.json) co_return exit;
  if (done.rehearsed) {
    std::cout << fmt::format("Rehearsed: writers waited {:.0f} ms for locks and drain{}; v1 owns the data as before. Fences, sequences and two commits come on top.\n",
                             done.hold_milliseconds, done.attempts > 1 ? fmt::format(", in attempt {}", done.attempts) : "");
  } else if (!moved) {
    std::cout << fmt::format("The writes are on {} already.\n", side_of(flip));
  } else if (to_v2(flip)) {
    std::cout << "The writes are on v2 now, on its server; v1 is closed, and there is no way back.\n";
    if (done.hold_milliseconds > 0) std::cout << fmt::format("Writers waited {:.0f} ms at most{}.\n", done.hold_milliseconds, done.attempts > 1 ? fmt::format(", in attempt {}", done.attempts) : "");
    std::cout << fmt::format("What it rested on and what it did: {}\n", page);
  } else {
    std::cout << "Taken back: v1 is written again, and v2 follows.\n";
  }
  for (const auto& note : done.notes) std::cout << note << '\n';
  co_return exit;
}

}  // namespace

ExitCode move_across(const Options& options, const MoveWritesOptions& own, const cutover::WritesFlip& flip) {
  if (to_v2(flip) && !own.no_way_back) {
    throw usage_failure("v2 is on another server, and once it is written there nothing brings the writes back to v1",
                        "say --no-way-back, if that is meant; with --dry-run first. Without --target v2 grows beside v1, and both ways are open");
  }
  if (own.terminate_blockers) throw usage_failure("--terminate-blockers ends sessions of one server", "end those that `--dry-run` names by hand");
  if (own.set_aside) throw usage_failure("--set-aside keeps rows on the way back, and there is none from another server", "leave it out");
  asio::io_context io;
  if (own.dry_run) return run_to_end(io, show(options, flip));
  const auto& name = flip.file.yaml.migration();
  const auto what = to_v2(flip) ? fmt::format("{} turns the data of migration {} over to v2 on another server, without a way back", flip.action(), name)
                                : fmt::format("{} takes back what was begun of a move of migration {} to another server", flip.action(), name);
  if (!own.rehearse) confirm(options, name, what);
  return run_to_end(io, flip_now(options, flip, own.evidence));
}

}  // namespace crossfade::app
