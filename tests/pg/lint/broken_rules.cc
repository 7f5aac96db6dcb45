#include "broken_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <regex>
#include <utility>

#include "mapping/preflight/build_model.h"

namespace crossfade::test {
namespace {

using mapping::Catalog;
using mapping::RelationCatalog;

class Breaker {
 public:
  Breaker(const mapping::DirectedMigration& directed, const Catalog& catalog) : course_(directed), catalog_(catalog) {}

  std::vector<BrokenRule> run() {
    for (std::size_t rule = 0; rule < catalog_.rules.size(); ++rule) {
      forget(rule);
      const auto& written = catalog_.rules[rule];
      const auto& source = catalog_.sources.at(written.source);
      for (std::size_t n = 0; n < written.source_columns.size(); ++n) {
        const auto other = alike(source, written.source_columns[n]);
        if (!other) continue;
        auto broken = catalog_;
        broken.rules[rule].source_columns[n] = *other;
        add(rule, written.source_columns[n] + " of the source → " + *other, std::move(broken));
      }
      if (written.lookup.empty()) {
        break_locator(rule);
      } else {
        break_select(rule);
      }
    }
    return std::move(broken_);
  }

 private:
  void forget(std::size_t rule) {
    auto broken = catalog_;
    broken.rules.erase(broken.rules.begin() + static_cast<std::ptrdiff_t>(rule));
    broken.lookups.clear();
    for (const auto& [place, lookup] : catalog_.lookups) {
      if (place != rule) broken.lookups[place - (place > rule ? 1 : 0)] = lookup;
    }
    add(rule, "forgotten", std::move(broken));
  }

  void break_locator(std::size_t rule) {
    const auto& columns = catalog_.rules[rule].locator_columns;
    for (std::size_t n = 0; n < columns.size(); ++n) {
      const auto other = alike(catalog_.targets.at(catalog_.rules[rule].target).view, columns[n]);
      if (!other || std::find(columns.begin(), columns.end(), *other) != columns.end()) continue;
      auto broken = catalog_;
      broken.rules[rule].locator_columns[n] = *other;
      add(rule, columns[n] + " of the view → " + *other, std::move(broken));
    }
  }

  /// As the server prints it: every column with its table's alias.
  void break_select(std::size_t rule) {
    const auto& sql = catalog_.lookups.at(rule).sql;
    const auto replaced = [&](const std::string& what, std::string by) {
      auto broken = catalog_;
      broken.lookups[rule].sql = std::move(by);
      add(rule, what, std::move(broken));
    };
    replaced("one row of many", fmt::format("select * from ({}) many limit 1", sql));
    std::map<std::string, const RelationCatalog*> tables;
    static const std::regex table(R"re((?:FROM|JOIN)\s+\(*(\w+)\."?(\w+)"?\s+(\w+))re");
    for (std::sregex_iterator it(sql.begin(), sql.end(), table), end; it != end; ++it) {
      for (const auto& [written, source] : catalog_.sources) {
        if (source.schema == (*it)[1] && source.name == (*it)[2]) tables[(*it)[3]] = &source;
      }
    }
    static const std::regex column(R"re(\b(\w+)\."?(\w+)"?)re");
    for (std::sregex_iterator it(sql.begin(), sql.end(), column), end; it != end; ++it) {
      const auto of = tables.find((*it)[1]);
      if (of == tables.end()) continue;
      const auto other = alike(*of->second, (*it)[2]);
      if (!other) continue;
      auto by = sql;
      by.replace(static_cast<std::size_t>(it->position()), static_cast<std::size_t>(it->length()), fmt::format("{}.\"{}\"", of->first, *other));
      replaced(fmt::format("{} at {} of the select → {}", it->str(), it->position(), *other), std::move(by));
    }
  }

  /// The first column that could be mistaken for it; none if there is none.
  static std::optional<std::string> alike(const RelationCatalog& relation, const std::string& column) {
    const auto* of = relation.find(column);
    if (of == nullptr) return std::nullopt;
    for (const auto& other : relation.columns) {
      if (other.name != column && other.type_oid == of->type_oid && !other.generated) return other.name;
    }
    return std::nullopt;
  }

  void add(std::size_t rule, const std::string& what, Catalog catalog) {
    auto preflight = mapping::build_model(course_, catalog);
    if (!preflight.ok()) return;
    const auto& written = catalog_.rules[rule];
    const auto source = std::distance(catalog_.sources.begin(), catalog_.sources.find(written.source));
    broken_.push_back({fmt::format("{}: {}", describe(written), what), SourceId(source),
                       preflight.model.find_target(written.target).value(), std::move(preflight.model)});
  }

  const mapping::DirectedMigration& course_;
  const Catalog& catalog_;
  std::vector<BrokenRule> broken_;
};

}  // namespace

std::vector<BrokenRule> broken_rules(const mapping::DirectedMigration& directed, const Catalog& catalog) { return Breaker(directed, catalog).run(); }

}  // namespace crossfade::test
