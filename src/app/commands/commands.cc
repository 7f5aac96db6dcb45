#include "app/commands/commands.h"

namespace crossfade::app {

std::vector<Command> all_commands() {
  return {
      demo_command(),           init_command(),
      // Set up
      plan_command(),           lint_command(),           prepare_command(),        run_command(),
      amend_command(),
      // Look
      wait_command(),           status_command(),         explain_command(),        report_command(),
      history_command(),
      // Prove
      verify_command(),         account_command(),        check_command(),          compare_command(),
      // Steer
      quarantine_command(),     refresh_command(),        throttle_command(),       pause_command(),          resume_command(),
      // Move
      cutover_reads_command(),  cutover_writes_command(), rollback_reads_command(), rollback_writes_command(), doctor_command(),
      complete_command(),       cancel_command(),
      // Data and surroundings
      backup_command(),         rehearse_command(),       import_command(),         dashboards_command(),
      completion_command(),     manual_command(),         version_command(),
  };
}

}  // namespace crossfade::app
