#pragma once

#include <cstddef>

#include "mapping/model/model.h"

namespace crossfade::mapping {

/// Chooses what a backfill of `target` walks along and makes it the first locator: a direct one of a single column, the
/// primary key's where a rule has it, else the one that most rules share. `target`'s rules are those of `model` from
/// `first_rule` on; their locators are renumbered. False where there is none.
bool choose_walk(Model& model, Target& target, std::size_t first_rule);

}  // namespace crossfade::mapping
