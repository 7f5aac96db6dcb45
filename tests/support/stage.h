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

/// One migration in a database of its own, and the real program at work on it: a daemon that is started, stopped and killed, and
/// commands. What a call expects and does not find is thrown as std::runtime_error.
class Stage {
 public:
  /// The database is empty, or a copy of `as_in`, a database of that server.
  Stage(std::filesystem::path folder, ThrowawayServer& server, const std::string& as_in = "");

  std::string conninfo() const { return database_.conninfo(); }
  ThrowawayServer& server() { return database_.server(); }
  const std::string& dbname() const { return database_.name(); }
  /// How the program connects from now on.
  void source(std::string conninfo) { source_ = std::move(conninfo); }
  /// On which other server v2 grows from now on.
  void target(std::string conninfo) { target_ = std::move(conninfo); }
  std::string name() const { return folder_.filename(); }
  const std::filesystem::path& folder() const { return folder_; }

  /// `crossfade run --prepare`, not waited for.
  void start_daemon(const std::vector<std::string>& more = {});
  /// SIGTERM, and the end with exit code 0.
  void stop_daemon();
  void kill_daemon();
  Program& daemon() { return *daemon_; }
  bool has_daemon() const { return daemon_ != nullptr; }
  /// Throws where it has ended by itself.
  void expect_daemon();
  /// The daemon's Unix socket.
  std::filesystem::path control() const { return file(".sock"); }
  std::string daemon_log() const;

  /// Another call of the program to its end: exit code and what it wrote.
  std::pair<int, std::string> call(std::vector<std::string> words, std::chrono::seconds limit = kLimit);
  /// The words of a call, from the program's path on.
  std::vector<std::string> command_line(std::vector<std::string> words) const;
  /// The same, not waited for.
  std::unique_ptr<Program> start(std::vector<std::string> words, const Environment& environment = {});

  /// Returns once everything that has committed by now can be read in v2.
  void wait_until_caught_up(std::chrono::seconds limit = kLimit);
  /// The same, looked at in a session that is there already.
  void wait_until_caught_up(Sql& sql, std::chrono::seconds limit = kLimit);

 private:
  std::filesystem::path file(const std::string& suffix) const { return directory_ / (database_.name() + suffix); }

  std::filesystem::path folder_;
  std::filesystem::path directory_;  ///< of the server; logs and the socket stand there
  Database database_;
  std::string source_;
  std::string target_;               ///< "": v2 grows beside v1
  std::unique_ptr<Program> daemon_;
  int calls_ = 0;
};

/// The text of a file.
std::string read_file(const std::filesystem::path& path);

}  // namespace crossfade::test
