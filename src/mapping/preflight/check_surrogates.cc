#include "mapping/preflight/check_surrogates.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "mapping/file/surrogates.h"
#include "mapping/preflight/check_target.h"

namespace crossfade::mapping {

ById<SurrogateId, Surrogate> check_surrogates(const DirectedMigration& directed, const Catalog& catalog, std::vector<Finding>& findings) {
  ById<SurrogateId, Surrogate> surrogates;
  for (const auto& [name, read] : catalog.surrogates) {
    const auto& written = directed.yaml.surrogates().at(name);
    Findings found(findings, "surrogate " + name);
    const auto of = natural_key(written);
    surrogates.push_back({name, of, surrogate_table(directed.yaml.migration(), name), read.view.operators_of(of)});
    if (read.view.kind != 'v') {
      const auto create = fmt::format("{} in surrogates.sql: the natural keys that there are, with {}.", read.view.quoted(), fmt::join(of, ", "));
      found.fail(fmt::format("{} has no view {}", read.view.schema, name), read.dropped ? made_again("surrogates.sql") + create : "Create " + create);
      continue;
    }
    for (const auto& column : of) {
      if (read.view.find(column) != nullptr) continue;
      found.fail(fmt::format("its view has no column {}", column), fmt::format("Add it to {} in surrogates.sql.", read.view.quoted()));
    }
    if (!read.ids.exists()) found.fail(fmt::format("there is no table {}", read.ids.quoted()), create_surrogate_table(directed.yaml, name));
    const bool used = std::any_of(catalog.targets.begin(), catalog.targets.end(), [&, &wanted = name](const auto& target) {
      return std::find(target.second.surrogates.begin(), target.second.surrogates.end(), wanted) != target.second.surrogates.end();
    });
    if (!used) found.warn("no view reads it", fmt::format("Join {} in mapping.sql, or remove the surrogate.", read.ids.quoted()));
    found.conclude(fmt::format("({}) → {}, kept in {}", fmt::join(of, ", "), written.type(), read.ids.quoted()));
  }
  return surrogates;
}

void check_ids_come_back(const Catalog& catalog, std::vector<Finding>& findings) {
  for (const auto& [name, read] : catalog.surrogates) {
    Findings found(findings, "surrogate " + name);
    std::vector<std::string> wanted = {"id"};
    for (const auto& column : read.ids.columns) {
      if (column.name != "id") wanted.push_back(column.name);
    }
    const bool whole = std::all_of(wanted.begin(), wanted.end(), [&, &view = read.view](const auto& column) { return view.find(column) != nullptr; });
    if (read.view.kind != 'v' || !whole) {
      const auto create = fmt::format("{} in reverse.sql: the natural keys as v2 has them, with {}.", read.view.quoted(), fmt::join(wanted, ", "));
      if (read.dropped) found.fail(fmt::format("{} has no view {} of the ids that v2 gives: a rollback would not know them", read.view.schema, name), made_again("reverse.sql") + create);
      else found.fail(fmt::format("reverse.sql has no view {} of the ids that v2 gives: a rollback would not know them", name), "Create " + create);
    }
    found.conclude("ids that v2 gives come back with the writes");
  }
}

std::vector<SurrogateId> used_surrogates(const Catalog& catalog, const ById<SurrogateId, Surrogate>& surrogates, const Target& target,
                                         std::vector<Finding>& findings) {
  std::vector<SurrogateId> used;
  const auto& view = catalog.targets.at(target.name).view;
  for (const auto& name : catalog.targets.at(target.name).surrogates) {
    Findings found(findings, "surrogate " + name);
    const auto& keys = catalog.surrogates.at(name).view;
    const auto place = std::find_if(surrogates.begin(), surrogates.end(), [&, &wanted = name](const Surrogate& each) { return each.name == wanted; });
    used.push_back(surrogates.id_of(place));
    // The natural keys of a changed key are found as its rows are, before these are.
    std::set<std::string> told;
    for (const auto& locator : target.locators) {
      for (const auto& column : locator.columns) {
        const auto* there = keys.find(column);
        if (!keys.exists() || (there != nullptr && alike(*there, *view.find(column))) || !told.insert(column).second) continue;
        found.fail(fmt::format("its view has no column {} like the one that rows of {} are located by", column, target.name),
                   fmt::format("Add it to {} in surrogates.sql; a natural key may be there more than once.", keys.quoted()));
      }
    }
  }
  return used;
}

}  // namespace crossfade::mapping
