#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"

namespace crossfade::app {

/// The command line, checked word by word. A flag beats the environment, which beats the default.
struct Options {
  std::string command;                     ///< "verify", "cutover reads", …

  // For all commands.
  std::filesystem::path migration;         ///< the migration's folder
  std::string source;                      ///< conninfo; empty: libpq's PG* variables
  std::string target;                      ///< conninfo; empty: the source
  std::string control;                     ///< Unix socket; empty: from the migration's name
  bool json = false;
  bool no_input = false;
  bool no_color = false;
  std::string confirm;
  log::Format log_format = log::Format::kText;
  log::Level log_level = log::Level::kInfo;

  // Of single commands.
  bool dry_run = false;
  std::string from_schema;                 ///< init
  std::size_t samples = 0;                 ///< lint; 0: as many as the views' size allows
  bool print_sql = false;                  ///< plan, prepare
  std::string for_role;                    ///< prepare: whose all is to be, where SQL is printed
  bool prepare = false;                    ///< run
  std::string http;                        ///< run: HOST:PORT
  int workers = 2;                           ///< run
  std::size_t memory_bytes = 40 << 20;     ///< run: keys kept in memory
  std::chrono::milliseconds verify_every{std::chrono::hours(12)};  ///< run; 0: only when asked
  std::string phase;                       ///< wait
  std::optional<std::chrono::milliseconds> lag;  ///< wait
  std::string lsn;                         ///< wait
  std::chrono::milliseconds timeout{std::chrono::minutes(10)};  ///< wait
  bool watch = false;                      ///< status
  bool repair = false;                     ///< verify
  std::vector<std::string> targets;        ///< verify
  std::filesystem::path query;             ///< compare
  std::string when;                        ///< check
  std::vector<std::string> words;          ///< what follows: TARGET KEY…, TABLE FILE…
  double percent = 100;                    ///< cutover reads
  std::string pace_sessions;               ///< pace: a number; empty: as it is
  std::string pace_replica_lag;            ///< pace: seconds; empty: as it is
  std::string pace_retained_wal;           ///< pace: bytes; empty: as it is
  std::optional<std::chrono::milliseconds> hold_limit;    ///< cutover writes, rollback writes; else the file's
  std::optional<std::chrono::milliseconds> lock_timeout;  ///< the same
  bool terminate_blockers = false;         ///< the same
  bool drop_v1 = false;                    ///< complete
  std::filesystem::path evidence = ".";    ///< the same: the folder for what was proved
  std::string size = "small";              ///< demo
  bool keep = false;                       ///< demo
  std::filesystem::path dir;               ///< backup, dashboards
  bool full = false;                       ///< backup
  bool prove = false;                      ///< backup --verify
  std::filesystem::path from;              ///< rehearse
};

/// One command as the help has it, for other forms of help.
struct CommandText {
  struct Option {
    std::string name;                      ///< "--lanes"; empty for what is given by its place
    std::string help;
    std::string environment;               ///< the variable that is read where the option is not given; empty: none
    bool takes_value = false;
    std::vector<std::string> values;       ///< the words it takes; empty: any
  };
  std::string name;                        ///< "verify", "cutover reads"
  std::string help;
  std::vector<Option> options;
};

/// Every command of the command line.
std::vector<CommandText> command_texts();

/// Parses argv. Prints help or version itself and returns nothing; throws a usage Failure for what it does not know.
std::optional<Options> parse_options(int argc, char** argv);

}  // namespace crossfade::app
