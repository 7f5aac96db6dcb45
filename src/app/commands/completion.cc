#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iostream>
#include <set>

#include "app/cli/command_line.h"
#include "app/cli/tell_script.h"
#include "app/commands/commands.h"
#include "base/error/failure.h"

namespace crossfade::app {
namespace {

/// The first words of all commands, and the second words of one that has them.
std::vector<std::string> next_words(const std::vector<CommandText>& commands, const std::string& first = "") {
  std::vector<std::string> words;
  for (const auto& command : commands) {
    const auto space = command.name.find(' ');
    const auto head = command.name.substr(0, space);
    std::string word = first.empty() ? head : "";
    if (!first.empty() && first == head && space != std::string::npos) word = command.name.substr(space + 1);
    if (!word.empty() && std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
  }
  return words;
}

std::vector<std::string> option_names(const CommandText& command) {
  std::vector<std::string> names;
  for (const auto& option : command.options) {
    if (!option.name.empty()) names.push_back(option.name);
  }
  return names;
}

/// In zsh and fish descriptions stand in single quotes.
std::string quoted(std::string text) {
  for (auto at = text.find('\''); at != std::string::npos; at = text.find('\'', at + 4)) text.replace(at, 1, "'\\''");
  return "'" + text + "'";
}

/// Both shells have arrays, `case`, and the words typed so far; what differs is how words are offered.
std::string case_of_words(const std::vector<CommandText>& commands) {
  std::string text;
  std::set<std::string> told;
  text += "  case $before in\n";
  for (const auto& command : commands) {
    for (const auto& option : command.options) {
      if (!option.takes_value || !told.insert(option.name).second) continue;
      text += fmt::format("    {}) offered='{}' ;;\n", option.name, fmt::join(option.values, " "));
    }
  }
  text += "    *) case $command in\n";
  for (const auto& command : commands) text += fmt::format("      '{}') offered='{}' ;;\n", command.name, fmt::join(option_names(command), " "));
  for (const auto& word : next_words(commands)) {
    const auto second = next_words(commands, word);
    if (!second.empty()) text += fmt::format("      {}) offered='{}' ;;\n", word, fmt::join(second, " "));
  }
  text += fmt::format("      *) offered='{}' ;;\n    esac ;;\n  esac\n", fmt::join(next_words(commands), " "));
  return text;
}

/// Where nothing is offered, bash itself offers files.
std::string bash(const std::vector<CommandText>& commands) {
  return "# crossfade completion bash >/etc/bash_completion.d/crossfade\n_crossfade() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= offered=\n"
         "  ((COMP_CWORD > 1)) && command=${COMP_WORDS[1]}\n"
         "  [[ $command =~ ^(cutover|rollback)$ ]] && ((COMP_CWORD > 2)) && command+=\" ${COMP_WORDS[2]}\"\n" +
         case_of_words(commands) + "  mapfile -t COMPREPLY < <(compgen -W \"$offered\" -- \"$word\")\n}\ncomplete -o default -F _crossfade crossfade\n";
}

std::string zsh(const std::vector<CommandText>& commands) {
  return "#compdef crossfade\n_crossfade() {\n"
         "  local before=${words[CURRENT-1]} command= offered=\n"
         "  ((CURRENT > 2)) && command=${words[2]}\n"
         "  [[ $command == (cutover|rollback) ]] && ((CURRENT > 3)) && command+=\" ${words[3]}\"\n" +
         case_of_words(commands) + "  if [[ -n $offered ]]; then compadd -- ${=offered}; else _files; fi\n}\n_crossfade \"$@\"\n";
}

std::string fish(const std::vector<CommandText>& commands) {
  std::string text = "# crossfade completion fish >~/.config/fish/completions/crossfade.fish\n";
  for (const auto& command : commands) {
    const auto space = command.name.find(' ');
    const auto first = command.name.substr(0, space);
    auto typed = fmt::format("__fish_seen_subcommand_from {}", first);
    text += fmt::format("complete -c crossfade -n __fish_use_subcommand -a {} -d {}\n", first, quoted(command.help));
    if (space != std::string::npos) {
      const auto second = command.name.substr(space + 1);
      text += fmt::format("complete -c crossfade -n '{}' -a {} -d {}\n", typed, second, quoted(command.help));
      typed += fmt::format("; and __fish_seen_subcommand_from {}", second);
    }
    for (const auto& option : command.options) {
      if (option.name.empty()) continue;
      text += fmt::format("complete -c crossfade -n '{}' -l {} -d {}", typed, option.name.substr(2), quoted(option.help));
      if (option.takes_value) text += option.values.empty() ? " -r" : fmt::format(" -xa '{}'", fmt::join(option.values, " "));
      text += '\n';
    }
  }
  return text;
}

struct CompletionOptions {
  std::string shell;
};

void declare(OptionSet& options, CompletionOptions& own) { options.word("SHELL", own.shell, "bash, zsh or fish"); }

ExitCode completion(const Options& options, const CompletionOptions& own) {
  refuse_json(options, "a script for a shell");
  const auto commands = command_texts(all_commands());
  if (own.shell == "bash") {
    std::cout << bash(commands);
  } else if (own.shell == "zsh") {
    std::cout << zsh(commands);
  } else if (own.shell == "fish") {
    std::cout << fish(commands);
  } else {
    throw usage_failure(fmt::format("there are no completions for {}", own.shell), "write bash, zsh or fish");
  }
  return ExitCode::kOk;
}

}  // namespace

Command completion_command() {
  return {"completion", "This program", "Print a script that completes commands and options: for bash, zsh or fish", with_options(declare, completion)};
}

}  // namespace crossfade::app
