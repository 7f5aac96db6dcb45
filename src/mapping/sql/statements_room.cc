// Rows that take over each other's places: who stands there, and how room is made.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/sql_text.h"
#include "mapping/sql/statement_text.h"
#include "mapping/sql/statements.h"

namespace crossfade::mapping {

using fmt::format;

std::string Statements::exchanges(const KeyFilter& filter, const Exclusive& exclusive) const {
  const auto& locator = target_.locators.at(filter.locator);
  const auto text_of = [](const std::string& name) { return "v." + quote_identifier(name) + "::text"; };
  const auto taker = locator.indirect() ? "null::text[]" : format("array[{}]", joined(locator.columns, ", ", text_of));
  const auto list = columns_of("v", names_of(target_.columns)) + format(", {} as crossfade_taker", taker);
  std::string places;
  std::string same_place;
  for (std::size_t n = 0; n < exclusive.expressions.size(); ++n) {
    places += format(", {} as crossfade_place_{}", exclusive.expressions[n], n);
    const auto* agree = exclusive.nulls_agree ? " and (n.crossfade_place_{0} {1} s.crossfade_place_{0} or num_nonnulls(n.crossfade_place_{0}, s.crossfade_place_{0}) = 0)"
                                              : " and n.crossfade_place_{0} {1} s.crossfade_place_{0}";
    same_place += format(fmt::runtime(agree), n, exclusive.operators[n]);
  }
  int parameter = 1;
  const auto rows = branch(filter, view_, list, parameter);
  return format(
      "with next as materialized (\n  {}\n)\nselect distinct n.crossfade_taker as taker, {} as holder\n"
      "from (select r.*{} from next r where {}) n\njoin (select r.*{} from {} r where {}) s on not ({}){}",
      rows, named(), places, exclusive.predicate, places, shadow_, exclusive.predicate, same_key("n", "s"), same_place);
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

std::string Statements::park(const std::vector<KeyFilter>& filters, const std::vector<Parked>& parked) const {
  const auto assignments = joined(parked, ", ", [](const Parked& each) { return format("{} = {}", quote_identifier(each.column), each.value); });
  const auto differs = joined(parked, " or ", [](const Parked& each) {
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
