#include "app/cli/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <sstream>

#include "app/cli/version.h"
#include "base/duration.h"
#include "base/failure.h"

namespace crossfade::app {
namespace {

/// One command of the table below: its words, what it does, and the options of its own.
struct Command {
  const char* name;
  const char* help;
  void (*add)(CLI::App&, Options&);
};

void nothing(CLI::App&, Options&) {}

void duration_option(CLI::App& app, const char* name, const char* help, std::function<void(std::chrono::milliseconds)> set) {
  app.add_option_function<std::string>(
      name,
      [set, name](const std::string& text) {
        try {
          set(parse_duration(text));
        } catch (const Failure& failure) {
          throw usage_failure(fmt::format("{}: {}", name, failure.what()), failure.advice());
        }
      },
      help);
}

void flip_of_writes(CLI::App& app, Options& o) {
  app.add_flag("--dry-run", o.dry_run, "Print steps, blockers and the estimated hold");
  duration_option(app, "--hold-limit", "How long writers may be made to wait, e.g. 500ms", [&o](auto value) { o.hold_limit = value; });
  duration_option(app, "--lock-timeout", "How long one lock is waited for, e.g. 100ms", [&o](auto value) { o.lock_timeout = value; });
  app.add_flag("--terminate-blockers", o.terminate_blockers, "End the sessions that keep the flip from its locks");
  app.add_option("--evidence", o.evidence, "Folder for the files that say what was proved and done");
}

const Command kCommands[] = {
    {"demo", "Show the whole move on a throw-away PostgreSQL with sample data and a live writer",
     [](CLI::App& app, Options& o) {
       app.add_option("--size", o.size, "Sample data")->check(CLI::IsMember({"small", "medium", "large"}));
       app.add_flag("--keep", o.keep, "Leave server and daemon running at the end");
     }},
    {"init", "Begin a migration: write its folder from what a schema has, every table as it is",
     [](CLI::App& app, Options& o) {
       app.add_option("name", o.words, "The migration's name; its folder is --migration, else a new one of that name here")->required()->expected(1);
       app.add_option("--from-schema", o.from_schema, "Schema of the old tables")->required();
     }},
    {"plan", "Check everything and show what would be followed; writes nothing",
     [](CLI::App& app, Options& o) { app.add_flag("--print-sql", o.print_sql, "The statements that refresh, too"); }},
    {"lint", "Test the follow rules by changes that are rolled back; 4 if a row is not announced",
     [](CLI::App& app, Options& o) { app.add_option("--samples", o.samples, "Rows of each source that are changed: 12, or 3 where a view is large")->check(CLI::Range(1, 1000)); }},
    {"prepare", "Make schemas, views, fences, publication and slot",
     [](CLI::App& app, Options& o) {
       auto* print = app.add_flag("--print-sql", o.print_sql, "Print the SQL instead of running it");
       app.add_option("--for", o.for_role, "Print it so that all belongs to this role, with the grants that it needs")->needs(print);
       app.add_flag("--dry-run", o.dry_run, "Print the ordered steps");
     }},
    {"run", "The daemon: backfill, then follow",
     [](CLI::App& app, Options& o) {
       app.add_flag("--prepare", o.prepare, "Prepare first, if that was not done");
       app.add_option("--http", o.http, "HOST:PORT for the status page, /metrics, /status, /livez, /readyz");
       app.add_option("--lanes", o.workers, "Sessions that backfill or catch up at a time")->check(CLI::Range(1, 64));
       app.add_option_function<std::string>("--memory", [&o](const std::string& text) { o.memory_bytes = parse_size(text); },
           "Memory for waiting keys, e.g. 64MB");
       duration_option(app, "--verify-every", "Compare v2 with the views so often, e.g. 12h; 0s: only when asked", [&o](auto value) { o.verify_every = value; });
     }},
    {"wait", "Return when a phase, lag or position is reached; 10 on timeout",
     [](CLI::App& app, Options& o) {
       app.add_option("--phase", o.phase, "Phase to wait for")->check(CLI::IsMember({"prepared", "backfilling", "following", "completed"}));
       duration_option(app, "--lag", "Lag at most, e.g. 2s", [&o](auto value) { o.lag = value; });
       app.add_option("--lsn", o.lsn, "Position that must be readable in v2");
       duration_option(app, "--timeout", "Give up after", [&o](auto value) { o.timeout = value; });
     }},
    {"status", "Phase, progress, lag and what to do next",
     [](CLI::App& app, Options& o) { app.add_flag("--watch", o.watch, "Show it again and again"); }},
    {"verify", "Compare v2 with the views; 4 if they drifted apart",
     [](CLI::App& app, Options& o) {
       app.add_flag("--repair", o.repair, "Refresh what drifted");
       app.add_option("--target", o.targets, "Only this target; may be given several times");
     }},
    {"account", "Show where every source row went; 4 if any is unaccounted for", nothing},
    {"check", "Run the migration's own checks",
     [](CLI::App& app, Options& o) { app.add_option("--when", o.when, "before or after")->check(CLI::IsMember({"before", "after"})); }},
    {"compare", "Ask v1 and v2 an application's query for sampled keys; 4 if answers differ",
     [](CLI::App& app, Options& o) { app.add_option("--query", o.query, "File with the query on v1, the one on v2, and the keys")->required(); }},
    {"quarantine", "Keys set aside: list, retry all, or accept one so that the writes may move without it",
     [](CLI::App& app, Options& o) { app.add_option("action", o.words, "list, retry, or accept KEY"); }},
    {"touch", "Offer keys of a target by hand",
     [](CLI::App& app, Options& o) { app.add_option("target-and-keys", o.words, "TARGET KEY…")->required(); }},
    {"explain", "All that lies behind a key: rows of v1, view and v2, what differs and why; 4 if any does",
     [](CLI::App& app, Options& o) { app.add_option("target-and-key", o.words, "TARGET KEY: values of its first locator, or column=value")->required(); }},
    {"import", "Bring NDJSON into a landing table; 4 if lines were bad",
     [](CLI::App& app, Options& o) { app.add_option("table-and-files", o.words, "TABLE FILE…; - is standard input")->required(); }},
    {"pace", "Let the backfill wait while the server is busy; without options, what holds",
     [](CLI::App& app, Options& o) {
       app.add_option_function<int>("--sessions", [&o](int value) { o.pace_sessions = std::to_string(value); }, "At most so many sessions at work; 0 takes the bound away")
           ->check(CLI::Range(0, 10000));
       duration_option(app, "--replica-lag", "No standby further behind, e.g. 5s; 0 takes the bound away",
                       [&o](auto value) { o.pace_replica_lag = fmt::format("{}ms", value.count()); });
       app.add_option_function<std::string>("--retained-wal", [&o](const std::string& text) { o.pace_retained_wal = std::to_string(parse_size(text)); },
           "No more WAL kept for the slot, e.g. 10GB; 0 takes the bound away");
     }},
    {"pause", "Hold the backfill and the refresh; changes are set down meanwhile", nothing},
    {"resume", "Go on after pause", nothing},
    {"backup", "Dump the sources, as pg_restore reads them and as CSV, at one snapshot",
     [](CLI::App& app, Options& o) {
       app.add_option("--dir", o.dir, "Folder; a new one here unless given");
       app.add_flag("--full", o.full, "The whole database and its roles too");
       app.add_flag("--verify", o.prove, "Restore into a scratch database and compare; also for a folder that has a backup");
     }},
    {"rehearse", "The whole move on a restored copy, on a throw-away PostgreSQL here",
     [](CLI::App& app, Options& o) { app.add_option("--from", o.from, "full.dump of a backup; else the source is dumped now"); }},
    {"cutover reads", "Send reads to v2, for all keys or a percentage",
     [](CLI::App& app, Options& o) {
       app.add_option("--percent", o.percent, "Share of keys, above 0 up to 100");
       app.add_flag("--dry-run", o.dry_run, "Print steps and blockers");
     }},
    {"rollback reads", "Send all reads back to v1",
     [](CLI::App& app, Options& o) { app.add_flag("--dry-run", o.dry_run, "Print steps"); }},
    {"report", "Everything that helps somebody else to help, in one text without secrets and data", nothing},
    {"completion", "Print a script that completes commands and options: for bash, zsh or fish",
     [](CLI::App& app, Options& o) { app.add_option("shell", o.words, "bash, zsh or fish")->required()->expected(1); }},
    {"manual", "Print the manual page, as man reads it", nothing},
    {"dashboards", "Write the Grafana dashboards and Prometheus rules that belong to this version",
     [](CLI::App& app, Options& o) { app.add_option("--dir", o.dir, "Folder; monitoring here unless given"); }},
    {"cutover writes", "Make v2 the side that is written; v1 is kept true", flip_of_writes},
    {"rollback writes", "Make v1 the side that is written again, with nothing lost", flip_of_writes},
    {"complete", "End the migration once v2 is written: there is no way back afterwards",
     [](CLI::App& app, Options& o) { app.add_flag("--drop-v1", o.drop_v1, "Drop the old tables too"); }},
    {"doctor", "After a crash: the state of a flip that was broken off, and the one safe next step", nothing},
    {"cancel", "Take everything of crossfade away again; v1 is left as it was", nothing},
};

/// What every command takes, before its name or behind it. It is declared once, for the whole command line: a command that is not
/// called must not read the environment into what the one that is called was given.
void add_common(CLI::App& app, Options& o) {
  app.fallthrough();
  app.add_option("--migration", o.migration, "The migration's folder")->envname("CROSSFADE_MIGRATION");
  app.add_option("--source", o.source, "Connection to the database (conninfo or URI); else libpq's PG* variables")->envname("CROSSFADE_SOURCE");
  app.add_option("--target", o.target, "Connection to the target's database; else the source")->envname("CROSSFADE_TARGET");
  app.add_option("--control", o.control, "Unix socket of the daemon")->envname("CROSSFADE_CONTROL");
  app.add_flag("--json", o.json, "Answer as JSON");
  app.add_flag("--no-input", o.no_input, "Never ask");
  app.add_option("--confirm", o.confirm, "Name of the migration, for what is dangerous");
  app.add_flag("--no-color", o.no_color, "No colour");
  const std::map<std::string, log::Format> formats = {{"text", log::Format::kText}, {"logfmt", log::Format::kLogfmt}, {"json", log::Format::kJson}};
  const std::map<std::string, log::Level> levels = {{"debug", log::Level::kDebug}, {"info", log::Level::kInfo}, {"warn", log::Level::kWarn}, {"error", log::Level::kError}};
  app.add_option("--log-format", o.log_format, "text, logfmt or json")->transform(CLI::CheckedTransformer(formats))->envname("CROSSFADE_LOG_FORMAT");
  app.add_option("--log-level", o.log_level, "debug, info, warn or error")->transform(CLI::CheckedTransformer(levels))->envname("CROSSFADE_LOG_LEVEL");
}

/// Below every command's own options, so that its help is whole.
std::string help_of_common(const CLI::App& app) {
  const auto options = app.get_options([](const CLI::Option* option) { return !option->check_lname("help") && !option->check_lname("version"); });
  return CLI::Formatter().make_group("Options of every command, before its name or behind it", false, options);
}

constexpr auto kPurpose = "Restructures a live PostgreSQL schema without downtime. Write the migration as SQL views.";

/// Every command of the table, each with its options; returned in the table's order.
std::vector<CLI::App*> add_commands(CLI::App& app, Options& options) {
  app.require_subcommand(1);
  add_common(app, options);
  app.footer(help_of_common(app));
  app.set_version_flag("--version", version_line());
  app.add_subcommand("version", "Print the version");
  std::vector<CLI::App*> commands;
  std::map<std::string, CLI::App*> groups;
  for (const auto& command : kCommands) {
    // "cutover reads" is the command reads of the group cutover.
    const std::string name = command.name;
    const auto space = name.find(' ');
    CLI::App* parent = &app;
    if (space != std::string::npos) {
      auto& group = groups[name.substr(0, space)];
      if (!group) {
        group = app.add_subcommand(name.substr(0, space), name.substr(0, space) == "cutover" ? "Move reads, then writes, to v2" : "Move writes or reads back to v1");
        group->require_subcommand(1);
      }
      parent = group;
    }
    auto* sub = parent->add_subcommand(space == std::string::npos ? name : name.substr(space + 1), command.help);
    command.add(*sub, options);
    sub->callback([&options, name] { options.command = name; });
    commands.push_back(sub);
  }
  app.footer("");
  return commands;
}

/// "TEXT:{small,medium,large}" and "value in {text->0,json->2} …" → the words that are taken; none where any text is.
std::vector<std::string> choices(const std::string& type) {
  std::vector<std::string> words;
  const auto open = type.find('{');
  const auto close = type.find('}', open);
  if (open == std::string::npos || close == std::string::npos) return words;
  std::istringstream list(type.substr(open + 1, close - open - 1));
  for (std::string word; std::getline(list, word, ',');) words.push_back(word.substr(0, word.find("->")));
  return words;
}

CommandText::Option text_of(const CLI::Option& option) {
  const bool named = !option.get_lnames().empty();
  return {named ? "--" + option.get_lnames().front() : "", option.get_description(), option.get_envname(), named && option.get_expected_min() > 0,
          choices(option.get_type_name())};
}

}  // namespace

std::vector<CommandText> command_texts() {
  Options options;
  CLI::App app(kPurpose, "crossfade");
  std::vector<CommandText> texts;
  for (auto* command : add_commands(app, options)) {
    auto& text = texts.emplace_back();
    const auto* group = command->get_parent();
    text.name = group == &app ? command->get_name() : group->get_name() + " " + command->get_name();
    text.help = command->get_description();
    for (const auto* option : command->get_options()) text.options.push_back(text_of(*option));
    for (const auto* option : app.get_options()) {
      // A command's own option goes before one of the same name for all.
      if (option->get_lnames().front() != "version" && !command->get_option_no_throw(option->get_name())) text.options.push_back(text_of(*option));
    }
  }
  return texts;
}

std::optional<Options> parse_options(int argc, char** argv) {
  Options options;
  CLI::App app(kPurpose, "crossfade");
  add_commands(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      app.exit(error);
      return std::nullopt;
    }
    throw usage_failure(error.what(), "`crossfade --help` lists the commands, `crossfade COMMAND --help` its options");
  }
  if (app.got_subcommand("version")) {
    std::cout << version_line() << '\n';
    return std::nullopt;
  }
  return options;
}

}  // namespace crossfade::app
