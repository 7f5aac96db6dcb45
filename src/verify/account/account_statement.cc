#include "verify/account/account_statement.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/text/sql_text.h"
#include "mapping/sql/scan.h"
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

/// Whether a select gives something of the changed row alone, and of no table: `select 'L' || changed.id from unnest($1::int[]) changed(id)`.
bool is_of_row_alone(const std::string& lookup) {
  const auto tokens = mapping::scan(lookup);
  const auto is = [&](const char* name) { return [name](const mapping::Token& token) { return token.is_name(name); }; };
  if (std::count_if(tokens.begin(), tokens.end(), is("select")) != 1) return false;
  auto at = std::find_if(tokens.begin(), tokens.end(), is("from"));
  if (std::count_if(tokens.begin(), tokens.end(), is("from")) != 1 || tokens.end() - at < 2 || !(at + 1)->is_name("unnest")) return false;
  // What is unnested, and the names of its columns, stand in brackets; then comes nothing, or a condition.
  int depth = 0;
  int brackets = 0;
  for (at += 2; at != tokens.end() && brackets < 2; ++at) {
    if (at->is_sign("(")) ++depth;
    if (at->is_sign(")") && --depth == 0) ++brackets;
    if (depth == 0 && at->is_sign(",")) return false;
  }
  return brackets == 2 && (at == tokens.end() || at->is_name("where"));
}

/// A rule by which each row of the source leads to one of the target, by a key that is computed of it.
bool computes_key(const Model& model, const FollowRule& rule) {
  const auto& target = model.targets[rule.target];
  const auto& locator = target.locators[rule.locator];
  // An array of arrays is none.
  if (std::any_of(locator.types.begin(), locator.types.end(), [&](const std::string& type) { return mapping::travels_as_text(model, type); })) return false;
  return locator.indirect() && locator.path.empty() && locator.locate.empty() && covers(rule.source_columns, model.sources[rule.source].key) &&
         covers(locator.columns, target.key) && is_of_row_alone(locator.lookup);
}

/// By what rows of a source are looked for in one target.
struct Way {
  const mapping::Target& target;
  const mapping::Locator& locator;
  const Names& source_columns;
  std::size_t number;  ///< of the rule
  const std::map<std::string, std::string>& constants;
};

/// The ways by which rows of `source` are looked for. Targets that have one row for each row of the source come first: they leave the
/// least for the others, and where there is one it is the row itself that is looked for, not others that have a value like it. What a
/// view shows of the source's key says so, whatever rule the target is followed by; and which of its branches a row comes from.
std::vector<Way> ways_of(const Model& model, SourceId source) {
  static const std::map<std::string, std::string> kNone;
  std::vector<Way> ways;
  std::set<TargetId> shown;
  for (const auto& key : model.shown_keys) {
    if (key.source != source) continue;
    ways.push_back({model.targets[key.target], key.locator, key.source_columns, 0, key.constants});
    shown.insert(key.target);
  }
  const bool strict = !ways.empty();
  std::vector<Way> direct;
  std::vector<Way> computed;
  for (std::size_t n = 0; n < model.rules.size(); ++n) {
    const auto& rule = model.rules[n];
    if (rule.source != source || shown.contains(rule.target)) continue;
    const auto& target = model.targets[rule.target];
    const Way way{target, target.locators[rule.locator], rule.source_columns, n, kNone};
    if (!way.locator.indirect()) direct.push_back(way);
    if (computes_key(model, rule)) computed.push_back(way);
  }
  const auto covers_key = [&](const Way& way) { return covers(way.source_columns, model.sources[source].key); };
  const auto covers_key_of_target = [&](const Way& way) { return covers(way.locator.columns, way.target.key); };
  const auto is_row = [&](const Way& way) { return covers_key(way) && covers_key_of_target(way); };
  const bool by_row = strict || std::any_of(direct.begin(), direct.end(), is_row);
  // Those first, and of each the ones that lead to one row.
  for (const bool first : {true, false}) {
    for (const auto& way : direct) {
      if (covers_key_of_target(way) == first && (!by_row || covers_key(way))) ways.push_back(way);
    }
  }
  return ways.empty() ? computed : ways;
}

/// Where what a rule's select gives for a row is kept: "crossfade_2_0" for the first column of the second rule's.
std::string computed_name(const Way& way, std::size_t column) { return format("crossfade_{}_{}", way.number, column); }

/// The source's rows with what the selects give for each.
std::string with_computed(const mapping::Source& source, const std::vector<Way>& ways) {
  Names columns;
  std::string joins;
  for (const auto& name : source.key) columns.push_back("s." + quote_identifier(name));
  for (const auto& way : ways) {
    const auto& locator = way.locator;
    const auto alias = format("k{}", way.number);
    Names fields;
    for (std::size_t n = 0; n < locator.columns.size(); ++n) {
      fields.push_back(computed_name(way, n));
      columns.push_back(format("{}.{}", alias, fields.back()));
    }
    const auto of_row = mapping::with_tokens_replaced(locator.lookup, [&](const mapping::Token& token) -> std::optional<std::string> {
      if (token.kind != mapping::Token::Kind::kParameter) return std::nullopt;
      return format("array[s.{}]", quote_identifier(way.source_columns.at(token.number - 1)));
    });
    joins += format(" left join lateral (select * from ({}) g limit 1) {}({}) on true", of_row, alias, fmt::join(fields, ", "));
  }
  return format("select {} from {} s{}", fmt::join(columns, ", "), quote_qualified(source.schema, source.name), joins);
}

