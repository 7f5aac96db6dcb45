#include "app/moves/move_writes.h"

#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include <cstdlib>
#include <iostream>

#include "app/cli/context.h"
#include "app/cli/tell_script.h"
#include "app/moves/flip_hook.h"
#include "app/moves/move_across.h"
#include "app/status/checklist.h"
#include "base/error/failure.h"
#include "cutover/record/evidence.h"
#include "cutover/writes/writes.h"
#include "cutover/writes/writes_plan.h"
#include "mapping/catalog/slot_names.h"
#include "setup/prepare/prepare.h"
#include "setup/state/editions.h"

namespace crossfade::app {
namespace {

std::chrono::milliseconds milliseconds_of(const google::protobuf::Duration& duration) {
  return std::chrono::milliseconds(google::protobuf::util::TimeUtil::DurationToMilliseconds(duration));
}

cutover::WritesFlip wanted(const MoveWritesOptions& own, const mapping::MigrationFile& file, mapping::Direction to) {
  cutover::WritesFlip flip{file, to, "", {}, {}};
  const char* user = std::getenv("USER");
  flip.who = user == nullptr ? "" : user;
  flip.limits.hold = own.hold_limit.value_or(milliseconds_of(file.yaml.cutover().hold_limit()));
  flip.limits.lock_timeout = own.lock_timeout.value_or(milliseconds_of(file.yaml.cutover().lock_timeout()));
  flip.limits.terminate_blockers = own.terminate_blockers;
  flip.rehearse = own.rehearse;
  flip.set_aside = own.set_aside;
  flip.hook = flip_hook(file.yaml, flip.action());
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

asio::awaitable<ExitCode> show(const Options& options, cutover::WritesFlip flip) {
  co_await look_up(flip, options);
  pg::Connection connection = co_await pg::Connection::open(flip.settings.endpoint);
  co_await setup::expect(connection, flip.file.yaml.migration(), flip.event());
  const auto plan = co_await cutover::plan_writes(connection, flip);
  std::optional<HoldEstimate> hold;
  if (!plan.owns) hold = HoldEstimate{cutover::estimated_hold(plan), plan.last_hold_milliseconds, flip.limits.hold};
  const CutoverPlan shown{plan.checklist, plan.inventory, plan.steps, hold, plan.owns ? "" : flip.action()};
  co_return show_cutover_plan(options, shown);
}

/// The page that was written.
asio::awaitable<std::filesystem::path> write_evidence(const cutover::WritesFlip& flip, const cutover::WritesOutcome& done, std::filesystem::path folder) {
  pg::Connection connection = co_await pg::Connection::open(flip.settings.endpoint);
  cutover::EvidenceOf of{flip.file.yaml.migration(), flip.action(), done.flip, done.hold_milliseconds, std::move(folder)};
  co_return co_await cutover::write_evidence(connection, std::move(of));
}

v1::Flip reply_of(const cutover::WritesFlip& flip, const cutover::WritesOutcome& done) {
  const bool to_v2 = flip.to == mapping::Direction::kReverse;
  const bool moved = done.blockers.empty() && !done.rehearsed;
  v1::Flip reply;
  reply.set_done(moved);
  reply.set_action(flip.action());
  reply.set_flip(done.flip);
  reply.set_writes(to_v2 == moved ? "v2" : "v1");
  reply.set_attempts(done.attempts);
  if (done.rehearsed || !done.flip.empty()) reply.set_hold_milliseconds(done.hold_milliseconds);
  reply.set_set_aside(static_cast<double>(done.set_aside));
  for (const auto& note : done.notes) reply.add_notes(note);
  if (done.rehearsed) reply.add_next_steps("crossfade " + flip.action());
  if (!done.flip.empty() && !to_v2) reply.add_next_steps("crossfade verify");
  return reply;
}

asio::awaitable<ExitCode> flip_now(const Options& options, cutover::WritesFlip flip, std::filesystem::path evidence) {
  co_await look_up(flip, options);
  const auto done = co_await cutover::flip_writes(flip);
  const char* side = flip.to == mapping::Direction::kReverse ? "v2" : "v1";
  auto reply = reply_of(flip, done);
  if (!done.blockers.empty()) co_return show_blockers(options, done.blockers, std::move(reply));
  const auto exit = done.still_paused ? ExitCode::kTimeout : ExitCode::kOk;
  if (options.json) {
    if (!done.flip.empty()) {
      const auto page = co_await write_evidence(flip, done, std::move(evidence));
      reply.set_evidence(page.string());
    }
    tell_script(options, reply);
    co_return exit;
  }
  if (done.rehearsed) {
    std::cout << fmt::format("Rehearsed: writers waited {:.0f} ms for locks and drain{}; {} owns the data as before. Names and fences come on top, "
                             "for which readers wait too.\n", done.hold_milliseconds, done.attempts > 1 ? fmt::format(", in attempt {}", done.attempts) : "",
                             flip.to == mapping::Direction::kReverse ? "v1" : "v2");
    co_return exit;
  }
  if (done.flip.empty()) {
    std::cout << fmt::format("The writes are on {} already.\n", side);
  } else {
    std::cout << fmt::format("The writes are on {} now. Writers waited {:.0f} ms at most{}.\n", side, done.hold_milliseconds,
                             done.attempts > 1 ? fmt::format(", in attempt {}", done.attempts) : "");
    const auto page = co_await write_evidence(flip, done, std::move(evidence));
    std::cout << fmt::format("What it rested on and what it did: {}\n", page.string());
  }
  if (!done.flip.empty() && flip.to == mapping::Direction::kForward) {
    std::cout << "What v2 has and v1 has no word for is still there: crossfade verify shows it, crossfade verify --repair brings v2 in line.\n";
  }
  if (done.set_aside > 0) {
    std::cout << fmt::format("{} keys that v1 cannot take are in {}, with their reason and their rows of v2.\n", done.set_aside, flip.kept_name());
  }
  for (const auto& note : done.notes) std::cout << note << '\n';
  co_return exit;
}

/// A bound of nought is none to the server: it would wait without end.
void require_bounds(const MoveWritesOptions& own) {
  const auto none = std::chrono::milliseconds::zero();
  if (own.hold_limit == none) throw usage_failure("--hold-limit: writers have to be made to wait for a moment", "write e.g. 500ms");
  if (own.lock_timeout == none) throw usage_failure("--lock-timeout: a lock has to be waited for for a moment", "write e.g. 100ms");
}

asio::awaitable<mapping::MigrationFile> installed(const Options& options, mapping::MigrationFile file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, file.yaml.migration()));
  co_await setup::require_prepared(connection, file.yaml.migration());
  co_return co_await setup::as_installed(connection, std::move(file));
}

/// Whoever goes back goes back by what the database has: what was edited meanwhile must not keep anybody from it.
mapping::MigrationFile file_of_move(const Options& options, mapping::Direction to) {
  auto file = load(options);
  if (to == mapping::Direction::kReverse) return file;
  const auto cutover = file.yaml.cutover();
  asio::io_context io;
  auto was_installed = run_to_end(io, installed(options, std::move(file)));
  // Limits and hook are what whoever goes back wants now.
  *was_installed.yaml.mutable_cutover() = cutover;
  return was_installed;
}

}  // namespace

