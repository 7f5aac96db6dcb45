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

/// The place of the first rule that holds.
constexpr std::size_t place_of(const Progress& progress, const Facts& facts) {
  std::size_t place = 0;
  while (!kRules[place].holds(progress, facts)) ++place;
  return place;
}

/// Calls `look` with the states that a flip can be in and what can be read in them: twelve bits, of which up to seven are other facts while
/// the locks are held than before and after. All combinations whatsoever are in the unit test.
template <typename Look>
constexpr void for_each_state(Look look) {
  for (unsigned bits = 0; bits < 1U << 12; ++bits) {
    const auto bit = [&](int place) { return (bits >> place & 1U) != 0; };
    Progress progress{.most = 1, .held = bit(0), .in_doubt = bit(1), .rehearsal = bit(2), .rehearsed = bit(2) && bit(3)};
    Facts facts{.owns = bit(4)};
    if (progress.held) {
      progress.barrier = bit(5);
      progress.swapped = bit(6);
      facts.in_time = bit(7);
      facts.drained = bit(8);
      facts.intact = bit(9);
    } else {
      progress.number = bit(5) ? 2 : 1;
      progress.way_back = bit(6);
      progress.hook = bit(7);
      progress.paused = bit(8);
      progress.tidied = bit(9);
      facts.blocked = bit(10);
      facts.old_slot = bit(11);
    }
    look(progress, facts);
  }
}

constexpr bool each_rule_decides() {
  std::array<bool, kRules.size()> decides{};
  for_each_state([&](const Progress& progress, const Facts& facts) { decides[place_of(progress, facts)] = true; });
  return std::all_of(decides.begin(), decides.end(), [](bool one) { return one; });
}
static_assert(each_rule_decides(), "a rule that no state reaches");

constexpr bool commits_only_what_is_drained() {
  bool always = true;
  for_each_state([&](const Progress& progress, const Facts& facts) {
    const auto step = kRules[place_of(progress, facts)].step;
    if (step != Step::kSwap && step != Step::kCommit) return;
    always = always && progress.held && progress.barrier && !progress.in_doubt && !progress.rehearsal && !facts.owns && facts.drained && facts.intact && facts.in_time;
  });
  return always;
}
static_assert(commits_only_what_is_drained(), "a swap or a commit without the locks, the barrier, or all that stands before it");

}  // namespace

std::span<const StepRule> step_rules() { return kRules; }

Step decide(const CutoverProgress& progress, const FlipFacts& facts) { return kRules[place_of(progress, facts)].step; }

}  // namespace crossfade::cutover
