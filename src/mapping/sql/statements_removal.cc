// The statements that take shadow rows away: those that the view no longer has, and those that stand in the way.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/text/sql_text.h"
#include "mapping/sql/statement_text.h"
#include "mapping/sql/statements.h"

namespace crossfade::mapping {

using fmt::format;

/// Table k of the keys that are parameters, one array a key column.
std::string Statements::going() const {
  int parameter = 1;
  const auto arrays = joined(target_.key, ", ", [&](const std::string& name) { return unnested_parameter(model_, parameter++, key_column(name).type); });
  const auto names = joined(target_.key, ", ", quote_identifier);
  const bool plain = std::none_of(target_.key.begin(), target_.key.end(), [&](const std::string& name) { return travels_as_text(model_, key_column(name).type); });
  if (plain) return format("unnest({}) k({})", arrays, names);
  const auto values = joined(target_.key, ", ", [&](const std::string& name) { return each_value(model_, "u." + quote_identifier(name), key_column(name).type); });
  return format("(select {} from unnest({}) u({})) k({})", values, arrays, names, names);
}

std::string Statements::remove(const std::vector<std::string>& references) const {
  const auto unreferred = joined(references, "", [](const std::string& reference) { return format("\n  and not exists ({})", reference); });
  const auto& first = key_column(target_.key[0]);
  if (target_.key.size() == 1 && !is_array(first.type)) {
    return format("delete from {} s where s.{} {} any({}){}", shadow_, quote_identifier(first.name), first.operators.sql("="), array_parameter(1, first.type),
                  unreferred);
  }
  return format("delete from {} s using {} where {}{}", shadow_, going(), same_key("s", "k"), unreferred);
}

std::string Statements::let_go(const std::vector<std::string>& columns) const {
  const auto cleared = joined(columns, ", ", [](const std::string& name) { return quote_identifier(name) + " = null"; });
  return format("update {} s set {} from {} where {}", shadow_, cleared, going(), same_key("s", "k"));
}

std::string Statements::others() const {
  std::vector<std::optional<std::string>> known;
  for (const auto& column : target_.columns) known.emplace_back(column.name);
  return format(
      "select a.attname from pg_catalog.pg_attribute a where a.attrelid = {}::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''\n"
      "  and a.attname <> all ({}::text[]) order by a.attnum",
      quote_literal(shadow_), quote_literal(array_text(known)));
}

std::string Statements::saved() const { return format("select array_agg(row(s.*)::text) as saved from {} s, {} where {}", shadow_, going(), same_key("s", "k")); }

std::string Statements::names() const {
  return format("select distinct {} from {} s, {} where {}", named(), shadow_, going(), same_key("s", "k"));
}

std::string Statements::dependents(const Statements& parent, const std::string& condition) const {
  const auto key = joined(target_.key, ", ", [](const std::string& name) { return format("s.{}::text", quote_identifier(name)); });
  return format("select {}, {} from {} s, {} p, {} where {} and {}", named(), key, shadow_, parent.shadow_, parent.going(),
                parent.same_key("p", "k"), condition);
}

/// Below, a row is told by its table and its place in it: rows of several partitions have the same place.
///
/// All that agree and not all but one: against one that is there, a row that the view has twice looks like one that was changed, and
/// no refresh would ever refuse it.
std::string Statements::remove_duplicates(const std::string& indexed_by) const {
  return format(
      "delete from {0} s where (s.tableoid, s.ctid) in (\n  select d.tableoid, d.ctid from (\n"
      "    select tableoid, ctid, count(*) over (partition by {1}) as alike from {0} where pg_catalog.num_nulls({1}) = 0\n"
      "  ) d where d.alike > 1)\nreturning {2}",
      shadow_, indexed_by, named());
}

std::string Statements::remove_overlapping(const std::string& indexed_by, const std::vector<std::string>& operators) const {
  std::string places;
  std::string agree;
  for (std::size_t n = 0; n < operators.size(); ++n) {
    places += format(", place_{}", n);
    agree += format(" and a.place_{0} {1} b.place_{0}", n, operators[n]);
  }
  return format(
      "with rows (part, at{0}) as materialized (\n  select tableoid, ctid, {1} from {2}\n)\n"
      "delete from {2} s where (s.tableoid, s.ctid) in (\n  select b.part, b.at from rows a join rows b on (a.part, a.at) < (b.part, b.at){3})\nreturning {4}",
      places, indexed_by, shadow_, agree, named());
}

std::string Statements::remove_long(const std::string& indexed_by) const {
  // A third of a page is 2704 bytes; whether a value fits once it is compressed is the index's to say.
  constexpr int kMayNotFit = 2000;
  return format("delete from {0} s where (s.tableoid, s.ctid) in (\n  select r.tableoid, r.ctid from {0} r, lateral (select row({1}) as entry) e\n"
                "  where greatest(pg_column_size(e.entry), octet_length(e.entry::text)) > {2})\nreturning {3}",
                shadow_, indexed_by, kMayNotFit, named());
}

std::string Statements::remove_raising(const std::string& indexed_by, std::size_t most) const {
  return format("delete from {0} s using crossfade.rows_that_raise({1}::regclass, {2}, {3}) r where s.tableoid = r.part and s.ctid = r.at\nreturning {4}", shadow_,
                quote_literal(shadow_), quote_literal(indexed_by), most, named());
}

/// "" where no row can be one.
std::string Statements::orphan_condition() const {
  std::set<std::string> conditions;
  for (const auto& locator : target_.locators) {
    // What the file's own predicate goes along is not known, so any row may be one.
    if (!locator.locate.empty()) conditions.insert("true");
    if (locator.path.empty()) continue;
    const auto& step = locator.path.front();
    conditions.insert(format("row({}) is not null and not exists (select 1 from {} p where {})", columns_of("s", step.columns), step.parent.quoted(),
                             pairwise("p", step.parent_columns, "s", step.columns, step.operators)));
  }
  return format("{}", fmt::join(conditions, "\n     or "));
}

std::string Statements::remove_orphans() const {
  const auto condition = orphan_condition();
  if (condition.empty()) return "";
  return format(
      "with orphans as materialized (\n  select {} from {} s where {}\n)\n"
      "delete from {} s using orphans o where {} and not exists (select 1 from {} v where {})",
      columns_of("s", target_.key), shadow_, condition, shadow_, same_key("s", "o"), view_, same_key("v", "o"));
}

std::string Statements::orphans() const {
  const auto condition = orphan_condition();
  if (condition.empty()) return "";
  const auto key = joined(target_.key, ", ", [](const std::string& name) { return format("s.{}::text", quote_identifier(name)); });
  return format("select {} from {} s where {}", key, shadow_, condition);
}

std::string Statements::in_view() const {
  const auto key = joined(target_.key, ", ", [](const std::string& name) { return format("k.{}::text", quote_identifier(name)); });
  return format("select {} from {} where exists (select 1 from {} v where {} offset 0)", key, going(), source_view_, same_key("v", "k"));
}

}  // namespace crossfade::mapping