void declare_move_of_writes(OptionSet& options, MoveWritesOptions& own) {
  options.flag("--dry-run", own.dry_run, "Print steps, blockers and the estimated hold");
  options.duration("--hold-limit", own.hold_limit, "How long writers may be made to wait, e.g. 500ms");
  options.duration("--lock-timeout", own.lock_timeout, "How long one lock is waited for, e.g. 100ms");
  options.flag("--terminate-blockers", own.terminate_blockers, "End the sessions that keep the flip from its locks");
  options.flag("--rehearse", own.rehearse, "Take the locks, drain, and let go: how long would writers wait now?");
  options.path("--evidence", own.evidence, "DIR", "Folder for the files that say what was proved and done");
}

ExitCode move_writes(const Options& options, const MoveWritesOptions& own, mapping::Direction to) {
  require_bounds(own);
  const auto file = file_of_move(options, to);
  const auto flip = wanted(own, file, to);
  if (across(options)) return move_across(options, own, flip);
  if (own.no_way_back) throw usage_failure("--no-way-back is said of a move to another server, and v2 is beside v1", "leave it out: `crossfade rollback writes` brings the writes back, until `crossfade complete`");
  asio::io_context io;
  if (own.dry_run) return run_to_end(io, show(options, flip));
  if (!own.rehearse) confirm(options, file.yaml.migration(), fmt::format("{} turns the data of migration {} over to {}", flip.action(), file.yaml.migration(),
                                                      to == mapping::Direction::kReverse ? "v2" : "v1"));
  return run_to_end(io, flip_now(options, flip, own.evidence));
}

}  // namespace crossfade::app
