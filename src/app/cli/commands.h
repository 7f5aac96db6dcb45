#pragma once

#include "app/cli/options.h"
#include "base/exit_code.h"

namespace crossfade::app {

// One function a command. Results go to stdout, everything else to stderr; what goes wrong is thrown as Failure.
ExitCode init(const Options& options);
ExitCode plan(const Options& options);
ExitCode lint(const Options& options);
ExitCode prepare(const Options& options);
ExitCode cancel(const Options& options);
ExitCode run(const Options& options);
ExitCode wait(const Options& options);
ExitCode status(const Options& options);
ExitCode demo(const Options& options);
ExitCode verify(const Options& options);
ExitCode account(const Options& options);
ExitCode check(const Options& options);
ExitCode compare(const Options& options);
ExitCode quarantine(const Options& options);
ExitCode touch(const Options& options);
ExitCode explain(const Options& options);
ExitCode import(const Options& options);
ExitCode backup(const Options& options);
ExitCode rehearse(const Options& options);
ExitCode cutover_reads(const Options& options);
ExitCode rollback_reads(const Options& options);
ExitCode completion(const Options& options);
ExitCode manual(const Options& options);
ExitCode report(const Options& options);
ExitCode pace(const Options& options);
ExitCode cutover_writes(const Options& options);
ExitCode rollback_writes(const Options& options);
ExitCode complete(const Options& options);
ExitCode doctor(const Options& options);
ExitCode pause(const Options& options);
ExitCode resume(const Options& options);
ExitCode dashboards(const Options& options);

}  // namespace crossfade::app
