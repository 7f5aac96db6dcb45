#include "app/commands/commands.h"
#include "app/moves/move_reads.h"

namespace crossfade::app {
namespace {

struct CutoverReadsOptions {
  std::optional<double> percent;
  bool dry_run = false;
};

void declare(OptionSet& options, CutoverReadsOptions& own) {
  options.percent("--percent", own.percent, "Share of keys, above 0 up to 100; else the next of the file's cutover.route_steps, or all");
  options.flag("--dry-run", own.dry_run, "Print steps and blockers");
}

ExitCode cutover_reads(const Options& options, const CutoverReadsOptions& own) {
  return move_reads(options, setup::Event::kMoveReads, own.dry_run, [&own](const v1::CutoverOptions& cutover, double now, std::string who) {
    return cutover::move_reads(own.percent.value_or(cutover::next_route_step(cutover, now)), std::move(who));
  });
}

}  // namespace

Command cutover_reads_command() {
  return {"cutover reads", "Move", "Send reads to v2, for all keys or a percentage", with_options(declare, cutover_reads)};
}

}  // namespace crossfade::app
