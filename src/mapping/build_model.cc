#include "mapping/build_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>

#include "mapping/check_source.h"
#include "mapping/check_target.h"
#include "mapping/locate.h"

namespace crossfade::mapping {
namespace {

class Builder {
 public:
  Builder(const v1::Migration& yaml, const Catalog& catalog) : yaml_(yaml), catalog_(catalog) {}

  Preflight build() {
    model_.name = yaml_.migration();
    model_.shadow_schema = yaml_.schemas().shadow();
    model_.mapping_schema = yaml_.schemas().mapping();
    model_.reverse_schema = yaml_.schemas().reverse();
    model_.stable_schema = yaml_.schemas().stable();
    check_server(catalog_.server, findings_);
    add_sources();
    add_targets();
    return std::move(preflight_);
  }

 private:
  void add_sources() {
    for (const auto& [written, source] : catalog_.sources) {
      const auto& named = yaml_.sources().at(written).key();
      std::vector<std::string> key(named.begin(), named.end());
      check_source(source, key, catalog_.server.role, findings_);
      if (key.empty()) key = source.primary_key;
      const auto followed = std::any_of(catalog_.rules.begin(), catalog_.rules.end(),
                                        [&, &name = written](const auto& rule) { return rule.source == name; });
      if (!followed) {
        Findings(findings_, "source " + source.schema + "." + source.name)
            .warn("no target follows it", "Remove it from sources, or add the rule that is missing.");
      }
      model_.sources.push_back({source.schema, source.name, std::move(key), source.oid});
    }
  }

  void add_targets() {
    const auto order = order_targets(catalog_.targets);
    if (!order.cycle.empty()) {
      Findings(findings_, "targets").warn(
          fmt::format("foreign keys form a ring through {}", fmt::join(order.cycle, ", ")),
          "Declare one of them deferrable initially deferred in v2.sql, so that the rows may arrive in any order.");
    }
    for (const auto& name : order.names) {
      std::vector<std::size_t> rules;
      std::vector<WrittenRule> written;
      for (std::size_t n = 0; n < catalog_.rules.size(); ++n) {
        if (catalog_.rules[n].target != name) continue;
        rules.push_back(n);
        written.push_back(catalog_.rules[n]);
      }
      const auto& target = catalog_.targets.at(name);
      if (check_target(name, target, yaml_.schemas(), written, findings_)) add_target(name, target, rules);
    }
  }

  void add_target(const std::string& name, const TargetCatalog& catalog, const std::vector<std::size_t>& rules) {
    Target target;
    target.name = name;
    target.key = catalog.table.primary_key;
    for (const auto& column : catalog.table.columns) {
      if (!column.generated && catalog.view.find(column.name) != nullptr) target.columns.push_back({column.name, column.type});
    }
    const auto first_rule = model_.rules.size();
    for (const auto rule : rules) add_rule(rule, catalog, target);
    check_reads(name, catalog, rules);
    choose_walk(target, first_rule);
    model_.targets.push_back(std::move(target));
  }

  void add_rule(std::size_t number, const TargetCatalog& catalog, Target& target) {
    const auto& written = catalog_.rules[number];
    const auto& source = catalog_.sources.at(written.source);
    if (!source.exists()) return;
    check_identity(written, source, findings_);
    Findings found(findings_, "rule " + describe(written));
    auto locator = read_locator(number, catalog, found);
    if (!locator) return;
    place_locator(*locator, target.name, found);

    FollowRule rule;
    rule.source = source_number(written.source);
    rule.target = static_cast<std::uint16_t>(model_.targets.size());
    rule.locator = add_locator(target, std::move(*locator));
    rule.source_columns = source_columns(written, catalog);
    rule.relevant_columns = relevant_columns(written, catalog);
    model_.rules.push_back(std::move(rule));
  }

