#pragma once

#include <string>
#include <vector>

#include "mapping/catalog/catalog.h"
#include "mapping/file/directed_migration.h"
#include "mapping/model/model.h"

namespace crossfade::test {

/// A migration with one follow rule that is not what its author meant, and that `plan` has nothing against.
struct BrokenRule {
  std::string words;  ///< "exercises ← workout_plans: plan_id → id"
  SourceId source = 0;
  TargetId target = 0;
  mapping::Model model;
};

/// Every rule broken in every way: it is forgotten, one of its columns is another of the same type, in its select too, or the
/// select finds one row of many.
std::vector<BrokenRule> broken_rules(const mapping::DirectedMigration& directed, const mapping::Catalog& catalog);

}  // namespace crossfade::test
