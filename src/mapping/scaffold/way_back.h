#pragma once

#include <string>

namespace crossfade::mapping {

/// The schema of the reverse views: the one that migration.yaml names, or one with the migration's name.
std::string reverse_schema(const std::string& yaml_text);

/// migration.yaml with schemas.reverse; all else, comments among it, as it stands. Throws a usage Failure with the line to write where the
/// file is of a form that nobody can add to blindly. Pure.
std::string with_way_back(const std::string& yaml_text);

}  // namespace crossfade::mapping
