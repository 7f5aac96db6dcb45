#include "cutover/writes/decide.h"

#include <algorithm>
#include <array>

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

namespace {

using Progress = CutoverProgress;
using Facts = FlipFacts;

// From above: the first line that holds says what is done. What may have happened comes before all else, so that it cannot happen
// again; whoever holds the locks lets go before anything else is looked at that could wait.
constexpr std::array kRules = {
    StepRule{"the commit was sent, and its answer is lost", [](const Progress& p, const Facts&) { return p.in_doubt; }, Step::kLookUp},
    StepRule{"a rehearsal is over", [](const Progress& p, const Facts&) { return p.rehearsed; }, Step::kDone},
    StepRule{"a rehearsal finds that the wanted side owns the data", [](const Progress& p, const Facts& f) { return p.rehearsal && f.owns; }, Step::kDone},
    StepRule{"the wanted side owns the data, and the old direction's slot is there", [](const Progress& p, const Facts& f) { return f.owns && f.old_slot && !p.tidied; }, Step::kTidy},
    StepRule{"the wanted side owns the data", [](const Progress&, const Facts& f) { return f.owns; }, Step::kDone},
    StepRule{"nothing is held, and something stands in the way", [](const Progress& p, const Facts& f) { return !p.held && f.blocked; }, Step::kRefuse},
    StepRule{"nothing is held, and all attempts are used up", [](const Progress& p, const Facts&) { return !p.held && p.number > p.most; }, Step::kGiveUp},
    StepRule{"nothing is held, and there is no way back yet", [](const Progress& p, const Facts&) { return !p.held && !p.way_back && !p.rehearsal; }, Step::kMakeWayBack},
    StepRule{"nothing is held, and the hook has not paused", [](const Progress& p, const Facts&) { return !p.held && p.hook && !p.paused; }, Step::kPause},
    StepRule{"nothing is held", [](const Progress& p, const Facts&) { return !p.held; }, Step::kHold},
    StepRule{"the hold's limit is over", [](const Progress&, const Facts& f) { return !f.in_time; }, Step::kRelease},
    // Emitted when the locks are held and never before: a write that commits between a position that was read and a lock that
    // comes after it would be on one side only.
    StepRule{"no barrier stands in the WAL", [](const Progress& p, const Facts&) { return !p.barrier; }, Step::kBarrier},
    StepRule{"the other side has not all that stands before the barrier", [](const Progress&, const Facts& f) { return !f.drained; }, Step::kDrain},
    StepRule{"daemon, quarantine or queue are not as they were", [](const Progress&, const Facts& f) { return !f.intact; }, Step::kRelease},
    StepRule{"it is a rehearsal", [](const Progress& p, const Facts&) { return p.rehearsal; }, Step::kLetGo},
    StepRule{"names, fences and route are not swapped", [](const Progress& p, const Facts&) { return !p.swapped; }, Step::kSwap},
    StepRule{"all is swapped", [](const Progress&, const Facts&) { return true; }, Step::kCommit},
};

}  // namespace

std::span<const StepRule> step_rules() { return kRules; }

Step decide(const CutoverProgress& attempt, const FlipFacts& facts) {
  return std::find_if(kRules.begin(), kRules.end(), [&](const StepRule& rule) { return rule.holds(attempt, facts); })->step;
}

}  // namespace crossfade::cutover
