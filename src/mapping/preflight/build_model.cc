#include "mapping/preflight/build_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "mapping/catalog/catalog.h"
#include "mapping/preflight/check_source.h"
#include "mapping/preflight/check_surrogates.h"
#include "mapping/preflight/check_target.h"
#include "mapping/preflight/choose_chunk_key.h"
#include "mapping/preflight/lineage.h"
#include "mapping/preflight/make_locator.h"
#include "mapping/views/own_row.h"

namespace crossfade::mapping {
namespace {

Column::Written written(const ColumnCatalog& column) {
  if (column.generated) return Column::Written::kNever;
  return column.always_identity ? Column::Written::kOnInsert : Column::Written::kAlways;
}

Column written_column(const ColumnCatalog& column, const ColumnCatalog& in_view) {
  Column made{column.name, column.type, written(column), column.operators};
  const bool cut = column.type == "character varying" && (in_view.modifier == -1 || in_view.modifier > column.modifier);
  if (column.modifier != -1 && in_view.modifier != column.modifier && (cut || rounds(column))) made.cast = column.full_type;
  if (column.type != in_view.type && derive::is_integer(column.type) && derive::is_integer(in_view.type)) made.cast = column.type;
  if (!column.collation.empty() && in_view.collation != column.collation) made.collation = column.collation;
  made.image_varies = column.image_varies;
  return made;
}

class Builder {
 public:
  Builder(const DirectedMigration& directed, const Catalog& catalog) : directed_(directed), yaml_(directed.yaml), catalog_(catalog) {}

  Preflight build() {
    model_.name = yaml_.migration();
    model_.direction = directed_.direction;
    model_.shadow_schema = yaml_.schemas().shadow();
    model_.mapping_schema = yaml_.schemas().mapping();
    model_.stable_schema = yaml_.schemas().stable();
    model_.streams_generated = catalog_.server.streams_generated();
    check_server(catalog_.server, findings_);
    add_sources();
    if (directed_.direction == Direction::kForward) model_.surrogates = check_surrogates(directed_, catalog_, findings_);
    if (directed_.direction == Direction::kReverse) check_ids_come_back(catalog_, findings_);
    add_targets();
    return std::move(preflight_);
  }

 private:
  void add_sources() {
    for (const auto& [written, source] : catalog_.sources) {
      const auto& named = yaml_.sources().at(written).key();
      std::vector<std::string> key(named.begin(), named.end());
      check_source(source, key, catalog_.server.role, findings_);
      if (model_.streams_generated) check_virtual(source, findings_);
      if (key.empty()) key = source.primary_key;
      const auto followed = std::any_of(catalog_.rules.begin(), catalog_.rules.end(),
                                        [&, &name = written](const auto& rule) { return rule.source == name; });
      // Of a view that does not tell which rows a change concerns that is said, and mended first.
      const auto untold = std::any_of(catalog_.untold.begin(), catalog_.untold.end(),
                                      [&](const auto& each) { return each.source == TableName{source.schema, source.name}; });
      if (!followed && !untold) {
        say_unfollowed(source);
      }
      auto operators = source.operators_of(key);
      model_.sources.push_back({source.schema, source.name, std::move(key), source.oid, yaml_.sources().at(written).shared(), std::move(operators)});
    }
  }

  /// On the way back the sources are v2's tables, and nobody has listed them.
  void say_unfollowed(const RelationCatalog& source) {
    Findings found(findings_, "source " + source.schema + "." + source.name);
    if (directed_.direction == Direction::kForward) return found.warn("no target follows it", "Remove it from sources, or add the rule that is missing.");
    found.warn("no view of reverse.sql reads it: what is written there has no way back, and once the writes have moved nothing computes its rows",
               "Read it in reverse.sql where v1 has room for it. A summary or a copy of other tables: keep it by the application or a trigger in v2.sql, or "
               "make it a view after the move.");
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
      if (check_target(directed_, name, target, written, findings_)) add_target(name, target, rules);
    }
  }

