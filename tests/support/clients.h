#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "support/writers.h"

namespace crossfade::test {

/// Applications of migration gym as a client library would have them: each asks crossfade.route which side to write, writes an
/// exercise of a new number in that side's shape, and asks again when that was refused, by a fence or because the tables have
/// the other shape by now. A write counts once it was acknowledged.
class Clients {
 public:
  /// What they ask before they write, and what they write where v2 has an owner; {} is the number of an exercise.
  struct Habits {
    std::string asks = "crossfade.route('gym', {})";
    std::string owner = "owner";
    bool delete_too = false;  ///< with every third exercise one of theirs goes, drawn by the seed
  };
  Clients(const std::string& conninfo, int sessions, int writes_per_second) : Clients(conninfo, sessions, writes_per_second, Habits{}) {}
  Clients(const std::string& conninfo, int sessions, int writes_per_second, Habits habits);

  void stop() { writers_.stop(); }
  std::uint64_t acknowledged() const { return writers_.done(); }
  /// Returns once `more` have been acknowledged; fails the test if that does not happen.
  void expect_progress(std::uint64_t more) { writers_.expect_progress(more); }

  /// After stop(): the numbers of the exercises that were written, and how long each write took, retries included.
  const std::vector<int>& written() const { return written_; }
  /// And of those that went again.
  const std::vector<int>& deleted() const { return deleted_; }
  std::vector<double> milliseconds() const;

  /// Numbers above this are ours.
  static constexpr int kFirst = 1'000'000;

 private:
  Writers::Write session(int n);

  const Habits habits_;
  std::mutex mutex_;
  std::vector<int> written_, deleted_;
  std::vector<double> milliseconds_;
  Writers writers_;  ///< the last, because they write into the others
};

}  // namespace crossfade::test
