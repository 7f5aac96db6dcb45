#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/cli/command.h"

namespace crossfade::app {

/// What somebody has typed, checked word by word.
struct Call {
  std::string command;                     ///< "verify", "cutover reads"
  Options options;
  Command::Run run;                        ///< with the command's own options
};

/// Reads argv by a table of commands. Prints help or version itself and returns nothing; throws a usage Failure, with the word that
/// was likely meant, for what it does not know.
std::optional<Call> parse_command_line(const std::vector<Command>& commands, int argc, const char* const* argv);

/// One command as the help has it, for other forms of help.
struct CommandText {
  struct Option {
    std::string name;                      ///< "--jobs"; empty for what is given by its place
    std::string help;
    std::string environment;               ///< the variable that is read where the option is not given; empty: none
    bool takes_value = false;
    std::vector<std::string> values;       ///< the words it takes; empty: any
  };
  std::string name;                        ///< "verify", "cutover reads"
  std::string help;
  std::vector<Option> options;             ///< its own, then those of every command
};

std::vector<CommandText> command_texts(const std::vector<Command>& commands);

}  // namespace crossfade::app
