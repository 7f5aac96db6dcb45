#pragma once

#include <string>
#include <vector>

#include "app/ephemeral/throwaway_server.h"
#include "migrate/measure.h"
#include "support/stage.h"

namespace crossfade::bench {

struct Size {
  int plans = 50'000;
  int exercises_per_plan = 30;
  int changes = 300'000;             ///< of one round of catch-up
  std::chrono::seconds latency{20};  ///< of one round of latency
};

/// A server with the old workout schema and its sample data, of which every measurement gets a copy of its own.
class SampleServer {
 public:
  SampleServer(const Size& size, bool durable);

  const Size& size() const { return size_; }
  ThrowawayServer& server() { return server_; }
  /// Seconds of processor time of sessions and workers that have ended, since the server was started.
  double server_seconds();
  /// What the server says of itself and of its settings: "PostgreSQL 15.7", then "fsync = on" …
  std::vector<std::string> settings();
  std::string conninfo(const std::string& dbname) const { return server_.conninfo(dbname); }

 private:
  Size size_;
  ThrowawayServer server_;
};

/// vagus_workout in a copy of the sample.
class Stage : public test::Stage {
 public:
  explicit Stage(SampleServer& sample);

  /// Returns once the phase is `following`.
  void wait_until_following();
  /// Another command of the program to its end, which is a good one.
  void perform(const std::string& command);
  /// Throws unless every target equals its view. No daemon may run; what is on its way is waited for.
  void expect_equal();
};

/// One half of a round: what passes between begin and end.
class Stopwatch {
 public:
  explicit Stopwatch(SampleServer& sample) : sample_(sample), server_(sample.server_seconds()) {}
  /// Takes the time. What the server spent is known only when the sessions have ended.
  void stop() { elapsed_ = seconds_since(began_); }
  Cost cost();

 private:
  SampleServer& sample_;
  double server_;
  Clock::time_point began_ = Clock::now();
  double elapsed_ = 0;
};

/// Native logical replication of v1's exercises, 1:1, into a database beside the one they are in. Off until enabled.
class NativeCopy {
 public:
  NativeCopy(SampleServer& sample, const std::string& source);
  NativeCopy(const NativeCopy&) = delete;
  NativeCopy& operator=(const NativeCopy&) = delete;
  ~NativeCopy();

  void enable() { copy_.exec("alter subscription native enable"); }
  void disable();
  /// Returns once the copy shows `notes` at exercise `id`, which was the last change.
  void wait_for(const std::string& id, const std::string& notes);
  test::Sql& sql() { return copy_; }

 private:
  test::Database copy_of_sample_;
  test::Sql source_;
  test::Sql copy_;
};

/// Where the measurements stand: "catch-up, round 2: native". To stderr.
void say(const std::string& what);

std::vector<Comparison> measure_backfill(SampleServer& sample, int rounds);
Comparison measure_catch_up(SampleServer& sample, int rounds);
std::vector<Comparison> measure_latency(SampleServer& sample, int rounds);

}  // namespace crossfade::bench
