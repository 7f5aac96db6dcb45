#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/demo/audience.h"
#include "app/ephemeral/program.h"
#include "app/ephemeral/throwaway_server.h"
#include "crossfade/v1/status.pb.h"

namespace crossfade::app {

/// A throw-away PostgreSQL, the real daemon on it, and the commands that a person would type, each shown with its answer. Where the
/// audience leaves, all of it goes, and nothing stays on the disk.
class Stage {
 public:
  /// `audience` lives longer.
  Stage(std::filesystem::path migration, ThrowawayServer::Options server, Audience& audience);

  ThrowawayServer& server() { return server_; }
  const std::filesystem::path& migration() const { return migration_; }

  /// One sentence for whoever watches.
  void say(const std::string& sentence) const { audience_.say(sentence); }

  /// Prepares and runs in the background.
  void start_daemon();
  /// Shows the progress of the backfill; returns what the daemon says then. Throws if it ends.
  v1::Status watch_until_following();
  /// Drained; throws if it does not end with 0.
  void stop_daemon();

  enum class Shown { kAll, kLastLine };

  /// `crossfade words…` on this stage. Throws unless it ends with 0.
  void command(const std::vector<std::string>& words, Shown shown = Shown::kAll);
  /// The same; gives the exit code whatever it is. What ends otherwise than with 0 is shown whole.
  int run_command(const std::vector<std::string>& words, Shown shown = Shown::kAll);

  /// The first value of the last statement's result; "" if there is none.
  std::string value(std::string sql) const;

  /// Leaves all of it running until Ctrl-C, and says how to look at it.
  void wait_for_interrupt() const;

 private:
  std::optional<v1::Status> now() const;
  std::optional<int> wait_for(Program& program, std::chrono::milliseconds limit) const;
  std::vector<std::string> command_line(std::vector<std::string> words) const;
  std::string control() const { return (server_.directory() / "control.sock").string(); }
  std::filesystem::path log() const { return server_.directory() / "daemon.log"; }

  Audience& audience_;
  const std::filesystem::path migration_;
  ThrowawayServer server_;
  std::unique_ptr<Program> daemon_;
  int commands_ = 0;
  std::string answer_;  ///< of the last command
};

}  // namespace crossfade::app
