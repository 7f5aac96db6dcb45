#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/move.h"
#include "support/workload.h"
#include "support/writers.h"

namespace crossfade::test {

/// One run of a migration under writers and faults, all of it drawn from a seed: which migration, which faults in which order, while
/// it backfills, while it follows and, where the migration has a workload of v2, after the writes have moved and come back.
class Nemesis {
 public:
  struct Fault {
    const char* name;
    void (Nemesis::*strike)();
  };

  explicit Nemesis(std::uint32_t run_seed);

  /// The names of the faults that will strike, in order.
  const std::vector<const Fault*>& steps() const { return steps_; }
  /// All steps, or those of `only` (places in steps()). Fails the test where a promise is broken.
  void run(const std::vector<std::size_t>& only = {});
  /// "seed=7 migration=gym steps=kill,freeze transactions=812"
  std::string line() const;

 private:
  static const std::vector<Fault>& faults();

  std::string change();
  void strike_all(std::size_t first, std::size_t last, const std::vector<std::size_t>& only);
  void start_daemon();
  void restart_daemon();
  void expect_alive();
  void expect_nothing_aside();
  void there_and_back(std::size_t first, const std::vector<std::size_t>& only);
  std::string any_source();
  /// A statement that may fail without anything being wrong: a conflict with the writers.
  void attempt(const std::string& statements);

  void kill();
  void freeze();
  void take_over();
  void crash_server();
  void restart_server();
  void terminate();
  void drop_slot();
  void change_publication();
  void rewrite();
  void vacuum();
  void lock();
  void flood();
  void savepoints();
  void prepare_transaction();
  void truncate();
  void time_out();
  void pause();
  void verify();

  std::uint32_t seed_;
  Random random_;
  std::filesystem::path folder_;
  ThrowawayServer server_;
  Move move_;
  std::unique_ptr<Workload> workload_;
  std::vector<const Fault*> steps_;
  std::uint64_t transactions_ = 0;
  int number_ = 0;              ///< of what the faults name
  std::size_t log_before_ = 0;  ///< the present daemon
  bool on_v2_ = false;
};

}  // namespace crossfade::test
