#include <embedded_monitoring.h>
#include <fmt/format.h>

#include <fstream>
#include <iostream>

#include "app/cli/commands.h"
#include "base/failure.h"

namespace crossfade::app {

ExitCode dashboards(const Options& options) {
  const auto folder = options.dir.empty() ? std::filesystem::path("monitoring") : options.dir;
  for (const auto& file : monitoring::files) {
    const auto path = folder / file.path;
    std::error_code failed;
    std::filesystem::create_directories(path.parent_path(), failed);
    std::ofstream out(path, std::ios::binary);
    out << file.text;
    out.close();
    if (!out) throw usage_failure(fmt::format("{} cannot be written", path.string()), "choose another folder with --dir");
    std::cout << path.string() << '\n';
  }
  return ExitCode::kOk;
}

}  // namespace crossfade::app
