#pragma once

#include <optional>
#include <string>

#include "mapping/amend/side.h"
#include "mapping/amend/v2_change.h"

namespace crossfade::mapping {

/// Adds what makes the enums those that v2.sql says: labels come, each in its place, or are called otherwise. What has others is refused.
/// Parameters as of compare(). Pure.
void change_labels(const std::string& schema, const Side& there, const Side& wanted, const std::optional<Side>& before, V2Change& change);

/// Adds how the enums go that v2.sql said once: after all that may be of them. Pure.
void drop_types(const Side& there, const Side& wanted, const std::optional<Side>& before, V2Change& change);

/// `wanted`, but that types keep the labels that they have by now: of an undo, as nothing takes them away again. Pure.
Side keeping_labels(Side wanted, const Side& there);

}  // namespace crossfade::mapping
