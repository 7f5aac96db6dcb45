#include "mapping/plan/plan_text.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iostream>

#include "api/message.h"
#include "app/cli/context.h"
#include "app/commands/commands.h"
#include "base/error/failure.h"
#include "mapping/plan/fixes.h"
#include "mapping/plan/picture.h"
#include "mapping/plan/plan_views.h"

namespace crossfade::app {
namespace {

struct PlanOptions {
  bool print_sql = false;
  bool print_fixes = false;
  std::string explain;
  std::filesystem::path picture;
};

void declare(OptionSet& options, PlanOptions& own) {
  options.flag("--print-sql", own.print_sql, "The statements that refresh, too");
  options.text("--explain", own.explain, "TARGET", "Nothing but this target's view as a tree, with the way that changes of each table take to its rows");
  options.path("--picture", own.picture, "FILE", "Draw the whole migration into this SVG: what is followed, what is filled, and the rules between them");
  options.flag("--print-fixes", own.print_fixes, "Nothing but a script for psql that mends what a statement can mend");
}

void draw(const mapping::Preflight& preflight, const std::filesystem::path& path) {
  std::ofstream file(path, std::ios::binary);
  file << mapping::picture(preflight);
  file.close();
  if (!file) throw usage_failure(fmt::format("{} cannot be written", path.string()), "look at the rights of the folder, and at the disk");
}

ExitCode plan(const Options& options, const PlanOptions& own) {
  const auto file = load(options);
  asio::io_context io;
  const auto preflight = run_to_end(io, look(options, file));
  if (!own.picture.empty()) draw(preflight, own.picture);
  if (options.json) {
    auto reply = mapping::plan_reply(preflight);
    if (!own.explain.empty()) mapping::add_explanation(preflight, own.explain, reply);
    std::cout << api::json_of(reply) << "\n";
  } else if (!own.explain.empty()) {
    std::cout << mapping::explanation_text(preflight, own.explain, paint_of(options));
  } else if (own.print_fixes) {
    std::cout << mapping::fixes_sql(preflight);
  } else {
    std::cout << mapping::plan_text(preflight, paint_of(options), terminal_width());
    if (own.print_sql) std::cout << mapping::refresh_sql(preflight.model);
  }
  return exit_code_of(preflight);
}

}  // namespace

Command plan_command() { return {"plan", "Set up", "Check everything and show what would be followed; writes nothing", with_options(declare, plan)}; }

}  // namespace crossfade::app
