// The statements that write what the view has.

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/text/sql_text.h"
#include "mapping/sql/statement_text.h"
#include "mapping/sql/statements.h"

namespace crossfade::mapping {
namespace {

using fmt::format;

/// What `insert` names. Values of an identity that is generated always are taken where the statement says so.
std::vector<std::string> inserted(const std::vector<Column>& columns) {
  std::vector<std::string> names;
  for (const auto& column : columns) {
    if (column.written != Column::Written::kNever) names.push_back(column.name);
  }
  return names;
}

const char* overriding(const std::vector<Column>& columns) {
  const bool identity = std::any_of(columns.begin(), columns.end(), [](const Column& column) { return column.written == Column::Written::kOnInsert; });
  return identity ? " overriding system value" : "";
}

/// The shadow table has its columns, and needs no other table to find by it.
bool has_itself(const Locator& locator) { return !locator.indirect() && locator.locate.empty() && locator.path.empty(); }

}  // namespace

/// Its columns are of the primary key: whatever stands under one is found by it.
bool Statements::is_of_key(const Locator& locator) const {
  return has_itself(locator) && std::all_of(locator.columns.begin(), locator.columns.end(), [&](const std::string& column) {
           return std::find(target_.key.begin(), target_.key.end(), column) != target_.key.end();
         });
}

/// Names of rows that stand under a primary key which comes, and to which these keys do not lead: such a row has moved, or the view has
/// two rows of one primary key. Asked row by row, for those alone that are new; named by as few rows as there may be.
std::string Statements::met() const {
  const auto width = [&](const Locator& locator) { return is_of_key(locator) ? 0 : has_itself(locator) ? 1 : 2; };
  auto order = target_.locators.all();
  std::stable_sort(order.begin(), order.end(), [&](LocatorId a, LocatorId b) { return width(target_.locators[a]) < width(target_.locators[b]); });
  std::string names;
  for (const auto n : order) {
    const auto& locator = target_.locators[n];
    if (!locator.indirect() && locator.locate.empty()) names += values_of(locator, std::to_string(n.place())) + ", ";
  }
  return format(
      "), met as materialized (\n  select coalesce({}null) as name from (select * from compared where {} = 'fresh' offset 0) n\n"
      "  cross join lateral (select * from {} s where {} offset 0) s\n",
      names, own_name("is"), shadow_, same_key("s", "n"));
}

/// What several branches found, each row once; and whether two of them have one primary key, and are not the same row found twice. Told
/// by one sort: joined with itself it would be compared row by row where the planner thinks it small.
std::string Statements::found_once(const std::string& rows) const {
  return format(
      "found as materialized (\n  select r.*, row_number() over same = 1 as {0}, pg_catalog.record_image_ne(r.*, lag(r.*) over same) as {1} from (\n  {2}\n  ) r\n"
      "  window same as (partition by {3})\n), next as not materialized (\n  select {4} from found r where r.{0}\n",
      own_name("first"), own_name("other"), rows, columns_of("r", target_.key), columns_of("r", names_of(target_.columns)));
}

/// The view's rows beside the shadow's, by primary key: what each is to the other, and the key of a shadow row. A row of the view whose
/// key is null is nobody's, and comes.
std::string Statements::compared() const {
  const auto names = names_of(target_.columns);
  std::string keys;
  for (std::size_t n = 0; n < target_.key.size(); ++n) keys += format(", p.{} as {}", quote_identifier(target_.key[n]), own_name(format("key_{}", n)));
  // Bytes are compared by the function behind *<>, which stays what it is where a distributed table sends the statement on.
  return format(
      "select n.*{}, case when {} then 'fresh' when {} then 'stale'\n"
      "    when pg_catalog.record_image_ne(row({}), row({})) then 'changed' else 'equal' end as {}\n"
      "  from (select * from next offset 0) n full join prior p on {}",
      keys, absent("p"), absent("n"), columns_of("n", names), columns_of("p", names), own_name("is"), same_key("p", "n"));
}

/// Keys that are taken one by one can be several images of what is equal: 1.0 and 1.00, or two spellings that a collation makes one.
bool Statements::has_images(const KeyFilter& filter) const {
  const auto& locator = target_.locators.at(filter.locator);
  if (filter.form != KeyFilter::Form::kValues || locator.indirect() || !(locator.columns.size() > 1 || is_array(locator.types[0]))) return false;
  return std::any_of(target_.columns.begin(), target_.columns.end(), [&](const Column& column) {
    return column.image_varies && std::find(locator.columns.begin(), locator.columns.end(), column.name) != locator.columns.end();
  });
}

/// Keys of several locators can name the same row.
bool Statements::may_meet(const std::vector<KeyFilter>& filters) const {
  return std::any_of(filters.begin(), filters.end(), [&](const KeyFilter& filter) {
    const bool known = filter.form == KeyFilter::Form::kGiven || filter.form == KeyFilter::Form::kRows || filter.form == KeyFilter::Form::kPartMissing;
    const bool by_lookup = !known && target_.locators[filter.locator].indirect();
    return filter.locator != filters.front().locator || by_lookup || has_images(filter);
  });
}

std::string Statements::next(const std::vector<KeyFilter>& filters, bool with_chunk_key) const {
  if (!may_meet(filters)) return branches(filters, with_chunk_key);
  return format("select distinct on ({0}) * from (\n  {1}\n  ) r", columns_of("r", target_.key), branches(filters, with_chunk_key));
}

std::string Statements::merge(const std::vector<KeyFilter>& filters) const { return merge(filters, false, {}); }

std::string Statements::replace(const std::vector<KeyFilter>& filters, const std::vector<std::string>& others) const { return merge(filters, true, others); }

/// Inserted is what the view has and `prior` has not, told by the numbers of rows on both sides. The row that was written cannot
/// be asked: behind the choice of a partition it has no xmax. A row of `prior` that two of the view's met is one that the view has twice.
std::string Statements::merge(const std::vector<KeyFilter>& filters, bool replace, const std::vector<std::string>& others) const {
  // A key that is another image of the same value is written too.
  std::vector<std::string> rest;
  for (const auto& column : target_.columns) {
    const bool in_key = std::find(target_.key.begin(), target_.key.end(), column.name) != target_.key.end();
    if (!in_key || (column.image_varies && column.written == Column::Written::kAlways)) rest.push_back(column.name);
  }
  const auto into = inserted(target_.columns);
  const auto assignments = joined(rest, ", ", [](const std::string& name) { return format("{0} = excluded.{0}", quote_identifier(name)); });
  const auto on_conflict = rest.empty() ? std::string("do nothing")
                                        : format("do update set {} where pg_catalog.record_image_ne(row({}), row({}))", assignments,
                                                 columns_of("s", rest), columns_of("excluded", rest));
  const auto is = own_name("is");
  std::string removed;
  if (replace) {
    removed = format(
        "), removed as (\n  delete from {} s using compared n where n.{} = 'changed' and {}\n  and not exists ("
        "select from pg_catalog.pg_constraint where contype = 'f' and confrelid = {}::regclass and confdeltype <> 'a')\n  returning {}\n",
        shadow_, is, same_key("n", "s"), quote_literal(shadow_), others.empty() ? "1" : "s.*");
  }
  // What the view does not say of a row stays with it.
  std::string returned;
  if (!others.empty()) {
    returned = format("), returned as (\n  insert into {} ({}, {}) overriding system value\n  select {}, {} from compared n join removed r on {}\n  returning 1\n", shadow_,
                      joined(into, ", ", quote_identifier), joined(others, ", ", quote_identifier), columns_of("n", into), columns_of("r", others), same_key("n", "r"));
  }
  const bool meet = may_meet(filters);
  const auto rows = branches(filters, false);
  const bool all_reached = std::all_of(filters.begin(), filters.end(), [&](const KeyFilter& filter) { return is_of_key(target_.locators.at(filter.locator)); });
  std::string gone;
  for (std::size_t n = 0; n < target_.key.size(); ++n) gone += format("{}n.{} as {}", n == 0 ? "" : ", ", own_name(format("key_{}", n)), quote_identifier(target_.key[n]));
  gone = format("select {} from compared n where n.{} = 'stale'", gone, is);
  // Behind a step of its own, so that the view of what stays is asked about rows that would go, not about all of them.
  if (target_.keeps) gone = format("select g.* from ({} offset 0) g where {}", gone, not_kept("g"));
  return format(
      "with {next}), prior as materialized (\n  {prior}\n), compared as materialized (\n  {compared}\n{met}{removed}), written as (\n"
      "  insert into {shadow} as s ({into}){overriding}\n  select {from} from compared n\n"
      "  where {after}n.{is} in ('fresh', 'changed'){not_back}\n  on conflict ({key}) {on_conflict}\n"
      "  returning 1\n{returned}), stale as (\n  {gone}\n), counted as materialized (\n"
      "  select count(*) filter (where n.{is} <> 'stale') as in_view, count(*) filter (where n.{is} = 'fresh') as fresh, (select count(*) from written){and_returned} as written,\n"
      "    count(*) filter (where n.{is} <> 'fresh') > (select count(*) from prior){twice} as doubled, {names} as met\n  from compared n\n)\n"
      "select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, c.doubled, c.met, stale.*\n"
      "from counted c left join stale on true",
      fmt::arg("next", meet ? found_once(rows) : format("next as not materialized (\n  {}\n", rows)), fmt::arg("prior", prior(filters)),
      fmt::arg("compared", compared()), fmt::arg("met", all_reached ? "" : met()), fmt::arg("removed", removed), fmt::arg("shadow", shadow_),
      fmt::arg("into", joined(into, ", ", quote_identifier)), fmt::arg("overriding", overriding(target_.columns)), fmt::arg("from", columns_of("n", into)),
      fmt::arg("not_back", others.empty() ? "" : format(" and not exists (select 1 from removed r where {})", same_key("n", "r"))), fmt::arg("returned", returned),
      fmt::arg("and_returned", others.empty() ? "" : " + (select count(*) from returned)"),
      fmt::arg("after", replace ? "(select count(*) from removed) >= 0 and " : ""), fmt::arg("is", is), fmt::arg("key", joined(target_.key, ", ", quote_identifier)),
      fmt::arg("on_conflict", on_conflict), fmt::arg("gone", gone), fmt::arg("twice", meet ? format(" or exists (select from found r where r.{})", own_name("other")) : ""),
      fmt::arg("names", all_reached ? "null::text[]" : "(select array_agg(distinct m.name::text) from met m where m.name is not null)"));
}

std::string Statements::come_back(const std::vector<KeyFilter>& filters, const std::vector<std::string>& others, std::size_t saved) const {
  const auto into = inserted(target_.columns);
  return format(
      "with next as materialized (\n  {}\n), saved as materialized (\n"
      "  select r.* from unnest(${}::text[]) line cross join lateral (select (line::{}).*) r\n)\n"
      "insert into {} ({}, {}) overriding system value\nselect {}, {} from next n join saved r on {}\non conflict ({}) do nothing",
      next(filters, false), saved, shadow_, shadow_, joined(into, ", ", quote_identifier), joined(others, ", ", quote_identifier), columns_of("n", into),
      columns_of("r", others), same_key("n", "r"), joined(target_.key, ", ", quote_identifier));
}

/// Where an `on conflict` names no key the server refuses to look at one that is deferrable: the others are asked first.
std::string Statements::place(const std::vector<KeyFilter>& filters, const std::vector<std::string>& later, const std::vector<Exclusive>& exclusives) const {
  const auto into = inserted(target_.columns);
  const auto values = joined(into, ", ", [&](const std::string& name) {
    return std::find(later.begin(), later.end(), name) != later.end() ? std::string("null") : "n." + quote_identifier(name);
  });
  const auto taken = joined(exclusives, "\n  union all\n  ", [&](const Exclusive& each) { return format("select {} {}", columns_of("n", target_.key), standing(each)); });
  return format(
      "with next as materialized (\n  {}\n), prior as materialized (\n  {}\n{})\n"
      "insert into {} ({}){}\nselect {} from next n left join prior p on {} where {}{}\non conflict ({}) do nothing",
      next(filters, false), prior(filters), taken.empty() ? "" : format("), taken as materialized (\n  {}\n", taken), shadow_, joined(into, ", ", quote_identifier),
      overriding(target_.columns), values, same_key("p", "n"), absent("p"),
      taken.empty() ? "" : format(" and not exists (select 1 from taken t where {})", same_key("t", "n")), joined(target_.key, ", ", quote_identifier));
}

std::string Statements::bulk(const std::vector<KeyFilter>& filters) const {
  const auto into = inserted(target_.columns);
  const auto list = joined(into, ", ", quote_identifier);
  const auto rows = into.size() == target_.columns.size() ? next(filters, false) : format("select {} from (\n  {}\n  ) n", columns_of("n", into), next(filters, false));
  return format("insert into {} ({}){}\n  {}", shadow_, list, overriding(target_.columns), rows);
}

}  // namespace crossfade::mapping
