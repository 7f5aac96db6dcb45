#pragma once

#include <string>

#include "mapping/scaffold/draft.h"

namespace crossfade::mapping {

/// `name` as YAML reads it back, in quotes where it must be.
std::string in_yaml(const std::string& name);

/// migration.yaml.
std::string draft_migration_yaml(const Draft& draft);

}  // namespace crossfade::mapping
