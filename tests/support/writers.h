#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "support/server.h"

namespace crossfade::test {

using Random = std::mt19937;

/// The seed of this run: CROSSFADE_SEED, else a new one. Printed once, to repeat a run that failed.
std::uint32_t seed();
/// A number in [low, high].
int draw(Random& random, int low, int high);

/// Applications that write while something happens: sessions of their own that write again and again until they are stopped, and
/// come back when the server does.
class Writers {
 public:
  /// One write of a session; what it throws is a write that was not taken. It may remember what it did.
  using Write = std::function<void(Sql&)>;
  /// What session n does.
  using Begin = std::function<Write(int n)>;
  /// `interval`: the time of a session from one write that was taken to the next, at least.
  Writers(const std::string& conninfo, int sessions, const Begin& begin, std::chrono::microseconds interval = {});

  using Draw = std::function<std::string(Random&)>;
  /// Statements drawn at random: session n draws by the number `first_seed` + n.
  Writers(const std::string& conninfo, int sessions, Draw draw_statement, std::uint32_t first_seed = seed());
  Writers(const Writers&) = delete;
  Writers& operator=(const Writers&) = delete;
  ~Writers() { stop(); }

  void stop();
  bool stopping() const { return stopping_; }
  /// Writes that were answered without an error.
  std::uint64_t done() const { return done_; }
  /// Returns once `more` have been done; fails the test if that does not happen.
  void expect_progress(std::uint64_t more);

 private:
  void go_on(const std::string& conninfo, const Write& write, std::chrono::microseconds interval);

  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint64_t> done_ = 0;
  std::vector<std::thread> threads_;
};

/// A random change of migration gym's tables, with ids up to `ids`; some are transactions, some are rolled back in part.
std::string change_gym(Random& random, int ids);

}  // namespace crossfade::test
