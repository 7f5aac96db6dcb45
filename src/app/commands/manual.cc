#include <fmt/format.h>

#include <iostream>
#include <map>

#include "app/cli/command_line.h"
#include "app/cli/tell_script.h"
#include "app/cli/version.h"
#include "app/commands/commands.h"

namespace crossfade::app {
namespace {

/// As roff takes it: a backslash and a hyphen are themselves, and no line begins with a control character.
std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') out += "\\e";
    else if (c == '-') out += "\\-";
    else out += c;
  }
  return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

std::string entry(const CommandText::Option& option) {
  const auto value = option.takes_value ? " \\fIVALUE\\fR" : "";
  return fmt::format(".TP\n\\fB{}\\fR{}\n{}\n", roff(option.name), value, roff(option.help));
}

ExitCode manual(const Options& options) {
  refuse_json(options, "a page for man");
  const auto commands = command_texts(all_commands());
  // An option that every command has is told once.
  std::map<std::string, std::size_t> uses;
  for (const auto& command : commands) {
    for (const auto& option : command.options) ++uses[option.name + option.help];
  }
  const auto everywhere = [&](const auto& option) { return uses[option.name + option.help] + 1 >= commands.size() && !option.name.empty(); };
  std::string text = fmt::format(".TH CROSSFADE 1 \"\" \"crossfade {}\" \"\"\n", version());
  text += ".SH NAME\ncrossfade \\- restructures a live PostgreSQL schema without downtime\n"
          ".SH SYNOPSIS\n\\fBcrossfade\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR...]\n.SH COMMANDS\n";
  for (const auto& command : commands) {
    text += fmt::format(".SS {}\n{}\n", roff(command.name), roff(command.help));
    for (const auto& option : command.options) {
      if (!everywhere(option) && !option.name.empty() && option.name != "--help") text += entry(option);
    }
  }
  text += ".SH OPTIONS\n";
  for (const auto& option : commands.front().options) {
    if (everywhere(option)) text += entry(option);
  }
  text += ".SH EXIT STATUS\n"
          "0 done, 1 defect, 2 command line or file, 3 the database is not as it must be, 4 drift or unaccounted rows, 5 not ready, "
          "6 source unreachable, 7 the database that a backup is restored into unreachable, 8 permission, 9 not the leader, 10 not in time, 11 outcome unknown\n";
  std::cout << text;
  return ExitCode::kOk;
}

}  // namespace

Command manual_command() { return {"manual", "This program", "Print the manual page, as man reads it", without_options(manual)}; }

}  // namespace crossfade::app
