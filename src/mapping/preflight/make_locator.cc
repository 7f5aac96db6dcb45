#include "mapping/preflight/make_locator.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/text/sql_text.h"
#include "mapping/catalog/catalog.h"
#include "mapping/derive/doubt.h"
#include "mapping/preflight/check_target.h"

namespace crossfade::mapping {
namespace {

/// View column and source column of a direct rule, in the view's order: a file's map has none.
std::vector<std::pair<std::string, std::string>> ordered_pairs(const WrittenRule& rule, const RelationCatalog& view) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& column : view.columns) {
    for (std::size_t n = 0; n < rule.locator_columns.size(); ++n) {
      if (rule.locator_columns[n] == column.name) pairs.emplace_back(column.name, rule.source_columns[n]);
    }
  }
  return pairs;
}

bool make_direct(const WrittenRule& rule, const RelationCatalog& view, const RelationCatalog& source, Locator& locator, Findings& found) {
  for (const auto& [view_column, source_column] : ordered_pairs(rule, view)) {
    const auto& in_view = *view.find(view_column);
    const auto& in_source = *source.find(source_column);
    if (!in_view.enum_under.empty()) {
      found.fail(incomparable(in_view), fmt::format("Take the enum itself: {}::{} in the view.", view_column, in_view.enum_under));
      return false;
    }
    if (!alike(in_view, in_source) && in_source.enum_under != in_view.type) {
      found.fail(fmt::format("{} is {} in the view, {} is {} in the source", view_column, in_view.type, source_column, in_source.type),
                 fmt::format("Give the view a column of type {} to locate rows by.", in_source.type));
      return false;
    }
    locator.columns.push_back(view_column);
    // A value that the view's column has no room for finds no row, and is no fault of its row's.
    locator.types.push_back(wider(in_view.type, in_source.type));
    // What is equal where it was written names the same row, also where the view's column has the letters of another row.
    const bool loose = !in_source.deterministic && in_source.collation != in_view.collation;
    locator.collations.push_back(loose ? in_source.collation : "");
  }
  locator.shadow_collations = locator.collations;
  return true;
}

/// The view computes the key of every row that may be the one that is looked for.
void warn_of_risk(const WrittenRule& rule, const RelationCatalog& source, Findings& found) {
  std::map<std::string, std::string> types;
  for (const auto& name : rule.source_columns) types.emplace(name, source.find(name)->type);
  auto risk = derive::risky_output(rule.lookup, types);
  if (risk.empty()) return;
  for (const std::string_view quoted : {"\"changed\".", "\"pg_catalog\".", "\""}) {
    for (auto at = risk.find(quoted); at != std::string::npos; at = risk.find(quoted)) risk.erase(at, quoted.size());
  }
  found.warn(fmt::format("rows are found by {}, which fails for some values: one row of {}.{} for which it does keeps every change of the target waiting", risk, source.schema,
                         source.name),
             "Let the view give null there, case when … then … end, so that such a row is set aside alone; a cast of an integer that its table takes needs not be written.");
}

bool make_indirect(const WrittenRule& rule, const LookupCatalog& lookup, const RelationCatalog& source, Locator& locator, Findings& found) {
  if (!lookup.refusal.empty()) {
    found.fail("the server refuses its select: " + lookup.refusal, "Mend the select in migration.yaml.");
    return false;
  }
  locator.columns = rule.locator_columns;
  locator.lookup = lookup.sql;
  locator.lookup_reads = derive::reads_tables(lookup.sql);
  for (const auto& name : rule.source_columns) locator.types.push_back(source.find(name)->type);
  warn_of_risk(rule, source, found);
  return true;
}

/// The table that has the locator's columns.
const RelationCatalog& owner(const Catalog& catalog, const std::string& target, const Locator& locator) {
  for (const auto& [name, other] : catalog.targets) {
    if (!locator.path.empty() && TableName{other.table.schema, other.table.name} == locator.path.back().parent) return other.table;
  }
  return catalog.targets.at(target).table;
}

/// As SQL; "" for the database's own, which gives way to any other.
std::vector<std::string> collations_of(const RelationCatalog& relation, const std::vector<std::string>& columns) {
  std::vector<std::string> collations;
  for (const auto& name : columns) {
    const auto* column = relation.find(name);
    const bool own = column != nullptr && column->collation != "pg_catalog.\"default\"";
    collations.push_back(own ? column->collation : "");
  }
  return collations;
}