std::string list_of(const std::string& alias, const Names& names, std::string_view cast = "") {
  Names columns;
  for (const auto& name : names) columns.push_back(format("{}.{}{}", alias, quote_identifier(name), cast));
  return format("{}", fmt::join(columns, ", "));
}

/// Whether a step is about all rows of the source, or about those that are located by a null.
enum class About { kValues, kNulls };

/// A column of the shadow row, compared by the table's collation, where the view and so the source may have another.
std::string found_column(const mapping::Target& target, const std::string& found, const std::string& name, bool in_shadow) {
  const auto column = std::find_if(target.columns.begin(), target.columns.end(), [&](const auto& each) { return each.name == name; });
  const bool own = in_shadow && column != target.columns.end();
  return format("{}.{}{}", found, quote_identifier(name), own ? mapping::collate(column->collation) : "");
}

/// "f.a = s.x::int and …": row `found` has the locator's values that source row s gives. Nulls are not equal, but arrays
/// that have them are, and can be hashed.
std::string matches(const Way& way, const std::string& found, About about, bool in_shadow) {
  const auto& locator = way.locator;
  Names columns;
  for (const auto& name : locator.columns) columns.push_back(found_column(way.target, found, name, in_shadow));
  Names parts;
  for (const auto& [name, constant] : way.constants) parts.push_back(format("{} is not distinct from {}", found_column(way.target, found, name, in_shadow), constant));
  if (about == About::kNulls) {
    for (const auto& name : way.source_columns) parts.push_back(format("s.{} is null", quote_identifier(name)));
    for (auto& column : columns) column = format("({})::text", column);
    return format("({}) and array[{}] = array[{}]", fmt::join(parts, " or "), fmt::join(columns, ", "), list_of("s", way.source_columns, "::text"));
  }
  for (std::size_t n = 0; n < locator.columns.size(); ++n) {
    if (locator.indirect()) {
      parts.push_back(format("{} {} s.{}", columns[n], locator.compared(n, "="), computed_name(way, n)));
      continue;
    }
    parts.push_back(format("{} {} s.{}::{}", columns[n], locator.compared(n, "="), quote_identifier(way.source_columns[n]), locator.types[n]));
  }
  return format("{}", fmt::join(parts, " and "));
}

/// The shadow table, joined along its foreign keys to the table that has the locator's columns.
std::string in_shadow(const Way& way, About about) {
  const auto& path = way.locator.path;
  auto from = way.target.table.quoted() + " f0";
  for (std::size_t n = 0; n < path.size(); ++n) {
    const auto on = mapping::pairwise(format("f{}", n + 1), path[n].parent_columns, format("f{}", n), path[n].columns, path[n].operators);
    from += format(" join {} f{} on {}", path[n].parent.quoted(), n + 1, on);
  }
  return format("select from {} where {}", from, matches(way, format("f{}", path.size()), about, path.empty()));
}

std::string in_view(const Model& model, const Way& way, About about) {
  return format("select from {} f where {}", quote_qualified(model.mapping_schema, way.target.name), matches(way, "f", about, false));
}

/// Appends a step that keeps the rows which `found` does not find, and gives its name.
std::string without(std::string& steps, const std::string& before, const Names& columns, const std::string& found, int& number) {
  const auto name = format("left_{}", ++number);
  steps += format("{}{} as materialized (\n  select {} from {} s\n  where not exists ({})\n)", steps.empty() ? "" : ", ", name,
                  list_of("s", columns), before, found);
  return name;
}

}  // namespace

bool is_accountable(const Model& model, SourceId source, bool has_rejects) {
  return (!model.sources[source].shared || has_rejects) && !ways_of(model, source).empty();
}

std::string account_statement(const Model& model, SourceId number, bool has_rejects) {
  const auto& source = model.sources.at(number);
  const auto table = quote_qualified(source.schema, source.name);
  const auto ways = is_accountable(model, number, has_rejects) ? ways_of(model, number) : std::vector<Way>{};
  auto columns = source.key;
  const bool computed = !ways.empty() && ways.front().locator.indirect();
  for (const auto& way : ways) {
    for (std::size_t n = 0; computed && n < way.locator.columns.size(); ++n) columns.push_back(computed_name(way, n));
    for (const auto& name : way.source_columns) {
      if (!computed && !covers(columns, {name})) columns.push_back(name);
    }
  }
  // One step after the other, each materialised: the first leaves next to nothing, and a join whose outer side is empty
  // does not read its inner one. So a view is evaluated only if a row is missing.
  std::string steps;
  int count = 0;
  auto left = table;
  if (computed) {
    steps = format("computed as materialized (\n  {}\n)", with_computed(source, ways));
    left = "computed";
  }
  // A key has no nulls.
  const auto may_be_null = [&](const Way& way) { return !computed && !covers(source.key, way.source_columns); };
  for (const auto& way : ways) {
    // Where the file's own predicate finds shadow rows, nothing leads back from a row to its key; the view answers. So it does where v2's
    // rows are on another server.
    if (!way.locator.locate.empty() || model.apart) continue;
    left = without(steps, left, columns, in_shadow(way, About::kValues), count);
    if (may_be_null(way)) left = without(steps, left, columns, in_shadow(way, About::kNulls), count);
  }
  if (count == 0) left = without(steps, left, columns, ways.empty() ? "select" : "select where false", count);
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
  for (const auto& way : ways) {
    left = without(steps, left, columns, in_view(model, way, About::kValues), count);
    if (may_be_null(way)) left = without(steps, left, columns, in_view(model, way, About::kNulls), count);
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
