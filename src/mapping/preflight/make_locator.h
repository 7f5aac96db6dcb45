#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mapping/catalog/catalog.h"
#include "mapping/file/directed_migration.h"
#include "mapping/preflight/preflight.h"

namespace crossfade::mapping {

/// The locator that rule `number` of the catalog speaks of: its columns with their types, and the way to them from the
/// shadow table. Nothing where that cannot be; `found` says why.
std::optional<Locator> make_locator(const DirectedMigration& directed, const Catalog& catalog, std::size_t number, Findings& found);

/// By the primary key, which no rule speaks of: so the rows of a target are named where all its rules are selects, whose values are the
/// sources' and not the rows'.
Locator key_locator(const TargetCatalog& target, const std::vector<std::string>& key);

/// By which the values of a chunk key are in order; "" where source, view and table have the database's own collation, or the type has none.
std::string chunk_collation(const Catalog& catalog, const std::string& target, const Locator& chunk_key, const ColumnCatalog& in_source);

/// The rule's source columns in the order of the locator's columns; a select's in the order of its parameters.
std::vector<std::string> ordered_source_columns(const WrittenRule& rule, const RelationCatalog& view);

}  // namespace crossfade::mapping
