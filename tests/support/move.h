#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/program.h"
#include "support/server.h"

namespace crossfade::test {

/// Patience with what happens by itself on a busy machine. Nothing waits that long unless it is broken.
inline constexpr std::chrono::seconds kLimit{180};

/// The migrations that tests bring with them, and the project's own.
std::filesystem::path test_migration(const std::string& name);
std::filesystem::path migration(const std::string& name);

/// One migration in a database of its own, moved by the real program.
class Move {
 public:
  /// Runs the migration's v1.sql.
  explicit Move(std::filesystem::path folder, ThrowawayServer& server = shared_server());
  ~Move();

  Sql& sql() { return *sql_; }
  std::string conninfo() const { return database_.conninfo(); }
  ThrowawayServer& server() { return database_.server(); }
  /// How the program connects from now on.
  void source(std::string conninfo) { source_ = std::move(conninfo); }
  std::string name() const { return folder_.filename(); }
  const std::filesystem::path& folder() const { return folder_; }
  /// What the slot of the forward direction is called in this database.
  std::string slot() { return sql_->value("select format('crossfade_%s_" + name() + "', oid) from pg_database where datname = current_database()"); }
  /// After the server was restarted.
  void reconnect() { sql_ = std::make_unique<Sql>(conninfo()); }

  /// `crossfade run --prepare`, not waited for.
  void start_daemon(const std::vector<std::string>& more = {});
  /// SIGTERM, waits for the end and expects exit code 0.
  void stop_daemon();
  void kill_daemon();
  Program& daemon() { return *daemon_; }
  /// The daemon's Unix socket.
  std::filesystem::path control() const { return file(".sock"); }
  std::string daemon_log() const;

  /// Another call of the program to its end: exit code and what it wrote.
  std::pair<int, std::string> call(std::vector<std::string> words);

  /// The words of a call, from the program's path on.
  std::vector<std::string> command_line(std::vector<std::string> words) const;
  /// The same, not waited for.
  std::unique_ptr<Program> start(std::vector<std::string> words, const Environment& environment = {});

  /// True once the daemon has written `text`; false if it has ended or the limit has passed.
  bool logged(const std::string& text);
  /// Fails the test unless everything that has committed by now can be read in v2 within the limit.
  void expect_caught_up();
  /// The same, and every target equals its view and nothing is in quarantine.
  void expect_equal();

 private:
  std::filesystem::path file(const std::string& suffix) const { return directory_ / (database_.name() + suffix); }

  std::filesystem::path folder_;
  std::filesystem::path directory_;  ///< of the server; logs and the socket stand there
  Database database_;
  std::string source_;
  std::unique_ptr<Sql> sql_;
  std::unique_ptr<Program> daemon_;
  int calls_ = 0;
};

}  // namespace crossfade::test