/// What a key finds in the view and in the table has to be the same rows: a row too many in the table would go, one too few would stay.
bool finds_the_same(const Catalog& catalog, const std::string& target, const Locator& locator, Findings& found) {
  const auto& own = catalog.targets.at(target);
  const auto* table = &owner(catalog, target, locator);
  for (const auto& name : locator.columns) {
    const auto& in_view = *own.view.find(name);
    const auto& in_table = *table->find(name);
    if (in_table.modifier != -1 && in_view.modifier != in_table.modifier && rounds(in_table)) {
      found.fail(fmt::format("{} is {} in the view and is rounded to {} in {}: a key would not find its row there", name, in_view.full_type, in_table.full_type, table->quoted()),
                 fmt::format("Cast it in view {}: (…)::{} as {}.", own.view.quoted(), in_table.full_type, quote_identifier(name)));
      return false;
    }
    if (in_view.collation == in_table.collation || (in_view.deterministic && in_table.deterministic)) continue;
    // Of the key it is said where the columns are compared.
    const auto& key = own.table.primary_key;
    if (locator.path.empty() && std::find(key.begin(), key.end(), name) != key.end()) continue;
    found.fail(fmt::format("{} has the collation {} in the view and {} in {}: a key would find other rows there", name, in_view.collation, in_table.collation,
                           table->quoted()),
               fmt::format("Collate it in view {}: (…) collate {} as {}.", own.view.quoted(), in_table.collation, quote_identifier(name)));
    return false;
  }
  return true;
}

/// The table has the columns, or foreign keys lead to one that has them, or the file says where the rows are.
bool place(const DirectedMigration& directed, const Catalog& catalog, const std::string& target, Locator& locator, Findings& found) {
  locator.operators = catalog.targets.at(target).view.operators_of(locator.columns);
  if (locator.indirect()) locator.collations = collations_of(catalog.targets.at(target).view, locator.columns);
  if (auto path = find_path(catalog.targets, target, locator.columns)) {
    locator.path = std::move(*path);
    if (locator.indirect()) locator.shadow_collations = collations_of(owner(catalog, target, locator), locator.columns);
    return finds_the_same(catalog, target, locator, found);
  }
  const auto& written = directed.yaml.targets().at(target).locate();
  const auto locate = written.find(locator.columns.front());
  if (locator.columns.size() == 1 && locate != written.end()) {
    locator.locate = locate->second;
    return true;
  }
  found.fail(fmt::format("the shadow table has no column {}, and no foreign key leads to a table that has it",
                         fmt::join(locator.columns, ", ")),
             fmt::format("Write {}.{}.locate: {{{}: \"s.… in (select … where … = any($keys))\"}}, names qualified; or let "
                         "the table keep the column.",
                         directed.section(), target, locator.columns.front()));
  return false;
}

}  // namespace

std::optional<Locator> make_locator(const DirectedMigration& directed, const Catalog& catalog, std::size_t number, Findings& found) {
  const auto& rule = catalog.rules.at(number);
  const auto& source = catalog.sources.at(rule.source);
  const auto& view = catalog.targets.at(rule.target).view;
  for (const auto& name : rule.locator_columns) {
    if (view.find(name) != nullptr) continue;
    found.fail(fmt::format("the view has no column {}", name),
               fmt::format("Add it to view {} in {}, or mend the rule: {{view column: source column}}.", view.quoted(), directed.views_file()));
    return std::nullopt;
  }
  // What the source lacks is said where its replica identity is checked.
  for (const auto& name : rule.source_columns) {
    if (source.find(name) == nullptr) return std::nullopt;
  }
  Locator locator;
  const bool made = rule.lookup.empty() ? make_direct(rule, view, source, locator, found)
                                        : make_indirect(rule, catalog.lookups.at(number), source, locator, found);
  if (!made || !place(directed, catalog, rule.target, locator, found)) return std::nullopt;
  return locator;
}

Locator key_locator(const TargetCatalog& target, const std::vector<std::string>& key) {
  Locator locator;
  locator.columns = key;
  for (const auto& name : key) locator.types.push_back(target.view.find(name)->type);
  locator.operators = target.view.operators_of(key);
  locator.collations = locator.shadow_collations = std::vector<std::string>(key.size());
  return locator;
}

std::string chunk_collation(const Catalog& catalog, const std::string& target, const Locator& chunk_key, const ColumnCatalog& in_source) {
  const std::string databases = "pg_catalog.\"default\"";
  const auto& view = *catalog.targets.at(target).view.find(chunk_key.chunk_column());
  const auto* in_table = chunk_key.locate.empty() ? owner(catalog, target, chunk_key).find(chunk_key.chunk_column()) : nullptr;
  if (view.collation.empty()) return "";
  const bool alike = view.collation == databases && in_source.collation == databases && (in_table == nullptr || in_table->collation == databases);
  return alike ? "" : view.collation;
}

std::vector<std::string> ordered_source_columns(const WrittenRule& rule, const RelationCatalog& view) {
  if (!rule.lookup.empty()) return rule.source_columns;
  std::vector<std::string> columns;
  for (auto& [view_column, source_column] : ordered_pairs(rule, view)) columns.push_back(std::move(source_column));
  return columns;
}

}  // namespace crossfade::mapping
