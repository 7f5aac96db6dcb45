#include "mapping/preflight/lineage.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "mapping/file/migration_file.h"

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

bool is_source(const DirectedMigration& directed, const TableName& table) {
  const auto& sources = directed.yaml.sources();
  return std::any_of(sources.begin(), sources.end(), [&](const auto& source) { return source_table(directed.yaml, source.first) == table; });
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

void check_missed(const DirectedMigration& directed, const Catalog& catalog, const std::string& target, std::vector<Finding>& findings) {
  // What is wrong with a rule or a view itself is said, and mended first.
  const bool wrong = std::any_of(findings.begin(), findings.end(), [&](const Finding& each) {
    return each.level == Finding::Level::kFail && (each.subject == "target " + target || each.subject.starts_with("rule " + target + " ←"));
  });
  Findings found(findings, "target " + target);
  for (const auto& missed : catalog.missed) {
    if (missed.target != target || wrong) continue;
    found.warn(fmt::format("the rules of {} offer less than the view says: rows that {} concerns would be missed{}", missed.source, missed.place,
                           missed.rule.empty() ? "" : ", " + missed.rule),
               fmt::format("Remove {}.{}.follow.{}: the view says it by itself; or add the rule.", directed.section(), target, missed.source));
  }
  for (const auto& untold : catalog.untold) {
    if (untold.target != target || !untold.source.name.empty()) continue;
    found.note(fmt::format("no rules are derived, {}", untold.why));
  }
}

void check_reads(const DirectedMigration& directed, const Catalog& catalog, const std::string& target, std::vector<Finding>& findings) {
  Findings found(findings, "target " + target);
  const auto check = [&](const std::vector<ReadCatalog>& reads, const std::string& reader) {
    for (const auto& read : reads) {
      const bool followed = std::any_of(catalog.rules.begin(), catalog.rules.end(), [&](const WrittenRule& rule) {
        return rule.target == target && reads_of(read, catalog.sources.at(rule.source));
      });
      const auto untold = std::find_if(catalog.untold.begin(), catalog.untold.end(), [&](const UntoldCatalog& each) {
        return each.target == target && each.source == TableName{read.schema, read.name};
      });
      // A table may be read at several places, of which one tells and another does not.
      const bool told_everywhere = untold == catalog.untold.end() || untold->why.empty();
      if ((followed && told_everywhere) || fills(directed, read)) continue;
      if (untold != catalog.untold.end() && untold->why.empty() && directed.direction == Direction::kForward) {
        const auto missing = read.schema == directed.yaml.schemas().source() ? read.name : read.schema + "." + read.name;
        found.fail(fmt::format("{} reads {}.{} ({}), which is not among the sources", reader, read.schema, read.name,
                               read.whole_row ? "*" : fmt::format("{}", fmt::join(read.columns, ", "))),
                   fmt::format("Add {} to sources: the view says the rest.", missing));
        continue;
      }
      if (untold != catalog.untold.end() && !untold->why.empty() && is_source(directed, untold->source)) {
        found.fail(fmt::format("{} reads {}.{}, and does not tell which of its rows a change concerns: {} ({})", reader, read.schema, read.name, untold->why,
                               untold->place),
                   fmt::format("Write {}.{}.{}", directed.section(), target, untold->proposal));
        continue;
      }
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
