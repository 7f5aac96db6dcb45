#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "scenario/script.h"
#include "support/program.h"
#include "support/server.h"

namespace crossfade::test {

/// Where a scenario plays: a PostgreSQL of its own, sessions on it, the daemon and the command line. Each command of the
/// language is one method; all throw std::runtime_error with what was expected and what came instead.
class Stage {
 public:
  /// `folders`: where a migration is looked for by its name.
  Stage(std::filesystem::path binary, std::vector<std::filesystem::path> folders);

  void perform(const Step& step);
  /// What the daemon has written, for a scenario that failed.
  std::string daemon_log() const;

 private:
  void migration(const Step& step);
  void statement(const Step& step);
  void query(const Step& step);
  void sync();
  void equal();
  void daemon(const Step& step);
  void cli(const Step& step);
  void server(const Step& step);

  Sql& session(const Step& step);
  std::vector<std::string> command_line(std::vector<std::string> words) const;
  /// Runs the program to its end: exit code and what it wrote.
  std::pair<int, std::string> call(const std::vector<std::string>& words);

  std::filesystem::path binary_;
  std::vector<std::filesystem::path> folders_;
  ThrowawayServer server_;
  Database database_{server_};
  std::map<std::string, std::unique_ptr<Sql>> sessions_;  ///< by name; "" is the one of statements without a name
  std::filesystem::path migration_;
  std::unique_ptr<Program> daemon_;
  int calls_ = 0;
};

}  // namespace crossfade::test
