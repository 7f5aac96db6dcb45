#include "app/cli/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>

#include "app/cli/version.h"
#include "base/error/failure.h"
#include "base/text/nearest_word.h"

namespace crossfade::app {
namespace {

constexpr auto kPurpose = "Restructures a live PostgreSQL schema without downtime. Write the migration as SQL views.";
constexpr auto kWhereHelpIs = "`crossfade --help` lists the commands, `crossfade COMMAND --help` its options";

const std::map<std::string, log::Format> kFormats = {{"text", log::Format::kText}, {"logfmt", log::Format::kLogfmt}, {"json", log::Format::kJson}};
const std::map<std::string, log::Level> kLevels = {
    {"debug", log::Level::kDebug}, {"info", log::Level::kInfo}, {"warn", log::Level::kWarn}, {"error", log::Level::kError}};

/// What every command takes, before its name or behind it. It is declared once, for the whole command line: a command that is not
/// called must not read the environment into what the one that is called was given.
void add_common(CLI::App& app, Options& o) {
  app.fallthrough();
  OptionSet options(app);
  options.path("--migration", o.migration, "DIR", "The migration's folder").environment("CROSSFADE_MIGRATION");
  options.text("--source", o.source, "CONNINFO", "Connection to the database (conninfo or URI); else libpq's PG* variables").environment("CROSSFADE_SOURCE");
  options.text("--target", o.target, "CONNINFO", "Connection to another server, where v2 is to grow; without it v2 grows beside v1. Before a command that has a --target of its own").environment("CROSSFADE_TARGET");
  options.text("--control", o.control, "PATH", "Unix socket of the daemon").environment("CROSSFADE_CONTROL");
  options.flag("--json", o.json, "Answer as JSON");
  options.flag("--no-color", o.no_color, "No colour");
  options.choice("--log-format", {"text", "logfmt", "json"}, "How the log is written", [&o](const std::string& word) { o.log_format = kFormats.at(word); })
      .environment("CROSSFADE_LOG_FORMAT");
  options.choice("--log-level", {"debug", "info", "warn", "error"}, "What of the log is written", [&o](const std::string& word) { o.log_level = kLevels.at(word); })
      .environment("CROSSFADE_LOG_LEVEL");
  options.text("--confirm", o.confirm, "NAME", "Name of the migration: yes, do it");
  options.flag("--no-input", o.no_input, "Never ask");
}

bool about_asking(const CLI::Option& option) { return option.check_lname("confirm") || option.check_lname("no-input"); }

/// Below every command's own options, so that its help is whole.
std::string help_of_common(const CLI::App& app, bool asks) {
  const auto options = app.get_options([asks](const CLI::Option* option) {
    return !option->get_group().empty() && !option->check_lname("help") && !option->check_lname("version") && (asks || !about_asking(*option));
  });
  return CLI::Formatter().make_group("Options of every command, before its name or behind it", false, options);
}

/// The whole command line, and what is known once it is parsed.
class CommandLine {
 public:
  explicit CommandLine(const std::vector<Command>& commands) {
    app_.require_subcommand(1);
    app_.set_version_flag("--version", version_line());
    add_common(app_, call_.options);
    for (const auto& command : commands) {
      subcommands_.push_back(add(command, command.name));
      if (!command.once_called.empty()) add(command, command.once_called)->group("");
    }
  }
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  std::optional<Call> parse(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() != 0) throw wrong(error);
      app_.exit(error);
      return std::nullopt;
    }
    return call_;
  }

  const CLI::App& app() const { return app_; }
  /// In the table's order.
  const std::vector<CLI::App*>& subcommands() const { return subcommands_; }

 private:
  /// "cutover reads" is the command reads of the group cutover.
  CLI::App* add(const Command& command, const std::string& name) {
    const auto space = name.find(' ');
    auto* parent = &app_;
    if (space != std::string::npos) {
      auto& group = groups_[name.substr(0, space)];
      if (group == nullptr) {
        group = app_.add_subcommand(name.substr(0, space), name.starts_with("cutover") ? "Move reads, then writes, to v2" : "Move writes or reads back to v1");
        group->group(command.group);
        group->require_subcommand(1);
      }
      parent = group;
    }
    auto* sub = parent->add_subcommand(space == std::string::npos ? name : name.substr(space + 1), command.help);
    if (parent == &app_) sub->group(command.group);
    sub->footer(help_of_common(app_, command.asks));
    OptionSet options(*sub);
    auto run = command.add(options);
    sub->callback([this, name, is = command.name, run = std::move(run)] {
      if (name != is) say_renamed(name, is);
      call_.command = is;
      call_.run = run;
    });
    return sub;
  }

