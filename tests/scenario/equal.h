#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/server.h"

namespace crossfade::test {

/// Compares every target of the migration in `folder` with its view, both ways, at one snapshot. Gives up to five rows of
/// each side that the other lacks; nothing if all are equal. Written apart from the product's own verification on purpose:
/// it is what that one is measured against.
std::vector<std::string> differences_to_views(Sql& sql, const std::filesystem::path& folder);

}  // namespace crossfade::test
