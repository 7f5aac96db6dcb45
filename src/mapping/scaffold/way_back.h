#pragma once

#include <string>
#include <vector>

#include "crossfade/v1/migration.pb.h"

namespace crossfade::mapping {

/// The schema of the reverse views: the file's, or one with the migration's name.
std::string reverse_schema(const v1::Migration& yaml);

/// migration.yaml with schemas.reverse and, for each of these old tables that has none, an entry of `reverse`; all else, comments among it, as it
/// stands. Throws a usage Failure with the lines to write where the file is of a form that nobody can add to blindly. Pure.
std::string with_way_back(const std::string& yaml_text, const std::vector<std::string>& tables);

}  // namespace crossfade::mapping
