#include "cutover/across/turns.h"

namespace crossfade::cutover {

const char* to_text(TurnStep step) {
  switch (step) {
    case TurnStep::kDone: return "done";
    case TurnStep::kFlip: return "flip";
    case TurnStep::kOpen: return "open";
    case TurnStep::kWaitDrain: return "wait for the drain";
    case TurnStep::kUndo: return "undo";
  }
  return "";
}

TurnStep next_turn(const Turns& turns, Side wanted, bool drained) {
  if (!between(turns)) return turns[0].goes_to == wanted ? TurnStep::kDone : TurnStep::kFlip;
  const auto& leads = of(turns, ahead(turns));
  if (leads.goes_to != wanted) return TurnStep::kUndo;
  // Who had the data needs nothing from anybody.
  return leads.owned == wanted || drained ? TurnStep::kOpen : TurnStep::kWaitDrain;
}

TurnChange change_of(const Turns& turns, TurnStep step) {
  const auto first = ahead(turns);
  const auto& leads = of(turns, first);
  const auto& follows = of(turns, other(first));
  switch (step) {
    case TurnStep::kFlip: {
      const auto owner = turns[0].goes_to;
      return {owner, of(turns, owner).number, {of(turns, owner).number + 1, other(owner), owner}};
    }
    case TurnStep::kOpen: return {other(first), follows.number, {leads.number, leads.goes_to, leads.goes_to}};
    case TurnStep::kUndo: return {other(first), follows.number, {leads.number + 1, first, leads.owned}};
    case TurnStep::kWaitDrain:
    case TurnStep::kDone: return {first, leads.number, leads};
  }
  return {};
}

}  // namespace crossfade::cutover
