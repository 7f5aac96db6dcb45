#pragma once

#include <filesystem>
#include <string>

#include "app/cli/options.h"
#include "base/error/exit_code.h"

namespace crossfade::app {

struct DemoOptions {
  std::string size = "small";  ///< of the sample data: small, medium or large
  std::filesystem::path postgres;  ///< a folder with bin/initdb; empty: what is installed
  bool keep = false;           ///< leave server and daemon running at the end
};

/// The whole move, shown on a throw-away PostgreSQL.
ExitCode demo(const Options& options, const DemoOptions& own);

}  // namespace crossfade::app
