// Rows that take over each other's places: who stands there, and how room is made.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text/sql_text.h"
#include "mapping/sql/statement_text.h"
#include "mapping/sql/statements.h"

namespace crossfade::mapping {

using fmt::format;

std::string Reference::missing() const {
  auto text = format("{} and not exists (select 1 from {} p where {})", there, parent, met);
  if (!view.empty()) text += format(" and not exists (select 1 from {} p where {})", view, met);
  return text;
}

std::string Statements::exchanges(const KeyFilter& filter, const Exclusive& exclusive) const {
  const auto& locator = target_.locators.at(filter.locator);
  const auto text_of = [](const std::string& name) { return "v." + quote_identifier(name) + "::text"; };
  const auto taker = locator.indirect() ? "null::text[]" : format("array[{}]", joined(locator.columns, ", ", text_of));
  const auto list = columns_of("v", names_of(target_.columns)) + format(", {} as crossfade_taker", taker);
  int parameter = 1;
  const auto rows = branch(filter, view_, list, parameter) + unread(filter);
  return format("with next as materialized (\n  {}\n)\nselect distinct n.crossfade_taker as taker, {} as holder\n{}", rows, named(), standing(exclusive));
}

std::string Statements::standing(const Exclusive& exclusive) const {
  std::string places;
  std::string same_place;
  for (std::size_t n = 0; n < exclusive.expressions.size(); ++n) {
    places += format(", {} as crossfade_place_{}", exclusive.expressions[n], n);
    const auto* agree = exclusive.nulls_agree ? " and (n.crossfade_place_{0} {1} s.crossfade_place_{0} or num_nonnulls(n.crossfade_place_{0}, s.crossfade_place_{0}) = 0)"
                                              : " and n.crossfade_place_{0} {1} s.crossfade_place_{0}";
    same_place += format(fmt::runtime(agree), n, exclusive.operators[n]);
  }
  return format("from (select r.*{} from next r where {}) n\njoin (select r.*{} from {} r where {}) s on not ({}){}", places, exclusive.predicate, places, shadow_,
                exclusive.predicate, same_key("n", "s"), same_place);
}

std::string Statements::waiting(const KeyFilter& filter, const Reference& reference) const {
  const auto& locator = target_.locators.at(filter.locator);
  const auto own = joined(locator.columns, ", ", [](const std::string& name) { return "v." + quote_identifier(name) + "::text"; });
  const auto list = columns_of("v", names_of(target_.columns)) + format(", array[{}] as crossfade_taker", own);
  int parameter = 1;
  const auto rows = branch(filter, view_, list, parameter) + unread(filter);
  const auto missing = reference.missing();
  if (!reference.to_itself) {
    return format("with next as materialized (\n  {}\n)\nselect distinct s.crossfade_taker as taker, null::text[] as needed from next s where {}", rows, missing);
  }
  return format("with next as materialized (\n  {}\n)\nselect distinct s.crossfade_taker as taker, p.crossfade_taker as needed\n"
                "from (select s.* from next s where {}) s left join next p on {}", rows, missing, reference.met);
}

/// What refers to the same row as before asks for no lock.
std::string Statements::behind(const KeyFilter& filter, const Reference& reference) const {
  const auto& locator = target_.locators.at(filter.locator);
  const auto own = joined(locator.columns, ", ", [](const std::string& name) { return "v." + quote_identifier(name) + "::text"; });
  const auto list = columns_of("v", names_of(target_.columns)) + format(", array[{}] as crossfade_taker", own);
  int parameter = 1;
  const auto rows = branch(filter, view_, list, parameter);
  return format(
      "with next as materialized (\n  {rows}\n), before as materialized (\n"
      "  select {key}, p.tableoid as part, p.ctid as place from {shadow} s join {parent} p on {met} where exists (select 1 from next n where {kept})\n"
      "), wanted as materialized (\n"
      "  select s.*, p.tableoid as crossfade_part, p.ctid as crossfade_place from next s join {parent} p on {met}\n"
      "  where not exists (select 1 from before b where {same} and b.part = p.tableoid and b.place = p.ctid)\n"
      "), free as materialized (\n"
      "  select p.tableoid as part, p.ctid as place from {parent} p where exists (select 1 from wanted s where {met}) for key share of p skip locked\n)\n"
      "select distinct s.crossfade_taker as locked from wanted s where not exists (select 1 from free f where f.part = s.crossfade_part and f.place = s.crossfade_place)",
      fmt::arg("rows", rows), fmt::arg("key", columns_of("s", target_.key)), fmt::arg("shadow", shadow_), fmt::arg("parent", reference.parent),
      fmt::arg("met", reference.met), fmt::arg("kept", same_key("n", "s")), fmt::arg("same", same_key("s", "b")));
}

std::string Statements::locked(const KeyFilter& filter) const {
  const auto& locator = target_.locators.at(filter.locator);
  const auto rows_where = [&] {
    int parameter = 1;
    return format("{} s where {}", shadow_, shadow_condition(filter, parameter));
  };
  return format(
      "with free as materialized (\n  select s.tableoid as part, s.ctid as place from {} for update of s skip locked\n)\n"
      "select distinct {} as locked from {} and not exists (select 1 from free f where f.part = s.tableoid and f.place = s.ctid)",
      rows_where(), locator.indirect() ? "null::text[]" : values_of(locator), rows_where());
}

std::string Statements::stale(const std::vector<KeyFilter>& filters) const {
  return format(
      "with next as materialized (\n  {}\n), prior as materialized (\n  {}\n)\n"
      "select {} from prior p where not exists (select 1 from next n where {}){}",
      next(filters, false), prior(filters),
      joined(target_.key, ", ", [](const std::string& name) { return format("array_agg(p.{}::text)", quote_identifier(name)); }), same_key("p", "n"),
      target_.keeps ? " and " + not_kept("p") : "");
}

std::string Statements::moving(const std::vector<KeyFilter>& filters) const {
  const auto names = names_of(target_.columns);
  return format(
      "with next as materialized (\n  {}\n), prior as materialized (\n  {}\n)\n"
      "select {} from prior p left join next n on {} where ({}{}) or ({} and pg_catalog.record_image_ne(row({}), row({})))",
      next(filters, false), prior(filters),
      joined(target_.key, ", ", [](const std::string& name) { return format("array_agg(p.{}::text)", quote_identifier(name)); }), same_key("p", "n"),
      absent("n"), target_.keeps ? " and " + not_kept("p") : "", present("n"), columns_of("n", names), columns_of("p", names));
}

std::string Statements::stand_in(const std::vector<KeyFilter>& filters, const std::vector<StandIn>& values) const {
  const auto assignments = joined(values, ", ", [](const StandIn& each) { return format("{} = {}", quote_identifier(each.column), each.value); });
  const auto differs = joined(values, " or ", [](const StandIn& each) {
    return format("pg_catalog.record_image_ne(row(p.{0}), row(n.{0}))", quote_identifier(each.column));
  });
  const auto gone = absent("n");
  return format(
      "with next as materialized (\n  {}\n), prior as materialized (\n  {}\n)\n"
      "update {} s set {} from prior p left join next n on {} where {} and ({} or {})",
      next(filters, false), prior(filters), shadow_, assignments, same_key("p", "n"), same_key("p", "s"),
      target_.keeps ? format("{} and {}", gone, not_kept("p")) : gone, differs);
}

}  // namespace crossfade::mapping
