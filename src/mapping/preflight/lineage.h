#pragma once

#include <string>
#include <vector>

#include "mapping/catalog/catalog.h"
#include "mapping/file/directed_migration.h"
#include "mapping/preflight/preflight.h"

namespace crossfade::mapping {

/// Columns of the rule's source that its target depends on: what the view reads, what the target's selects read, and the
/// rule's own; all of them where `whole_row`. In the source's order.
struct Lineage {
  std::vector<std::string> columns;    ///< generated ones as those that they are made of
  std::vector<std::string> generated;
};
Lineage lineage(const Catalog& catalog, const WrittenRule& rule, bool whole_row);

/// Every table that decides a target's rows has to be followed by it: a change of any other would pass unnoticed.
void check_reads(const DirectedMigration& directed, const Catalog& catalog, const std::string& target, std::vector<Finding>& findings);

/// Whether the file's rules say less than the view, and whether the view could be followed back at all.
void check_missed(const DirectedMigration& directed, const Catalog& catalog, const std::string& target, std::vector<Finding>& findings);

}  // namespace crossfade::mapping