  void add_target(const std::string& name, const TargetCatalog& catalog, const std::vector<std::size_t>& rules) {
    Target target;
    target.name = name;
    target.table = {catalog.table.schema, catalog.table.name};
    target.key = catalog.table.primary_key;
    target.lazy = yaml_.targets().at(name).backfill() == v1::TargetTable::BACKFILL_LAZY;
    for (const auto& read : catalog.reads) {
      if (read.hidden) target.read_by_functions.push_back({read.schema, read.name});
    }
    if (catalog.keeps) target.keeps = {catalog.keeps->schema, catalog.keeps->name};
    for (const auto& column : catalog.table.columns) {
      const bool in_key = std::find(target.key.begin(), target.key.end(), column.name) != target.key.end();
      if (catalog.view.find(column.name) == nullptr || (column.generated && !in_key)) continue;
      target.columns.push_back(written_column(column, *catalog.view.find(column.name)));
    }
    for (const auto& column : catalog.view.columns) {
      Column in_view{column.name, column.type};
      in_view.collation = column.collation;
      target.view_columns.push_back(std::move(in_view));
    }
    for (const auto* relation : {&catalog.table, &catalog.view}) {
      for (const auto& column : relation->columns) {
        if (column.is_row) model_.row_types.insert(column.type);
      }
    }
    const auto first_rule = model_.rules.size();
    for (const auto rule : rules) add_rule(rule, catalog, target);
    add_shown_keys(name, catalog, target);
    target.surrogates = used_surrogates(catalog_, model_.surrogates, target, findings_);
    check_reads(directed_, catalog_, name, findings_);
    check_missed(directed_, catalog_, name, findings_);
    const Ordered ordered = [&](SourceId source, const std::string& column) { return source_of(source).find(column)->leads_index; };
    if (!choose_chunk_key(model_, target, first_rule, ordered)) {
      const bool constant = target.locators.empty();
      if (!constant) say_why_no_chunk_key(name, target);
      // What is brought over when it is touched, and what gives ids, is found by its rules alone.
      const bool nameless = constant || (target.locators.front().indirect() && !target.lazy && target.surrogates.empty());
      if (nameless) put_first(model_, target, first_rule, key_locator(catalog, target.key));
    } else {
      const auto& along = *source_of(target.chunk_source).find(target.chunk_column);
      target.locators.front().chunk_collation = chunk_collation(catalog_, name, target.locators.front(), along);
      // The server puts no values of a domain over an enum in order; labels are few, and it is filled in one piece.
      if (!along.enum_under.empty()) target.chunk_column.clear();
    }
    model_.targets.push_back(std::move(target));
  }

  void say_why_no_chunk_key(const std::string& name, const Target& target) {
    const bool computed = std::all_of(target.locators.begin(), target.locators.end(), [](const Locator& locator) { return locator.indirect(); });
    Findings found(findings_, "target " + name);
    if (computed) {
      return found.warn("no column of it is a column of a source: it is backfilled in one piece",
                        "That is well for a small table. A large one should have a source's key as a column too, along which it is filled in chunks.");
    }
    found.warn("no rule has a single source column, and no index begins with the first of several: it is backfilled in one piece",
               "Create that index, or locate rows by one column where the data allows it.");
  }