  /// The locator's columns in the view's order; a select gives its own.
  std::optional<Locator> read_locator(std::size_t number, const TargetCatalog& catalog, Findings& found) const {
    const auto& written = catalog_.rules[number];
    const auto& source = catalog_.sources.at(written.source);
    Locator locator;
    for (const auto& name : written.locator_columns) {
      if (catalog.view.find(name) != nullptr) continue;
      found.fail(fmt::format("the view has no column {}", name),
                 fmt::format("Add it to view {} in mapping.sql, or mend the rule: {{view column: source column}}.", catalog.view.quoted()));
      return std::nullopt;
    }
    for (const auto& name : written.source_columns) {
      const auto* column = source.find(name);
      if (column == nullptr) return std::nullopt;
      if (!written.lookup.empty()) locator.types.push_back(column->type);
    }
    if (!written.lookup.empty()) {
      const auto& lookup = catalog_.lookups.at(number);
      if (!lookup.refusal.empty()) {
        found.fail("the server refuses its select: " + lookup.refusal, "Mend the select in migration.yaml.");
        return std::nullopt;
      }
      locator.columns = written.locator_columns;
      locator.lookup = lookup.sql;
      return locator;
    }
    for (const auto& [view_column, source_column] : pairs(written, catalog)) {
      const auto& in_view = *catalog.view.find(view_column);
      const auto& in_source = *source.find(source_column);
      if (!alike(in_view, in_source)) {
        found.fail(fmt::format("{} is {} in the view, {} is {} in the source", view_column, in_view.type, source_column, in_source.type),
                   fmt::format("Give the view a column of type {} to locate rows by.", in_source.type));
        return std::nullopt;
      }
      locator.columns.push_back(view_column);
      locator.types.push_back(in_view.type);
    }
    return locator;
  }

  /// View column and source column of a direct rule, in the view's order.
  static std::vector<std::pair<std::string, std::string>> pairs(const WrittenRule& rule, const TargetCatalog& catalog) {
    std::vector<std::pair<std::string, std::string>> ordered;
    for (const auto& column : catalog.view.columns) {
      for (std::size_t n = 0; n < rule.locator_columns.size(); ++n) {
        if (rule.locator_columns[n] == column.name) ordered.emplace_back(column.name, rule.source_columns[n]);
      }
    }
    return ordered;
  }

  static std::vector<std::string> source_columns(const WrittenRule& rule, const TargetCatalog& catalog) {
    if (!rule.lookup.empty()) return rule.source_columns;
    std::vector<std::string> columns;
    for (auto& [view_column, source_column] : pairs(rule, catalog)) columns.push_back(std::move(source_column));
    return columns;
  }

  void place_locator(Locator& locator, const std::string& target, Findings& found) const {
    auto path = find_path(catalog_.targets, target, locator.columns);
    const auto& written = yaml_.targets().at(target).locate();
    const auto locate = written.find(locator.columns.front());
    if (path) {
      locator.path = std::move(*path);
    } else if (locator.columns.size() == 1 && locate != written.end()) {
      locator.locate = locate->second;
    } else {
      found.fail(fmt::format("the shadow table has no column {}, and no foreign key leads to a table that has it", fmt::join(locator.columns, ", ")),
                 fmt::format("Write targets.{}.locate: {{{}: \"s.… in (select … where … = any($keys))\"}}, names qualified; or let "
                             "the table keep the column.",
                             target, locator.columns.front()));
    }
  }

  /// Direct rules with the same columns share a locator.
  static std::uint16_t add_locator(Target& target, Locator locator) {
    const auto same = std::find_if(target.locators.begin(), target.locators.end(), [&](const Locator& known) {
      return known.columns == locator.columns && known.lookup == locator.lookup;
    });
    const auto number = static_cast<std::uint16_t>(same - target.locators.begin());
    if (same == target.locators.end()) target.locators.push_back(std::move(locator));
    return number;
  }

  /// Columns of the rule's source that its target depends on: what the view reads, what the target's selects look up by,
  /// and the rule's own.
  std::vector<std::string> relevant_columns(const WrittenRule& rule, const TargetCatalog& catalog) const {
    const auto& source = catalog_.sources.at(rule.source);
    std::set<std::string> touched(rule.source_columns.begin(), rule.source_columns.end());
    bool whole_row = false;
    const auto add = [&](const std::vector<ReadCatalog>& reads) {
      for (const auto& read : reads) {
        if (read.schema != source.schema || read.name != source.name) continue;
        touched.insert(read.columns.begin(), read.columns.end());
        whole_row = whole_row || read.whole_row;
      }
    };
    add(catalog.reads);
    for (const auto& [number, lookup] : catalog_.lookups) {
      if (catalog_.rules[number].target == rule.target) add(lookup.reads);
    }
    std::vector<std::string> columns;
    for (const auto& column : source.columns) {
      if (whole_row || touched.contains(column.name)) columns.push_back(column.name);
    }
    return columns;
  }

