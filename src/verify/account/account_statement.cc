#include "verify/account/account_statement.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <vector>

#include "base/sql_text.h"
#include "mapping/sql/statement_text.h"

namespace crossfade::verify {
namespace {

using fmt::format;
using mapping::FollowRule;
using mapping::Model;
using Names = std::vector<std::string>;

bool covers(const Names& columns, const Names& key) {
  return std::all_of(key.begin(), key.end(), [&](const auto& name) {
    return std::find(columns.begin(), columns.end(), name) != columns.end();
  });
}

/// The rules by which rows of `source` are looked for. Targets that have one row for each row of the source come first: they leave the
/// least for the others, and where there is one it is the row itself that is looked for, not others that have a value like it.
std::vector<const FollowRule*> rules_of(const Model& model, std::uint16_t source) {
  std::vector<const FollowRule*> direct;
  for (const auto& rule : model.rules) {
    if (rule.source == source && !model.targets[rule.target].locators[rule.locator].indirect()) direct.push_back(&rule);
  }
  const auto covers_key = [&](const FollowRule* rule) { return covers(rule->source_columns, model.sources[source].key); };
  const auto covers_key_of_target = [&](const FollowRule* rule) {
    const auto& target = model.targets[rule->target];
    return covers(target.locators[rule->locator].columns, target.key);
  };
  if (std::any_of(direct.begin(), direct.end(), [&](const FollowRule* rule) { return covers_key(rule) && covers_key_of_target(rule); })) {
    std::erase_if(direct, [&](const FollowRule* rule) { return !covers_key(rule); });
  }
  std::stable_partition(direct.begin(), direct.end(), covers_key_of_target);
  return direct;
}

std::string list_of(const std::string& alias, const Names& names, std::string_view cast = "") {
  Names columns;
  for (const auto& name : names) columns.push_back(format("{}.{}{}", alias, quote_identifier(name), cast));
  return format("{}", fmt::join(columns, ", "));
}

/// Whether a step is about all rows of the source, or about those that are located by a null.
enum class About { kValues, kNulls };

/// "f.a = s.x::int and …": row `found` has the locator's values that source row s gives. Nulls are not equal, but arrays
/// that have them are, and can be hashed.
std::string matches(const Model& model, const FollowRule& rule, const std::string& found, About about) {
  const auto& locator = model.targets[rule.target].locators[rule.locator];
  Names parts;
  if (about == About::kNulls) {
    for (const auto& name : rule.source_columns) parts.push_back(format("s.{} is null", quote_identifier(name)));
    return format("({}) and array[{}] = array[{}]", fmt::join(parts, " or "), list_of(found, locator.columns, "::text"),
                  list_of("s", rule.source_columns, "::text"));
  }
  for (std::size_t n = 0; n < locator.columns.size(); ++n) {
    parts.push_back(format("{}.{} {} s.{}::{}", found, quote_identifier(locator.columns[n]), locator.compared(n, "="),
                           quote_identifier(rule.source_columns[n]), locator.types[n]));
  }
  return format("{}", fmt::join(parts, " and "));
}

/// The shadow table, joined along its foreign keys to the table that has the locator's columns.
std::string in_shadow(const Model& model, const FollowRule& rule, About about) {
  const auto& target = model.targets[rule.target];
  const auto& path = target.locators[rule.locator].path;
  auto from = target.table.quoted() + " f0";
  for (std::size_t n = 0; n < path.size(); ++n) {
    const auto on = mapping::pairwise(format("f{}", n + 1), path[n].parent_columns, format("f{}", n), path[n].columns, path[n].operators);
    from += format(" join {} f{} on {}", path[n].parent.quoted(), n + 1, on);
  }
  return format("select from {} where {}", from, matches(model, rule, format("f{}", path.size()), about));
}

std::string in_view(const Model& model, const FollowRule& rule, About about) {
  return format("select from {} f where {}", quote_qualified(model.mapping_schema, model.targets[rule.target].name),
                matches(model, rule, "f", about));
}

/// Appends a step that keeps the rows which `found` does not find, and gives its name.
std::string without(std::string& steps, const std::string& before, const Names& columns, const std::string& found, int& number) {
  const auto name = format("left_{}", ++number);
  steps += format("{}{} as materialized (\n  select {} from {} s\n  where not exists ({})\n)", number == 1 ? "" : ", ", name,
                  list_of("s", columns), before, found);
  return name;
}

}  // namespace

bool is_accountable(const Model& model, std::uint16_t source) { return !rules_of(model, source).empty(); }

std::string account_statement(const Model& model, std::uint16_t number, bool has_rejects) {
  const auto& source = model.sources.at(number);
  const auto table = quote_qualified(source.schema, source.name);
  const auto rules = rules_of(model, number);
  auto columns = source.key;
  for (const auto* rule : rules) {
    for (const auto& name : rule->source_columns) {
      if (!covers(columns, {name})) columns.push_back(name);
    }
  }
  // One step after the other, each materialised: the first leaves next to nothing, and a join whose outer side is empty
  // does not read its inner one. So a view is evaluated only if a row is missing.
  std::string steps;
  int count = 0;
  auto left = table;
  // A key has no nulls.
  const auto may_be_null = [&](const FollowRule* rule) { return !covers(source.key, rule->source_columns); };
  for (const auto* rule : rules) {
    // Where the file's own predicate finds shadow rows, nothing leads back from a row to its key; the view answers.
    if (!model.targets[rule->target].locators[rule->locator].locate.empty()) continue;
    left = without(steps, left, columns, in_shadow(model, *rule, About::kValues), count);
    if (may_be_null(rule)) left = without(steps, left, columns, in_shadow(model, *rule, About::kNulls), count);
  }
  if (count == 0) left = without(steps, left, columns, rules.empty() ? "select" : "select where false", count);
  const auto not_found = left;
  std::string rejected = "select null::text as reason where false";
  if (has_rejects) {
    const auto view = quote_qualified(model.mapping_schema, mapping::rejects_name(source.name));
    const auto on = mapping::pairwise("r", source.key, "s", source.key, source.operators);
    // A row may have several reasons and is counted once.
    rejected = format("select min(r.reason::text) as reason from {} r where exists (select 1 from {} s where {}) group by {}", view,
                      not_found, on, list_of("r", source.key));
    left = without(steps, left, columns, format("select from {} r where {}", view, on), count);
  }
  for (const auto* rule : rules) {
    left = without(steps, left, columns, in_view(model, *rule, About::kValues), count);
    if (may_be_null(rule)) left = without(steps, left, columns, in_view(model, *rule, About::kNulls), count);
  }
  return format(
      "with {steps}, rejected as materialized (\n  {rejected}\n), reasons as (\n"
      "  select coalesce(reason, 'no reason given') as reason, count(*) as rows from rejected group by 1\n)\n"
      "select (select count(*) from {table}) as total, (select count(*) from {not_found}) as not_found, (select count(*) from rejected) as rejected,\n"
      "  (select array_agg(reason order by rows desc, reason) from reasons) as reasons,"
      " (select array_agg(rows::text order by rows desc, reason) from reasons) as counts,\n"
      "  (select count(*) from {left}) as unaccounted, sample.key\n"
      "from (values (1)) one left join (\n  select array[{key}] as key from {left} s order by {order} limit 20\n) sample on true",
      fmt::arg("steps", steps), fmt::arg("rejected", rejected), fmt::arg("table", table), fmt::arg("not_found", not_found),
      fmt::arg("left", left), fmt::arg("key", list_of("s", source.key, "::text")), fmt::arg("order", list_of("s", source.key)));
}

}  // namespace crossfade::verify
