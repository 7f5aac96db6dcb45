#pragma once

#include <vector>

#include "app/cli/command.h"

namespace crossfade::app {

// A command is one file, called as the command is, and one line here.
Command demo_command();
Command init_command();
Command plan_command();
Command lint_command();
Command prepare_command();
Command run_command();
Command amend_command();
Command wait_command();
Command status_command();
Command verify_command();
Command account_command();
Command check_command();
Command compare_command();
Command explain_command();
Command quarantine_command();
Command refresh_command();
Command throttle_command();
Command pause_command();
Command resume_command();
Command cutover_reads_command();
Command cutover_writes_command();
Command rollback_reads_command();
Command rollback_writes_command();
Command doctor_command();
Command complete_command();
Command cancel_command();
Command backup_command();
Command rehearse_command();
Command import_command();
Command history_command();
Command report_command();
Command dashboards_command();
Command completion_command();
Command manual_command();
Command version_command();

/// All of them, in the order of the help. The help, the manual, the completion and the command line are made from it.
std::vector<Command> all_commands();

}  // namespace crossfade::app
