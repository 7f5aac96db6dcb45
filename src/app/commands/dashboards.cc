#include <embedded_monitoring.h>
#include <fmt/format.h>

#include <fstream>
#include <iostream>

#include "app/cli/tell_script.h"
#include "app/commands/commands.h"
#include "base/error/failure.h"

namespace crossfade::app {
namespace {

struct DashboardsOptions {
  std::filesystem::path dir = "monitoring";
};

void declare(OptionSet& options, DashboardsOptions& own) { options.path("--dir", own.dir, "DIR", "Folder; monitoring here unless given"); }

ExitCode dashboards(const Options& options, const DashboardsOptions& own) {
  std::vector<std::string> written;
  for (const auto& file : monitoring::files) {
    const auto path = own.dir / file.path;
    std::error_code failed;
    std::filesystem::create_directories(path.parent_path(), failed);
    std::ofstream out(path, std::ios::binary);
    out << file.text;
    out.close();
    if (!out) throw usage_failure(fmt::format("{} cannot be written", path.string()), "choose another folder with --dir");
    if (!options.json) std::cout << path.string() << '\n';
    written.push_back(path.string());
  }
  tell_script(options, did("written", written));
  return ExitCode::kOk;
}

}  // namespace

Command dashboards_command() {
  return {"dashboards", "This program", "Write the Grafana dashboards and Prometheus rules that belong to this version", with_options(declare, dashboards)};
}

}  // namespace crossfade::app
