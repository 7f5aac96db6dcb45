#include "app/cli/version.h"

#include <commit.h>

namespace crossfade::app {

std::string_view version() { return CROSSFADE_VERSION; }
std::string_view commit() { return CROSSFADE_COMMIT; }

std::string version_line() {
  std::string line = "crossfade " CROSSFADE_VERSION;
  if (!commit().empty()) line.append(" (").append(commit()).append(")");
  return line;
}

}  // namespace crossfade::app
