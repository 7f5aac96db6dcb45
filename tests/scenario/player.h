#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "scenario/script.h"
#include "support/stage.h"

namespace crossfade::test {

/// Plays a scenario on a PostgreSQL of its own, with sessions on it, the daemon and the command line. Each command of the
/// language is one method; all throw std::runtime_error with what was expected and what came instead.
class Player {
 public:
  /// `folders`: where a migration is looked for by its name.
  explicit Player(std::vector<std::filesystem::path> folders) : folders_(std::move(folders)) {}

  void perform(const Step& step);
  /// What the daemon has written, for a scenario that failed.
  std::string daemon_log() const { return stage_ ? stage_->daemon_log() : ""; }

 private:
  void migration(const Step& step);
  void statement(const Step& step);
  void query(const Step& step);
  void sync();
  void equal();
  void daemon(const Step& step);
  void cli(const Step& step);
  void server(const Step& step);

  Stage& stage();
  Sql& session(const Step& step);

  std::vector<std::filesystem::path> folders_;
  ThrowawayServer server_;
  std::unique_ptr<Stage> stage_;                          ///< from the step that names the migration on
  std::map<std::string, std::unique_ptr<Sql>> sessions_;  ///< by name; "" is the one of statements without a name
};

}  // namespace crossfade::test
