#pragma once

#include <cstdint>
#include <vector>

#include "mapping/sql/statements.h"
#include "pg/connection.h"
#include "sync/state/runtime.h"
#include "verify/diff/difference.h"

namespace crossfade::verify {

namespace asio = boost::asio;

/// What differed at some snapshot. It may be drift, or a change that is still on its way.
struct Candidates {
  struct Stretch {
    TargetId target;
    mapping::Range range;
  };

  std::vector<Key> keys;
  std::vector<Stretch> stretches;  ///< for rows that no key leads to: the part of the walk in which they stood

  bool empty() const { return keys.empty() && stretches.empty(); }
};

/// What a second look made of candidates, in rows.
struct Decision {
  std::vector<Difference> drift;   ///< the first few thousand
  std::uint64_t drifted = 0;       ///< all
  std::uint64_t quarantined = 0;   ///< differ because their key is in quarantine, or their target is parked; not counted as drift
};

/// Looks at candidates at the snapshot of `in_transaction`. With a transaction that is a consistent cut, what it returns is
/// drift without a race.
asio::awaitable<Decision> decide(pg::Connection& in_transaction, const mapping::Model& model, Candidates candidates);

/// Who says whether a suspect is drift, and who takes keys to be written again.
class Rechecker {
 public:
  virtual ~Rechecker() = default;
  virtual asio::awaitable<Decision> recheck(Candidates candidates) = 0;
  virtual asio::awaitable<void> offer(std::vector<Key> keys) = 0;
  /// True: what is offered will have been refreshed when recheck() looks again.
  virtual bool engine_running() const = 0;
};

/// Inside the daemon: decides at the next consistent cut.
class CutRechecker : public Rechecker {
 public:
  explicit CutRechecker(sync::Runtime& run) : run_(run) {}
  asio::awaitable<Decision> recheck(Candidates candidates) override;
  asio::awaitable<void> offer(std::vector<Key> keys) override;
  bool engine_running() const override { return true; }

 private:
  sync::Runtime& run_;
};

/// With no daemon to ask: a row that differs twice, and was not written in between, counts as drift. A change that was
/// committed and not applied looks the same, so the result says that no engine was running.
class PollingRechecker : public Rechecker {
 public:
  PollingRechecker(pg::Connection& connection, const mapping::Model& model, std::chrono::milliseconds between_looks)
      : connection_(connection), model_(model), between_looks_(between_looks) {}
  asio::awaitable<Decision> recheck(Candidates candidates) override;
  asio::awaitable<void> offer(std::vector<Key> keys) override;
  bool engine_running() const override { return false; }

 private:
  asio::awaitable<Decision> look(Candidates candidates);

  pg::Connection& connection_;
  const mapping::Model& model_;
  const std::chrono::milliseconds between_looks_;
};

}  // namespace crossfade::verify
