#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/cli/option_set.h"
#include "app/cli/options.h"
#include "base/error/exit_code.h"

namespace crossfade::app {

/// A command as the help, the manual, the completion and the command line know it. Results go to stdout, everything else to
/// stderr; what goes wrong is thrown as Failure.
struct Command {
  using Run = std::function<ExitCode(const Options&)>;

  std::string name;                             ///< "verify", "cutover reads"
  std::string group;                            ///< its heading in the help
  std::string help;
  std::function<Run(OptionSet&)> add;           ///< declares its own options; what it gives runs the command with them
  bool asks = false;                            ///< wants to be confirmed
  std::string once_called = {};                 ///< its name until now, which is still taken; empty: none
};

/// For a command with options of its own, all of them in a struct `Own`.
template <typename Own>
std::function<Command::Run(OptionSet&)> with_options(void (*declare)(OptionSet&, Own&), ExitCode (*run)(const Options&, const Own&)) {
  return [declare, run](OptionSet& options) -> Command::Run {
    const auto own = std::make_shared<Own>();
    declare(options, *own);
    return [own, run](const Options& common) { return run(common, *own); };
  };
}

/// For one with none.
inline std::function<Command::Run(OptionSet&)> without_options(ExitCode (*run)(const Options&)) {
  return [run](OptionSet&) -> Command::Run { return run; };
}

}  // namespace crossfade::app
