#pragma once

#include "mapping/catalog/catalog.h"
#include "mapping/file/directed_migration.h"
#include "mapping/preflight/preflight.h"

namespace crossfade::mapping {

/// Holds the file's one direction against the catalog: what does not fit becomes a finding, what does becomes the model.
/// Pure. Where something fails the model lacks it.
Preflight build_model(const DirectedMigration& directed, const Catalog& catalog);

}  // namespace crossfade::mapping
