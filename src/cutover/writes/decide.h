#pragma once

#include <span>
#include <string_view>

namespace crossfade::cutover {

/// The steps of a flip of the writes, in either direction.
enum class Step {
  kRefuse,       ///< something stands in the way that a person mends; nothing was done
  kMakeWayBack,  ///< publication and slot of the other direction; readers and writers notice nothing
  kPause,        ///< the hook keeps applications waiting, where the migration has one
  kHold,         ///< begin, and the locks that keep writers waiting
  kBarrier,      ///< a marker in the WAL, behind everything that was written before the hold
  kDrain,        ///< wait until the other side has all that stands before it
  kSwap,         ///< names, fences, route, sequences, direction: in the transaction that holds the locks
  kCommit,       ///< the one point of no return
  kLetGo,        ///< the end of a rehearsal: everything is let go that was held
  kLookUp,       ///< the commit's answer was lost: look whether it happened, never repeat it
  kRelease,      ///< roll back, let the writers go on, and try again after a pause
  kGiveUp,       ///< it was tried often enough; nothing has changed
  kTidy,         ///< the slot of the old direction goes
  kDone,         ///< the wanted side owns the data
};
const char* to_text(Step step);

/// What a flip in progress knows by itself. Lost when the command is; nothing depends on it but what to do next.
struct CutoverProgress {
  int number = 1;
  int most = 1;
  bool way_back = false;  ///< made by this command
  bool hook = false;      ///< applications are to be kept waiting outside …
  bool paused = false;    ///< … and are, or may be
  bool held = false;      ///< a transaction of ours has the locks
  bool barrier = false;
  bool swapped = false;
  bool in_doubt = false;  ///< commit was sent, and the session was lost before the answer
  bool tidied = false;
  bool rehearsal = false; ///< nothing is to be swapped
  bool rehearsed = false; ///< … and the hold is over
};

/// What is read from the database, and from the clock, before each step.
struct FlipFacts {
  bool owns = false;      ///< the wanted side owns the data already
  bool blocked = false;   ///< there are blockers; looked at while nothing is held
  bool old_slot = false;  ///< the slot of the direction that has ended is still there
  bool in_time = true;    ///< the hold's limit is not over
  bool drained = false;   ///< the barrier, and everything before it, is on the other side
  bool intact = true;     ///< a daemon leads under the same epoch, nothing is dirty, nothing in quarantine that is neither accepted nor set aside
};

/// A line of the table by which the next step is decided: in whose words, when it holds, what is done.
struct StepRule {
  std::string_view when;
  bool (*holds)(const CutoverProgress& progress, const FlipFacts& facts);
  Step step;
};
/// From above: the first that holds decides; the last one always does.
std::span<const StepRule> step_rules();

/// The next step. Pure. After a crash the same question is asked with a CutoverProgress that knows nothing.
Step decide(const CutoverProgress& progress, const FlipFacts& facts);

}  // namespace crossfade::cutover
