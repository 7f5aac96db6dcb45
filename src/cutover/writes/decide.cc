#include "cutover/writes/decide.h"

namespace crossfade::cutover {

const char* to_text(Step step) {
  switch (step) {
    case Step::kRefuse: return "refuse";
    case Step::kMakeWayBack: return "way back";
    case Step::kPause: return "pause";
    case Step::kHold: return "hold";
    case Step::kBarrier: return "barrier";
    case Step::kDrain: return "drain";
    case Step::kSwap: return "swap";
    case Step::kCommit: return "commit";
    case Step::kLetGo: return "let go";
    case Step::kLookUp: return "look up";
    case Step::kRelease: return "release";
    case Step::kGiveUp: return "give up";
    case Step::kTidy: return "tidy";
    case Step::kDone: return "done";
  }
  return "";
}

Step decide(const CutoverProgress& attempt, const FlipFacts& facts) {
  // Before anything else: what may have happened must not happen again.
  if (attempt.in_doubt) return Step::kLookUp;
  if (attempt.rehearsed || (attempt.rehearsal && facts.owns)) return Step::kDone;
  if (facts.owns) return facts.old_slot && !attempt.tidied ? Step::kTidy : Step::kDone;
  if (!attempt.held) {
    if (facts.blocked) return Step::kRefuse;
    if (attempt.number > attempt.most) return Step::kGiveUp;
    if (!attempt.way_back && !attempt.rehearsal) return Step::kMakeWayBack;
    return attempt.hook && !attempt.paused ? Step::kPause : Step::kHold;
  }
  if (!facts.in_time) return Step::kRelease;
  // The barrier is emitted when the locks are held and never before: a write that commits between a position that was read
  // and a lock that comes after it would be on one side only.
  if (!attempt.barrier) return Step::kBarrier;
  if (!facts.drained) return Step::kDrain;
  if (!facts.intact) return Step::kRelease;
  if (attempt.rehearsal) return Step::kLetGo;
  return attempt.swapped ? Step::kCommit : Step::kSwap;
}

}  // namespace crossfade::cutover
