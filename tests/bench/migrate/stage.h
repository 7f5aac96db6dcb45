#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/ephemeral/program.h"
#include "app/ephemeral/throwaway_server.h"
#include "migrate/measure.h"
#include "support/server.h"

namespace crossfade::bench {

struct Size {
  int plans = 50'000;
  int exercises_per_plan = 30;
  int changes = 300'000;             ///< of one round of catch-up
  std::chrono::seconds latency{20};  ///< of one round of latency
};

/// A server with the old workout schema and its sample data, of which every measurement gets a copy of its own.
class Stage {
 public:
  Stage(const Size& size, bool durable);

  const Size& size() const { return size_; }
  ThrowawayServer& server() { return server_; }
  bool durable() const { return durable_; }
  /// Seconds of processor time of sessions and workers that have ended, since the server was started.
  double server_seconds();
  /// What the server says of itself and of its settings: "PostgreSQL 15.7", then "fsync = on" …
  std::vector<std::string> settings();
  std::string conninfo(const std::string& dbname) const { return server_.conninfo(dbname); }
  void copy_base(const std::string& dbname);
  /// With the slots that decode it; nobody may be reading them.
  void drop(const std::string& dbname);

 private:
  Size size_;
  bool durable_;
  ThrowawayServer server_;
};

/// One half of a round: what passes between begin and end.
class Stopwatch {
 public:
  explicit Stopwatch(Stage& stage) : stage_(stage), server_(stage.server_seconds()) {}
  /// Takes the time. What the server spent is known only when the sessions have ended.
  void stop() { elapsed_ = seconds_since(began_); }
  Cost cost();

 private:
  Stage& stage_;
  double server_;
  Clock::time_point began_ = Clock::now();
  double elapsed_ = 0;
};

/// The program on one database.
class Daemon {
 public:
  Daemon(Stage& stage, std::string dbname) : stage_(stage), dbname_(std::move(dbname)) {}

  void start();
  /// By SIGTERM; throws unless it ends well.
  void stop();
  /// Returns once the phase is `following`.
  void wait_until_following();
  /// Returns once all that has committed by now can be read in v2.
  void wait_until_caught_up();
  /// Another command of the program to its end.
  void call(const std::string& command);
  /// Throws unless every target equals its view. Nothing may run; what is on its way is waited for.
  void expect_equal();

 private:
  std::vector<std::string> command_line(const std::string& command) const;
  void expect_running();

  Stage& stage_;
  std::string dbname_;
  std::unique_ptr<Program> program_;
};

/// Native logical replication of v1's exercises, 1:1, into a database beside the one they are in. Off until enabled.
class NativeCopy {
 public:
  NativeCopy(Stage& stage, const std::string& source, std::string copy);

  void enable() { copy_.exec("alter subscription native enable"); }
  void disable();
  /// Returns once the copy shows `notes` at exercise `id`, which was the last change.
  void wait_for(const std::string& id, const std::string& notes);
  test::Sql& sql() { return copy_; }
  /// At the end, with its slot. Nothing else may be called afterwards.
  void drop();

 private:
  Stage& stage_;
  std::string copy_name_;
  test::Sql source_;
  test::Sql copy_;
};

/// Where the measurements stand: "catch-up, round 2: native". To stderr.
void say(const std::string& what);

std::vector<Comparison> measure_backfill(Stage& stage, int rounds);
Comparison measure_catch_up(Stage& stage, int rounds);
std::vector<Comparison> measure_latency(Stage& stage, int rounds);

}  // namespace crossfade::bench
