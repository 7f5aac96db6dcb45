#pragma once

#include <vector>

#include "mapping/catalog/catalog.h"
#include "mapping/file/directed_migration.h"
#include "mapping/preflight/preflight.h"

namespace crossfade::mapping {

/// The file's surrogates as the catalog has them.
ById<SurrogateId, Surrogate> check_surrogates(const DirectedMigration& directed, const Catalog& catalog, std::vector<Finding>& findings);

/// In the reverse direction: whether reverse.sql says which ids v2 has given, so that a rollback keeps them.
void check_ids_come_back(const Catalog& catalog, std::vector<Finding>& findings);

/// Places in `surrogates` of those that the view of `target` reads.
std::vector<SurrogateId> used_surrogates(const Catalog& catalog, const ById<SurrogateId, Surrogate>& surrogates, const Target& target,
                                         std::vector<Finding>& findings);

}  // namespace crossfade::mapping