  /// Every table that decides a target's rows is followed by it: a change of any other would pass unnoticed.
  void check_reads(const std::string& name, const TargetCatalog& catalog, const std::vector<std::size_t>& rules) {
    Findings found(findings_, "target " + name);
    const auto check = [&](const std::vector<ReadCatalog>& reads, const std::string& reader) {
      for (const auto& read : reads) {
        const bool followed = std::any_of(rules.begin(), rules.end(), [&](std::size_t rule) {
          const auto& source = catalog_.sources.at(catalog_.rules[rule].source);
          return source.schema == read.schema && source.name == read.name;
        });
        if (followed) continue;
        const auto table = read.schema == yaml_.schemas().source() ? read.name : read.schema + "." + read.name;
        if (read.kind == 'r' || read.kind == 'p') {
          found.fail(fmt::format("{} reads {}.{} ({}), which no rule follows", reader, read.schema, read.name,
                                 read.whole_row ? "*" : fmt::format("{}", fmt::join(read.columns, ", "))),
                     fmt::format("Add to targets.{}.follow: {}: {{view column: its column}}; and {} to sources.", name, table, table));
        } else {
          found.fail(fmt::format("{} reads {}.{}, which is not a table: its changes are not in the WAL", reader, read.schema, read.name),
                     "Read the tables behind it.");
        }
      }
    };
    check(catalog.reads, "the view");
    for (const auto rule : rules) {
      const auto lookup = catalog_.lookups.find(rule);
      if (lookup != catalog_.lookups.end()) check(lookup->second.reads, "the select of " + describe(catalog_.rules[rule]));
    }
  }

  /// A backfill walks along one direct column: the primary key where a rule has it, else what most sources share.
  void choose_walk(Target& target, std::size_t first_rule) {
    const auto weight = [&](std::uint16_t number) -> std::ptrdiff_t {
      const auto& locator = target.locators[number];
      if (locator.indirect() || locator.columns.size() != 1) return 0;
      if (locator.columns == target.key) return PTRDIFF_MAX;
      return std::count_if(model_.rules.begin() + static_cast<std::ptrdiff_t>(first_rule), model_.rules.end(),
                           [&](const FollowRule& rule) { return rule.locator == number; });
    };
    std::uint16_t best = 0;
    for (std::uint16_t n = 1; n < target.locators.size(); ++n) {
      if (weight(n) > weight(best)) best = n;
    }
    const bool walks = best < target.locators.size() && weight(best) > 0;
    if (!walks) {
      Findings(findings_, "target " + target.name)
          .warn("no rule has a single source column: it is backfilled in one piece", "Locate rows by one column where the data allows it.");
      return;
    }
    std::swap(target.locators[0], target.locators[best]);
    const FollowRule* walk = nullptr;
    for (auto n = first_rule; n < model_.rules.size(); ++n) {
      auto& rule = model_.rules[n];
      if (rule.locator == best || rule.locator == 0) rule.locator = rule.locator == best ? 0 : best;
      if (rule.locator != 0) continue;
      const bool by_key = model_.sources[rule.source].key == rule.source_columns;
      if (walk == nullptr || (by_key && model_.sources[walk->source].key != walk->source_columns)) walk = &rule;
    }
    target.walk_source = walk->source;
    target.walk_column = walk->source_columns.front();
  }

  std::uint16_t source_number(const std::string& written) const {
    return static_cast<std::uint16_t>(std::distance(catalog_.sources.begin(), catalog_.sources.find(written)));
  }

  const v1::Migration& yaml_;
  const Catalog& catalog_;
  Preflight preflight_;
  Model& model_ = preflight_.model;
  std::vector<Finding>& findings_ = preflight_.findings;
};

}  // namespace

Preflight build_model(const v1::Migration& yaml, const Catalog& catalog) { return Builder(yaml, catalog).build(); }

}  // namespace crossfade::mapping
