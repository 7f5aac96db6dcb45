#pragma once

#include <filesystem>
#include <string>

#include "base/telemetry/log.h"

namespace crossfade::app {

/// What every command takes, before its name or behind it. A flag beats the environment, which beats the default. Options of a
/// single command stand where the command does.
struct Options {
  std::filesystem::path migration;  ///< the migration's folder
  std::string source;               ///< conninfo; empty: libpq's PG* variables
  std::string target;               ///< conninfo of another server, on which v2 grows; nothing, or the source once more: beside v1
  std::string control;              ///< Unix socket; empty: from the migration's name
  bool json = false;
  bool no_input = false;
  bool no_color = false;
  std::string confirm;
  log::Format log_format = log::Format::kText;
  log::Level log_level = log::Level::kInfo;
};

}  // namespace crossfade::app
