#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/notify.h"
#include "base/telemetry/progress.h"
#include "mapping/model/model.h"
#include "pg/connection.h"
#include "verify/diff/differing_rows.h"
#include "verify/diff/recheck.h"

namespace crossfade::verify {

/// What one verification found.
struct Verification {
  struct OfTarget {
    TargetId target;
    std::uint64_t rows = 0;               ///< of the view, or of the shadow where that has more
    std::uint64_t drifted = 0;
  };

  std::string started_at;                 ///< by the server's clock, as timestamptz prints
  std::string lsn;                        ///< where the log ended when it began: what committed before was looked at
  double seconds = 0;
  bool whole = false;                     ///< every target, not a choice of them
  bool engine_running = false;            ///< false: what a daemon has still to apply looks like drift
  bool repair = false;
  std::vector<OfTarget> targets;
  std::uint64_t compared_rows = 0;
  std::uint64_t drifted_rows = 0;         ///< what was found, the repaired included: a clean pass has none
  std::uint64_t repaired_rows = 0;
  std::uint64_t quarantined_rows = 0;     ///< differ because their key is in quarantine, or their target is parked
  std::uint64_t in_flight_rows = 0;       ///< differed at first and were only on their way
  std::uint64_t offered_keys = 0;         ///< by repair
  std::vector<Difference> drift;          ///< the first of them

  bool equal() const { return drifted_rows == repaired_rows; }
};

struct VerifierOptions {
  std::vector<TargetId> targets;            ///< none: all
  bool repair = false;                           ///< offer what has drifted, and look again
  std::size_t most_kept = 1000;                  ///< differences in the result; all are counted
  std::chrono::milliseconds chunk_aim{700};      ///< of one snapshot: vacuum is not held up, a pause is felt at once
  std::vector<pg::Connection*> beside;           ///< sessions that compare beside the first, each a chunk at a time
  double share = 1.0;                            ///< of the time that is spent comparing; the rest is left to the server
  Progress* progress = nullptr;                  ///< hears after each chunk, and of the first rows that drifted; none: nobody does
};

/// Holds every shadow table against its view, in chunks of the walk, each at a snapshot of its own.
class Verifier {
 public:
  Verifier(pg::Connection& connection, const mapping::Model& model, Rechecker& rechecker, VerifierOptions options)
      : connection_(connection), model_(model), rechecker_(rechecker), options_(std::move(options)) {}

  asio::awaitable<Verification> run();

 private:
  /// How far the chunks of one target are given out.
  struct Walk {
    TargetId target;
    async::Notify turn;
    mapping::Range rest;
    std::size_t keys;
    bool claiming = false;
    bool given_out = false;
  };

  asio::awaitable<void> give_ids(const std::vector<TargetId>& targets);
  asio::awaitable<void> walk(TargetId target);
  asio::awaitable<void> worker(Walk& walk, pg::Connection& connection);
  asio::awaitable<void> cover(pg::Connection& connection, TargetId target, mapping::Range range, std::size_t keys);
  asio::awaitable<mapping::Range> next_chunk(pg::Connection& connection, TargetId target, const mapping::Range& rest, std::size_t keys);
  struct Tried {
    Compared compared;
    bool refused = false;
  };
  asio::awaitable<Tried> compare(pg::Connection& connection, TargetId target, mapping::Range range);
  asio::awaitable<std::optional<std::vector<std::string>>> values_in(pg::Connection& connection, TargetId target, mapping::Range range);
  asio::awaitable<void> suspect_all(pg::Connection& connection, TargetId target, mapping::Range range);
  void suspect(TargetId target, const mapping::Range& range, const Compared& compared);
  asio::awaitable<void> decide_suspects();
  asio::awaitable<void> decide(Candidates candidates);
  void mark_repaired(std::vector<Difference>& drift, const std::vector<Difference>& after) const;
  void keep(std::vector<Difference> drift);
  void tell(const std::string& what);

  pg::Connection& connection_;
  const mapping::Model& model_;
  Rechecker& rechecker_;
  const VerifierOptions options_;
  Verification found_;
  Candidates suspects_;
  std::uint64_t suspected_rows_ = 0;
  std::size_t planned_ = 0;              ///< targets
  double expected_rows_ = 0;             ///< as the server last counted them, of all targets
};

/// Writes the result to crossfade.verification.
asio::awaitable<void> record(pg::Connection& connection, const mapping::Model& model, const Verification& verification);

}  // namespace crossfade::verify
