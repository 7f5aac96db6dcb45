#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "mapping/sql/statements.h"
#include "sync/refresh/bring.h"
#include "sync/state/runtime.h"

namespace crossfade::sync {

/// Fills targets from their views in chunks of the walk, several workers at a time, resumable: a chunk's rows and its line
/// in the ledger commit together, and what the ledger does not cover is still to do.
///
/// Empty tables are loaded in bulk, without keys and indexes, which are built afterwards; others are merged by
/// difference. While this runs, every offered key of what is filled is spilled to crossfade.dirty, so a row that was read before it
/// changed is refreshed afterwards. Targets that were filled before go on meanwhile, but for those that refer to one that is filled.
class Backfill {
 public:
  explicit Backfill(Runtime& run) : run_(run), turn_(run.control_changed) {}

  /// Fills whatever is unfinished, then waits for more to do. Returns never; ends by cancellation or Failure.
  asio::awaitable<void> loop();

 private:
  /// Of a chunk that somebody is in the way of. The pauses between them double, up to a second.
  static constexpr int kMostTries = 8;

  /// What is left of one target.
  struct Job {
    TargetId target;
    bool bulk = false;
    std::deque<mapping::Range> gaps;
    std::size_t keys_a_chunk = 500;  ///< grows or shrinks towards the aimed duration
    int running = 0;
    std::size_t spilled = 0;        ///< keys that were refused alone
    bool row_locks = false;          ///< another session had rows of it locked
    std::string stays;               ///< an SQLSTATE that should pass by itself, and does not
  };

  asio::awaitable<void> until_known();
  asio::awaitable<std::vector<Job>> unfinished(pg::Connection& connection);
  double size_of(TargetId target) const;
  asio::awaitable<void> worker(pg::Connection& connection, std::vector<Job>& jobs);
  asio::awaitable<std::optional<mapping::Range>> claim(pg::Connection& connection, Job& job);
  asio::awaitable<void> chunk(pg::Connection& connection, Job& job, mapping::Range range);
  asio::awaitable<Written> load_unless_lost(pg::Connection& connection, Job& job, mapping::Range range);
  asio::awaitable<Written> load(pg::Connection& connection, Job& job, mapping::Range range);
  asio::awaitable<std::optional<Bound>> middle_of(pg::Connection& connection, Job& job, mapping::Range range);
  asio::awaitable<void> split(pg::Connection& connection, Job& job, mapping::Range range, Failure why, Written& written);
  asio::awaitable<void> spill(pg::Connection& connection, Job& job, mapping::Range range);
  asio::awaitable<void> set_down(pg::Connection& connection, Job& job, Failure because);
  asio::awaitable<std::uint64_t> offer_values(pg::Connection& connection, TargetId target, LocatorId locator, std::vector<mapping::KeyFilter> filters,
                                              pg::Parameters parameters);
  asio::awaitable<void> spill_without_chunk_key(pg::Connection& connection, const Job& job);
  asio::awaitable<void> finish(std::vector<Job>& jobs);

  Runtime& run_;
  async::Notify& turn_;
  bool claiming_ = false;
};

/// Marks targets as to be filled again by difference: after a gap in the stream, or a truncated source.
asio::awaitable<void> reconcile(pg::Connection& connection, Runtime& run, std::vector<TargetId> targets);

}  // namespace crossfade::sync