  void add_rule(std::size_t number, const TargetCatalog& catalog, Target& target) {
    const auto& written = catalog_.rules[number];
    const auto& source = catalog_.sources.at(written.source);
    if (!source.exists()) return;
    check_identity(written, source, findings_);
    Findings found(findings_, "rule " + describe(written));
    auto locator = make_locator(directed_, catalog_, number, found);
    if (!locator) return;
    const bool by_hand = written.derived.empty() && locator->indirect();
    if (by_hand && views::looks_for_own_row(locator->lookup, {source.schema, source.name}, source.primary_key, written.source_columns)) {
      found.warn(fmt::format("the select looks for the changed row of {} itself: once it is deleted it is not there, and what it led to is not refreshed", written.source),
                 "Use the values of its columns alone: select f(x) from unnest($column) x.");
    }

    FollowRule rule;
    rule.source = source_number(written.source);
    rule.target = model_.targets.next_id();
    rule.locator = add_locator(target, std::move(*locator));
    rule.source_columns = ordered_source_columns(written, catalog.view);
    // A lazy row may not be there yet, and others that came with the change may refer to it, whatever it was.
    auto relevant = lineage(catalog_, written, target.lazy);
    rule.relevant_columns = std::move(relevant.columns);
    rule.generated_columns = std::move(relevant.generated);
    preflight_.derived.push_back(written.derived);
    model_.rules.push_back(std::move(rule));
  }

  void add_shown_keys(const std::string& name, const TargetCatalog& catalog, const Target& target) {
    const auto answer = catalog_.reading.answers.find(name);
    if (answer == catalog_.reading.answers.end()) return;
    for (const auto& shown : answer->second.shown) {
      const auto source = std::find_if(catalog_.sources.begin(), catalog_.sources.end(), [&](const auto& each) {
        return each.second.exists() && TableName{each.second.schema, each.second.name} == shown.source;
      });
      if (source == catalog_.sources.end() || source->second.primary_key.empty()) continue;
      ShownKey key{source_number(source->first), model_.targets.next_id(), {}, source->second.primary_key};
      std::set<std::string> told;
      for (const auto& [column, constant] : shown.constants) {
        if (catalog.table.find(column) != nullptr && told.insert(column).second) key.constants.emplace(column, constant);
      }
      std::vector<std::string> columns;
      for (const auto& of : key.source_columns) {
        const auto column = std::find_if(shown.columns.begin(), shown.columns.end(), [&](const auto& each) { return each.second == of && catalog.table.find(each.first) != nullptr; });
        if (column != shown.columns.end() && told.insert(column->first).second) columns.push_back(column->first);
      }
      const bool one_row = std::all_of(target.key.begin(), target.key.end(), [&](const auto& each) { return told.contains(each); });
      if (!one_row || columns.size() != key.source_columns.size()) continue;
      key.locator = key_locator(catalog, columns);
      model_.shown_keys.push_back(std::move(key));
    }
  }

  /// Of what one of the rules takes for equal, the other finds rows too many, which are right already.
  static void share(Locator& known, const Locator& locator) {
    for (std::size_t n = 0; n < known.types.size(); ++n) known.types[n] = wider(known.types[n], locator.types[n]);
    if (known.indirect()) return;
    for (std::size_t n = 0; n < known.collations.size(); ++n) {
      if (known.collations[n].empty()) known.collations[n] = known.shadow_collations[n] = locator.collations[n];
    }
  }

  /// Direct rules with the same columns share a locator.
  static LocatorId add_locator(Target& target, Locator locator) {
    const auto same = std::find_if(target.locators.begin(), target.locators.end(), [&](const Locator& known) {
      return known.columns == locator.columns && known.lookup == locator.lookup;
    });
    const auto number = target.locators.id_of(same);
    if (same == target.locators.end()) {
      target.locators.push_back(std::move(locator));
    } else {
      share(*same, locator);
    }
    return number;
  }

  SourceId source_number(const std::string& written) const {
    return SourceId(std::distance(catalog_.sources.begin(), catalog_.sources.find(written)));
  }

  const RelationCatalog& source_of(SourceId number) const { return std::next(catalog_.sources.begin(), number.place())->second; }

  const DirectedMigration& directed_;
  const v1::Migration& yaml_;
  const Catalog& catalog_;
  Preflight preflight_;
  Model& model_ = preflight_.model;
  std::vector<Finding>& findings_ = preflight_.findings;
};

}  // namespace

Preflight build_model(const DirectedMigration& directed, const Catalog& catalog) { return Builder(directed, catalog).build(); }

}  // namespace crossfade::mapping
