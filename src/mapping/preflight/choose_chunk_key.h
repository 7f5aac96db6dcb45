#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "mapping/model/model.h"

namespace crossfade::mapping {

/// Whether an index of source `number` begins with `column`: its values can be had in their order without reading all of it.
using Ordered = std::function<bool(SourceId number, const std::string& column)>;

/// Chooses what a backfill of `target` walks along and makes it the first locator: a direct one of a single column, the
/// primary key's where a rule has it, else the one that most rules share; where all have several columns, the one of these that the key of
/// its source begins with, else the first. `target`'s rules are those of `model` from `first_rule` on; their locators are renumbered.
///
/// Which column it is depends on the file alone, because a backfill that goes on remembers how far along it was. False where none is
/// walked along: there is none, or no source has it in order and each chunk would read all of it.
bool choose_chunk_key(Model& model, Target& target, std::size_t first_rule, const Ordered& ordered);

/// False of the key of a target whose rules are all selects.
bool has_rule(const Model& model, TargetId target, LocatorId locator);

/// Makes `locator` the first one, which no rule has.
void put_first(Model& model, Target& target, std::size_t first_rule, Locator locator);

}  // namespace crossfade::mapping
