#include "sync/apply/decide_round.h"

namespace crossfade::sync {

Round decide_round(const RoundFacts& facts) {
  // WAL and memory come first: what is spilled is safe, whatever else is the matter.
  if (facts.held || facts.memory_full) return Round::kSpill;
  if (facts.locked) return Round::kBeside;
  // In turns, so that neither waits for as long as the other lasts.
  if (facts.behind) return facts.dirty_keys > 0 ? Round::kDrainThenCatchUp : Round::kCatchUp;
  return facts.dirty_keys < facts.batch_keys ? Round::kCut : Round::kDrain;
}

}  // namespace crossfade::sync
