#include "mapping/preflight/plan.h"

#include <iostream>

#include "api/message.h"
#include "app/cli/context.h"
#include "app/commands/commands.h"
#include "mapping/preflight/fixes.h"

namespace crossfade::app {
namespace {

struct PlanOptions {
  bool print_sql = false;
  bool print_fixes = false;
  std::string explain;
};

void declare(OptionSet& options, PlanOptions& own) {
  options.flag("--print-sql", own.print_sql, "The statements that refresh, too");
  options.text("--explain", own.explain, "TARGET", "Nothing but this target's view as a tree, with the way that changes of each table take to its rows");
  options.flag("--print-fixes", own.print_fixes, "Nothing but a script for psql that mends what a statement can mend");
}

ExitCode plan(const Options& options, const PlanOptions& own) {
  const auto file = load(options);
  asio::io_context io;
  const auto preflight = run_to_end(io, look(options, file));
  if (options.json) {
    auto reply = mapping::plan_reply(preflight);
    if (!own.explain.empty()) mapping::add_explanation(preflight, own.explain, reply);
    std::cout << api::json_of(reply) << "\n";
  } else if (!own.explain.empty()) {
    std::cout << mapping::explanation_text(preflight, own.explain, paint_of(options));
  } else if (own.print_fixes) {
    std::cout << mapping::fixes_sql(preflight);
  } else {
    std::cout << mapping::plan_text(preflight, paint_of(options));
    if (own.print_sql) std::cout << mapping::refresh_sql(preflight.model);
  }
  return exit_code_of(preflight);
}

}  // namespace

Command plan_command() { return {"plan", "Set up", "Check everything and show what would be followed; writes nothing", with_options(declare, plan)}; }

}  // namespace crossfade::app
