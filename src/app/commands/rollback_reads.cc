#include "app/commands/commands.h"
#include "app/moves/move_reads.h"

namespace crossfade::app {
namespace {

struct RollbackReadsOptions {
  bool dry_run = false;
};

void declare(OptionSet& options, RollbackReadsOptions& own) { options.flag("--dry-run", own.dry_run, "Print steps"); }

ExitCode rollback_reads(const Options& options, const RollbackReadsOptions& own) {
  return move_reads(options, setup::Event::kRollBackReads, own.dry_run, [](const v1::CutoverOptions&, double, std::string who) { return cutover::roll_back_reads(std::move(who)); });
}

}  // namespace

Command rollback_reads_command() { return {"rollback reads", "Move", "Send all reads back to v1", with_options(declare, rollback_reads)}; }

}  // namespace crossfade::app
