#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pg/connection.h"

namespace crossfade::cutover {

struct LoggedStep {
  int attempt = 1;
  std::string name;
  double milliseconds = 0;
  bool held = false;                   ///< applications waited for its locks while it ran
  std::string outcome;                 ///< "done", or what the server said
  std::string holders;                 ///< sessions that had the lock, where there was none to be had
};

/// The step log: what a flip did and how long each step took, the attempts that gave way included. Kept in memory
/// while it goes on, since the transaction that is timed may not come to its end, and written down afterwards.
class StepLog {
 public:
  explicit StepLog(std::string migration);

  /// The flip's own id, by which it is found again in crossfade.audit.
  const std::string& id() const { return id_; }
  int attempt() const { return attempt_; }
  /// The step that runs now, or ran last.
  const std::string& step() const { return steps_.back().name; }
  const std::vector<LoggedStep>& steps() const { return steps_; }

  void next_attempt() { ++attempt_; }
  void begin(std::string step);
  /// Begins the step in which the lock is asked for that applications wait for. Each that begins from there to the commit, or to where it
  /// is let go, is held.
  void hold(std::string step);
  void let_go() { holding_ = false; }
  void end(std::string outcome = "done");
  void blame(std::string holders) { steps_.back().holders = std::move(holders); }

  /// Writes crossfade.cutover_step. A flip is what it is whether or not its times are known: a failure is logged, not thrown.
  boost::asio::awaitable<void> record(pg::Connection& connection) const;

 private:
  std::string migration_;
  std::string id_;
  int attempt_ = 1;
  bool holding_ = false;
  std::vector<LoggedStep> steps_;
  pg::Clock::time_point began_;
};

}  // namespace crossfade::cutover
