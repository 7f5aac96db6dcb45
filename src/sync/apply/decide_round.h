#pragma once

#include <cstdint>

namespace crossfade::sync {

/// What the refresher's next round is decided by.
struct RoundFacts {
  bool held = false;         ///< targets are being filled, a person holds the work, or a name is not what it was
  bool memory_full = false;  ///< nearly: the stream would have to wait for room
  bool locked = false;       ///< another session has locked what some targets are read from
  bool behind = false;       ///< more waits in memory than one transaction should have
  std::uint64_t dirty_keys = 0;
  std::uint64_t batch_keys = 0;  ///< what one transaction should have
};

/// What it does: see Refresher.
enum class Round { kSpill, kBeside, kCut, kDrain, kDrainThenCatchUp, kCatchUp };

/// Pure, so that every combination is tested. Decided anew each round, so nothing has to be remembered from one to the next.
Round decide_round(const RoundFacts& facts);

}  // namespace crossfade::sync
