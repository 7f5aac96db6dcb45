#pragma once

#include "crossfade/v1/migration.pb.h"

namespace crossfade::mapping {

/// Fills in what a migration file leaves to us.
void complete(v1::Migration& yaml);

/// Throws a usage Failure for the first thing in `yaml`, complete, that cannot be meant, whatever the database looks like:
/// names, schemas that coincide, targets that follow nothing, rules for unknown sources, checks without a statement.
void require_consistent(const v1::Migration& yaml);

}  // namespace crossfade::mapping