  /// The commands and groups that may stand where `app` looks for one.
  static std::vector<std::string> commands_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const auto* sub : app.get_subcommands([](const CLI::App* any) { return !any->get_group().empty(); })) names.push_back(sub->get_name());
    return names;
  }

  /// The innermost command that was named.
  const CLI::App* called() const {
    const CLI::App* app = &app_;
    while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
    return app;
  }

  Failure wrong(const CLI::ParseError& error) const {
    const auto* app = called();
    std::string unknown_command;
    std::string unknown_option;
    for (const auto& word : app_.remaining(true)) {
      if (word == "--") continue;
      auto& first = word.starts_with('-') ? unknown_option : unknown_command;
      if (first.empty()) first = word.substr(0, word.starts_with('-') ? word.find('=') : word.size());
    }
    const auto where = app == &app_ ? "" : " " + app->get_name();
    if (const auto names = commands_of(*app); !names.empty()) {
      if (!unknown_command.empty()) return unknown(fmt::format("unknown command{} {}", where, unknown_command), unknown_command, names);
      if (unknown_option.empty()) return usage_failure(fmt::format("crossfade{} wants a command: {}", where, fmt::join(names, ", ")), kWhereHelpIs);
    }
    if (!unknown_option.empty()) return elsewhere(*app, unknown_option);
    if (!unknown_command.empty()) {
      const bool folder = unknown_command == "." || unknown_command.find('/') != std::string::npos || std::filesystem::is_directory(unknown_command);
      return usage_failure(fmt::format("{} is one word too many", unknown_command),
                           folder ? fmt::format("--migration {} names the folder of a migration", unknown_command) : kWhereHelpIs);
    }
    return usage_failure(error.what(), kWhereHelpIs);
  }

  /// One that the command has stands in front of it; of one that others have they are named.
  Failure elsewhere(const CLI::App& app, const std::string& option) const {
    const auto own = options_of(app);
    const auto has = [&](const std::vector<std::string>& names) { return std::find(names.begin(), names.end(), option) != names.end(); };
    if (has(own)) {
      auto advice = fmt::format("write `crossfade {} {}`", name_of(app), option);
      return usage_failure(fmt::format("{} stands behind its command: crossfade {} {}", option, name_of(app), option), std::move(advice));
    }
    std::vector<std::string> others;
    for (const auto* other : subcommands_) {
      if (has(options_of(*other))) others.push_back("crossfade " + name_of(*other));
    }
    if (others.empty()) return unknown(fmt::format("unknown option {}", option), option, own);
    const auto what = &app == &app_ ? fmt::format("unknown option {}", option) : fmt::format("crossfade {} has no {}", name_of(app), option);
    return usage_failure(fmt::format("{}; {} {} it", what, fmt::join(others, ", "), others.size() == 1 ? "has" : "have"), kWhereHelpIs);
  }

  /// "cutover reads".
  static std::string name_of(const CLI::App& app) {
    const auto* parent = app.get_parent();
    return parent == nullptr || parent->get_parent() == nullptr ? app.get_name() : parent->get_name() + " " + app.get_name();
  }

  static Failure unknown(std::string message, const std::string& word, const std::vector<std::string>& known) {
    const auto near = nearest_word(word, known);
    if (near) message += fmt::format(": did you mean {}?", *near);
    return usage_failure(std::move(message), kWhereHelpIs);
  }

  std::vector<std::string> options_of(const CLI::App& app) const {
    std::vector<std::string> names;
    for (const auto* some : {&app, &app_}) {
      for (const auto* option : some->get_options()) {
        if (!option->get_lnames().empty() && !option->get_group().empty()) names.push_back("--" + option->get_lnames().front());
      }
    }
    return names;
  }

  CLI::App app_{kPurpose, "crossfade"};
  Call call_;
  std::vector<CLI::App*> subcommands_;
  std::map<std::string, CLI::App*> groups_;
};

/// "text|logfmt|json" → the words that are taken; none where any text is.
std::vector<std::string> choices(const std::string& kind) {
  std::vector<std::string> words;
  if (kind.find('|') == std::string::npos) return words;
  std::istringstream list(kind);
  for (std::string word; std::getline(list, word, '|');) words.push_back(word);
  return words;
}

CommandText::Option text_of(const CLI::Option& option) {
  const bool named = !option.get_lnames().empty();
  return {named ? "--" + option.get_lnames().front() : "", option.get_description(), option.get_envname(), named && option.get_expected_min() > 0,
          choices(option.get_type_name())};
}

}  // namespace

std::optional<Call> parse_command_line(const std::vector<Command>& commands, int argc, const char* const* argv) {
  return CommandLine(commands).parse(argc, argv);
}

std::vector<CommandText> command_texts(const std::vector<Command>& commands) {
  const CommandLine line(commands);
  std::vector<CommandText> texts;
  for (std::size_t n = 0; n < commands.size(); ++n) {
    auto& text = texts.emplace_back();
    text.name = commands[n].name;
    text.help = commands[n].help;
    const CLI::App& command = *line.subcommands()[n];
    for (const auto* option : command.get_options()) {
      if (!option->get_group().empty()) text.options.push_back(text_of(*option));
    }
    for (const auto* option : line.app().get_options()) {
      // A command's own option goes before one of the same name for all.
      const bool own = command.get_option_no_throw(option->get_name()) != nullptr;
      if (!own && !option->get_group().empty() && !option->check_lname("version")) text.options.push_back(text_of(*option));
    }
  }
  return texts;
}

}  // namespace crossfade::app
