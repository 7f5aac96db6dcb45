#include "mapping/preflight/lineage.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace crossfade::mapping {
namespace {

bool reads_of(const ReadCatalog& read, const RelationCatalog& source) {
  return read.schema == source.schema && read.name == source.name;
}

/// In reverse a view may look at the old row, which says what v2 cannot: nobody but these views changes it any more.
bool fills(const DirectedMigration& directed, const ReadCatalog& read) {
  return directed.direction == Direction::kReverse &&
         std::any_of(directed.tables.begin(), directed.tables.end(),
                     [&](const auto& target) { return target.second == TableName{read.schema, read.name}; });
}

}  // namespace

Lineage lineage(const Catalog& catalog, const WrittenRule& rule, bool whole_row) {
  const auto& source = catalog.sources.at(rule.source);
  std::set<std::string> touched(rule.source_columns.begin(), rule.source_columns.end());
  const auto add = [&](const std::vector<ReadCatalog>& reads) {
    for (const auto& read : reads) {
      if (!reads_of(read, source)) continue;
      touched.insert(read.columns.begin(), read.columns.end());
      whole_row = whole_row || read.whole_row;
    }
  };
  add(catalog.targets.at(rule.target).reads);
  for (const auto& [number, lookup] : catalog.lookups) {
    if (catalog.rules[number].target == rule.target) add(lookup.reads);
  }
  Lineage found;
  for (const auto& column : source.columns) {
    if (!column.generated || !(whole_row || touched.contains(column.name))) continue;
    found.generated.push_back(column.name);
    touched.insert(column.made_of.begin(), column.made_of.end());
  }
  for (const auto& column : source.columns) {
    if (!column.generated && (whole_row || touched.contains(column.name))) found.columns.push_back(column.name);
  }
  return found;
}

void check_reads(const DirectedMigration& directed, const Catalog& catalog, const std::string& target, std::vector<Finding>& findings) {
  Findings found(findings, "target " + target);
  const auto check = [&](const std::vector<ReadCatalog>& reads, const std::string& reader) {
    for (const auto& read : reads) {
      const bool followed = std::any_of(catalog.rules.begin(), catalog.rules.end(), [&](const WrittenRule& rule) {
        return rule.target == target && reads_of(read, catalog.sources.at(rule.source));
      });
      if (followed || fills(directed, read)) continue;
      const auto table = read.schema == directed.yaml.schemas().source() ? read.name : read.schema + "." + read.name;
      if (read.kind == 'r' || read.kind == 'p') {
        found.fail(fmt::format("{} reads {}.{} ({}), which no rule follows", reader, read.schema, read.name,
                               read.whole_row ? "*" : fmt::format("{}", fmt::join(read.columns, ", "))),
                   fmt::format("Add to {}.{}.follow: {}: {{view column: its column}}; and {} to sources.", directed.section(), target, table, table));
      } else {
        found.fail(fmt::format("{} reads {}.{}, which is not a table: its changes are not in the WAL", reader, read.schema, read.name),
                   "Read the tables behind it.");
      }
    }
  };
  check(catalog.targets.at(target).reads, "the view");
  for (const auto& [number, lookup] : catalog.lookups) {
    if (catalog.rules[number].target == target) check(lookup.reads, "the select of " + describe(catalog.rules[number]));
  }
}

}  // namespace crossfade::mapping
