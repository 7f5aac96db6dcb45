#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <csignal>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/cli/options.h"
#include "base/error/exit_code.h"
#include "base/telemetry/progress.h"
#include "pg/connection.h"

namespace crossfade::app {

/// As long as it lives, Ctrl-C and SIGTERM are heard instead of ending the process; a second one ends it as it always does.
class Ears {
 public:
  Ears();
  ~Ears();
  Ears(const Ears&) = delete;
  Ears& operator=(const Ears&) = delete;

  /// Throws what ends a coroutine, once one of them has come.
  void go_on() const;

 private:
  static constexpr std::array kSignals{SIGINT, SIGTERM};
  std::array<struct sigaction, kSignals.size()> before_{};
};

/// Runs what takes long, tells on stderr how far it is, and ends it when its time is over or somebody presses Ctrl-C. On a terminal
/// there is one line, which changes; with --json an event a second, a line each; else a line now and then.
class LongWork : public Progress {
 public:
  enum class Ended { kByItself, kTimeOver, kByHand };

  /// `name` is the command's: "verify". `most`: the work is ended after that time.
  LongWork(const Options& options, std::string name, std::optional<std::chrono::milliseconds> most = std::nullopt);

  /// Throws what the work throws, unless it was ended. What it found until then the caller has to have at hand.
  Ended to_end(boost::asio::awaitable<void> work);
  /// The same for work that is no coroutine, and calls go_on() wherever it waits.
  Ended to_end(const std::function<void()>& work);

  void at(Step step) override;
  void found(std::string what) override;
  /// For work that waits elsewhere than in its coroutine, for a child process, now and then: throws what ends a coroutine, where
  /// this is to end.
  void go_on();

  /// The line goes, so that something else can be printed.
  void rest() { clear(); }

  /// Prints what is known of work that was ended early, and gives the exit code that says so: what was found outranks that it was
  /// not looked at to the end.
  ExitCode show_known(Ended ended) const;

 private:
  using Clock = std::chrono::steady_clock;
  enum class Listener { kTerminal, kScript, kNobody };

  bool is_over();
  /// What work that has thrown has come to; throws again what it was not ended by.
  Ended ended_by(const std::exception_ptr& thrown) const;
  std::chrono::milliseconds pause() const;
  void tick();
  void show();
  void clear();
  double seconds() const;

  const bool json_;
  const std::string name_;
  const std::optional<std::chrono::milliseconds> most_;
  const Listener listener_;
  const Clock::time_point began_ = Clock::now();
  Clock::time_point shown_ = began_;
  Step step_;
  std::vector<std::string> found_;
  Ended ended_ = Ended::kByItself;
};

/// What the server does for a session ends with the work that it was for.
class EndsOnServer {
 public:
  explicit EndsOnServer(pg::Connection& connection) : connection_(connection) {}
  ~EndsOnServer() {
    if (!done_) connection_.cancel();
  }
  EndsOnServer(const EndsOnServer&) = delete;
  EndsOnServer& operator=(const EndsOnServer&) = delete;
  void done() { done_ = true; }

 private:
  pg::Connection& connection_;
  bool done_ = false;
};

/// What the process ends with where nothing was found until then.
ExitCode exit_code(LongWork::Ended ended);

/// "verify 42 %, target 3 of 5: days, 12.0 s, about 20 s left".
std::string progress_line(const std::string& name, const Progress::Step& step, double seconds);
/// The same as an event, one line of JSON.
std::string progress_event(const std::string& name, const Progress::Step& step, double seconds);

}  // namespace crossfade::app
