#pragma once

#include <optional>
#include <vector>

#include "sync/state/runtime.h"

namespace crossfade::sync {

/// A backlog is upserted in workers: each session has its part of the keys, each part is a transaction of its own. What
/// readers see meanwhile is right for each key, not for all of them together.
///
/// Invariant 3: at most one refresh in flight per key. A key has its worker, and all workers are at keys of the same locator of
/// the same target, so no two of them name the same row, but for one that moves. Parents are committed before their
/// children begin.
class CatchUp {
 public:
  explicit CatchUp(Runtime& run) : run_(run) {}

  /// Every snapshot that is used here is younger than the call, so it sees what the caller has seen (invariant 1). Adds to
  /// `written` and returns the keys that are left to one transaction after this: of rows that the view no longer has,
  /// because a row that is gone from one worker's keys can have moved to another's; and of parts that were refused, by the row's
  /// own fault, because a row was in two workers after all, or because another session has one locked.
  asio::awaitable<std::vector<Key>> upsert(const std::vector<Key>& keys, ByTarget<Written>& written);

  /// Closes the sessions until they are needed again.
  void rest() {
    sessions_.clear();
    row_locks_ = false;
  }

  /// Another session has rows of v2 locked; until the rest.
  bool row_locks() const { return row_locks_; }

 private:
  struct Outcome {
    Written written;
    std::vector<Key> left;
  };

  asio::awaitable<void> open();
  asio::awaitable<void> part(pg::Connection& connection, std::vector<Key> keys, Outcome& outcome);
  asio::awaitable<std::optional<Failure>> try_in_savepoint(pg::Connection& connection, std::vector<Key> keys, Outcome& outcome);

  Runtime& run_;
  std::vector<pg::Connection> sessions_;
  bool row_locks_ = false;
};

}  // namespace crossfade::sync
