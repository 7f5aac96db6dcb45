#pragma once

#include <vector>

#include "base/value/key.h"
#include "lint/source_copies.h"
#include "mapping/model/model.h"

namespace crossfade::lint {

/// The keys that follow rules make of changed rows: the engine's own code, given what the WAL would tell it with the whole
/// old row. One shape a source.
std::vector<Key> derived_keys(const mapping::Model& model, const ById<SourceId, SourceShape>& shapes, const std::vector<RowImages>& changed);

}  // namespace crossfade::lint
