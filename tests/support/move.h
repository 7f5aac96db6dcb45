#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "support/stage.h"

namespace crossfade::test {

/// The migrations that tests bring with them, and the project's own.
std::filesystem::path test_migration(const std::string& name);
std::filesystem::path migration(const std::string& name);

/// A stage in a test of GoogleTest: what is expected and not found fails that.
class Move : public Stage {
 public:
  /// Runs the migration's v1.sql.
  explicit Move(std::filesystem::path folder, ThrowawayServer& server = shared_server());
  ~Move();

  Sql& sql() { return *sql_; }
  /// What the slot of the forward direction is called in this database.
  std::string slot() { return sql_->value("select format('crossfade_%s_" + name() + "', oid) from pg_database where datname = current_database()"); }
  /// After the server was restarted.
  void reconnect() { sql_ = std::make_unique<Sql>(conninfo()); }

  void stop_daemon();
  void kill_daemon();

  /// Waits until the daemon has written `text`: true then; false if it has ended or the limit has passed. That it has not: see daemon_log().
  bool logged(const std::string& text);
  /// Fails the test unless everything that has committed by now can be read in v2 within the limit.
  void expect_caught_up();
  /// The same, and every target equals its view and nothing is in quarantine.
  void expect_equal();

 private:
  std::unique_ptr<Sql> sql_;
};

}  // namespace crossfade::test
