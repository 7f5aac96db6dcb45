#pragma once

#include <string_view>
#include <vector>

#include "mapping/catalog/catalog.h"
#include "mapping/file/directed_migration.h"
#include "mapping/preflight/preflight.h"

namespace crossfade::mapping {

/// How a fix ends that belongs into the file: what it is about may not be in the database yet.
inline constexpr std::string_view kInV2 = "  -- in v2.sql";

/// Whether assigning to the column rounds to its modifier as a cast to it does.
bool rounds(const ColumnCatalog& column);

/// Whether view and table fit, and whether the view's rows follow from its tables alone. `rules` are those of this target.
/// True if there is a table with a key and a view to fill it from.
bool check_target(const DirectedMigration& directed, const std::string& name, const TargetCatalog& target,
                  const std::vector<WrittenRule>& rules, std::vector<Finding>& findings);

/// What is said of foreign keys ("name to schema.table") to tables that stay.
std::string left_out_until_the_writes_move(const std::vector<std::string>& keys);

/// What mends a view that was dropped, up to what is to be created where `file` says nothing of it.
std::string made_again(const std::string& file);

/// True if values of one type, printed, can be read as the other and compare alike: the same type, two kinds of integer, or
/// text and varchar.
bool alike(const ColumnCatalog& left, const ColumnCatalog& right);

/// Why nothing can be found by a column of a domain over an enum.
std::string incomparable(const ColumnCatalog& column);

/// Of two types that are alike the one that has room for the values of both.
std::string wider(const std::string& left, const std::string& right);

}  // namespace crossfade::mapping
