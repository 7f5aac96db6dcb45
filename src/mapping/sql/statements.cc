#include "mapping/sql/statements.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text/sql_text.h"
#include "mapping/sql/scan.h"
#include "mapping/sql/statement_text.h"

namespace crossfade::mapping {
namespace {

using fmt::format;

/// A text that is too long by its last blanks alone is stored without those. One that is too long otherwise stays, for the insert to refuse.
std::string without_blanks(const std::string& value, const Column& column) {
  const auto begin = column.cast.find('(') + 1;
  const auto most = column.cast.substr(begin, column.cast.find(')') - begin);
  return format("case when char_length({0}::text) > {1} and char_length(rtrim({0}::text)) <= {1} then {0}::{2} else {0}::character varying end", value, most, column.cast);
}

/// Images are compared per type, so a text column of the view has to be the varchar that the table has. Never with the
/// length: an explicit cast would cut silently what the insert refuses. Where assigning rounds, it rounds as the cast does.
std::string as_stored(const Column& column) {
  auto value = "v." + quote_identifier(column.name);
  const bool varies = column.type.starts_with("character varying");
  if (varies && !column.cast.empty()) {
    value = without_blanks(value, column);
    return column.collation.empty() ? value : format("({}) collate {}", value, column.collation);
  }
  if (varies) value += is_array(column.type) ? "::character varying[]" : "::character varying";
  if (column.type == "text") value += "::text";
  if (!column.cast.empty()) value += "::" + column.cast;
  return column.collation.empty() ? value : format("({}) collate {}", value, column.collation);
}

/// `(a, b) in (select x, y …)` wants parentheses only around several.
std::string tuple(const std::string& list, std::size_t count) { return count == 1 ? list : "(" + list + ")"; }

/// Keys of several columns as the arrays k0, k1, … of one unnest, and what makes a row match one of them.
struct KeyArrays {
  KeyArrays(const Model& model, const Locator& locator, const KeyFilter& filter, const std::string& alias,
            const std::vector<std::string>& collations, int& parameter) {
    for (std::size_t n = 0; n < locator.columns.size(); ++n) {
      const auto column = alias + "." + quote_identifier(locator.columns[n]);
      if (n > 0) matches += " and ";
      if ((filter.null_mask >> n & 1U) != 0) {
        matches += is_missing(model, column, locator.types[n]);
        continue;
      }
      const auto* comma = arrays.empty() ? "" : ", ";
      arrays += comma + unnested_parameter(model, parameter++, locator.types[n]);
      fields += format("{}k{}", comma, n);
      matches += format("{}{} {} {}", column, collate(collations, n), locator.compared(n, "="), each_value(model, format("k.k{}", n), locator.types[n]));
    }
  }

  std::string arrays;
  std::string fields;
  std::string matches;
};

}  // namespace

Statements::Statements(const Model& model, TargetId target)
    : model_(model),
      target_(model.targets.at(target)),
      number_(target),
      view_(model.apart ? stand_in() : quote_qualified(model.mapping_schema, target_.name)),
      source_view_(quote_qualified(model.mapping_schema, target_.name)),
      shadow_(target_.table.quoted()) {}

/// The lookup runs at the refresh's own snapshot, for all changed rows at once. Parents that moved or vanished in the meantime
/// have offered their own old and new keys, because every table it reads is followed too.
std::string Statements::looked_up(const Locator& locator, int& parameter) {
  const auto first = static_cast<std::size_t>(parameter);
  parameter += static_cast<int>(locator.types.size());
  return with_tokens_replaced(locator.lookup, [&](const Token& token) -> std::optional<std::string> {
    if (token.kind != Token::Kind::kParameter) return std::nullopt;
    return format("${}", first + token.number - 1);
  });
}

std::string Statements::lookup(const KeyFilter& filter) const {
  // So many a client may have in hand; more than that is most of a table, which is read whole whatever is asked of each row.
  constexpr int kMost = 50'000;
  int parameter = 1;
  const auto& locator = target_.locators.at(filter.locator);
  const auto rows = looked_up(locator, parameter);
  if (locator.columns.size() > 1) {
    const auto fields = joined(locator.columns, ", ", [n = 0](const std::string&) mutable { return format("k{}", n++); });
    return format("select null as given, null as type, exists (select 1 from ({}) k({}) where pg_catalog.num_nulls({}) > 0) as part_missing", rows, fields, fields);
  }
  // On another server there is nothing to look up by.
  const auto given = model_.apart ? std::string("g.given::text") : format("case when pg_catalog.cardinality(g.given) <= {} then g.given::text end", kMost);
  return format("select {} as given, pg_catalog.format_type(pg_catalog.pg_typeof(g.given), -1) as type, pg_catalog.array_position(g.given, null) is not null as part_missing\n"
                "from (select array({}) as given) g", given, rows);
}

/// The values of a filter's keys, for the file's own predicate: of a select, what it gives.
std::string Statements::keys_of(const KeyFilter& filter, int& parameter) const {
  const auto& locator = target_.locators.at(filter.locator);
  if (filter.form == KeyFilter::Form::kRange) {
    return format("array(select v.{} from {} v where {})", quote_identifier(locator.chunk_column()), view_, condition(filter, "v", parameter));
  }
  if (filter.form == KeyFilter::Form::kGiven) return format("${}::{}", parameter++, filter.given_type);
  if (filter.form == KeyFilter::Form::kPartMissing) return format("array[null::{}]", target_.view_column(locator.columns[0]).type);
  if (locator.indirect()) return format("array({})", looked_up(locator, parameter));
  if (filter.null_mask != 0 || filter.form == KeyFilter::Form::kNoChunkKey) return format("array[null::{}]", locator.types[0]);
  return array_parameter(parameter++, locator.types[0]);
}

/// `alias` has the locator's columns: the view, the shadow table, or the table its foreign keys lead to.
std::string Statements::condition(const KeyFilter& filter, const std::string& alias, int& parameter) const {
  return condition(filter, alias, parameter, target_.locators.at(filter.locator).collations);
}

std::string Statements::condition(const KeyFilter& filter, const std::string& alias, int& parameter, const std::vector<std::string>& collations) const {
  const auto& locator = target_.locators.at(filter.locator);
  const auto column = [&](std::size_t n) { return alias + "." + quote_identifier(locator.columns[n]); };
  if (filter.form == KeyFilter::Form::kRange) {
    std::vector<std::string> bounds;
    const auto place = locator.chunk_place;
    const auto walked = column(place) + collate(locator.chunk_collation);
    if (filter.has_low) bounds.push_back(format("{} {} ${}::{}", walked, locator.compared(place, ">"), parameter++, locator.types[place]));
    if (filter.has_high) bounds.push_back(format("{} {} ${}::{}", walked, locator.compared(place, "<="), parameter++, locator.types[place]));
    return bounds.empty() ? "true" : format("{}", fmt::join(bounds, " and "));
  }
  if (filter.form == KeyFilter::Form::kNoChunkKey) return is_missing(model_, column(locator.chunk_place), locator.chunk_type());
  if (filter.form == KeyFilter::Form::kGiven) {
    return format("{}{} {} any(${}::{})", column(0), collate(collations, 0), locator.compared(0, "="), parameter++, filter.given_type);
  }
  if (filter.form == KeyFilter::Form::kPartMissing) {
    std::vector<std::string> missing;
    for (std::size_t n = 0; n < locator.columns.size(); ++n) missing.push_back(is_missing(model_, column(n), target_.view_column(locator.columns[n]).type));
    return format("({})", fmt::join(missing, " or "));
  }
  if (filter.form == KeyFilter::Form::kRows) return among_rows(locator, alias, parameter, collations);
  if (locator.indirect()) {
    const auto lookup = looked_up(locator, parameter);
    if (locator.columns.size() == 1) return format("{}{} {} any(array({}))", column(0), collate(collations, 0), locator.compared(0, "="), lookup);
    const bool plain = std::all_of(collations.begin(), collations.end(), [](const std::string& each) { return each.empty(); });
    if (in_catalog(locator.operators) && plain) return format("({}) in ({})", columns_of(alias, locator.columns), lookup);
    std::string fields;
    std::string matches;
    for (std::size_t n = 0; n < locator.columns.size(); ++n) {
      fields += format("{}k{}", n == 0 ? "" : ", ", n);
      matches += format("{}{}{} {} k.k{}", n == 0 ? "" : " and ", column(n), collate(collations, n), locator.compared(n, "="), n);
    }
    return format("exists (select 1 from ({}) k({}) where {})", lookup, fields, matches);
  }
  if (locator.columns.size() == 1 && (filter.null_mask != 0 || !is_array(locator.types[0]))) {
    if (filter.null_mask != 0) return is_missing(model_, column(0), locator.types[0]);
    return format("{}{} {} any({})", column(0), collate(collations, 0), locator.compared(0, "="), array_parameter(parameter++, locator.types[0]));
  }
  const auto keys = KeyArrays(model_, locator, filter, alias, collations, parameter);
  if (keys.arrays.empty()) return keys.matches;
  return format("exists (select 1 from unnest({}) k({}) where {})", keys.arrays, keys.fields, keys.matches);
}

std::string Statements::among_rows(const Locator& locator, const std::string& alias, int& parameter, const std::vector<std::string>& collations) const {
  std::string arrays;
  std::string fields;
  std::string matches;
  for (std::size_t n = 0; n < locator.columns.size(); ++n) {
    const auto& name = locator.columns[n];
    const auto* comma = n == 0 ? "" : ", ";
    arrays += format("{}${}::text[]", comma, parameter++);
    fields += format("{}k{}", comma, n);
    matches += format("{}{}.{}{} {} k.k{}::{}", n == 0 ? "" : " and ", alias, quote_identifier(name), collate(collations, n), locator.compared(n, "="), n, target_.view_column(name).type);
  }
  return format("exists (select 1 from unnest({}) k({}) where {})", arrays, fields, matches);
}

/// The same rows in the shadow table: its own columns, or those of the table its foreign keys lead to, or as the file says.
std::string Statements::shadow_condition(const KeyFilter& filter, int& parameter) const {
  const auto& locator = target_.locators.at(filter.locator);
  if (!locator.locate.empty()) {
    // The file's predicate speaks of the locator's values by the name $keys.
    const auto keys = keys_of(filter, parameter);
    return "(" + with_tokens_replaced(locator.locate, [&](const Token& token) -> std::optional<std::string> {
             if (token.kind != Token::Kind::kPlaceholder || token.text != "keys") return std::nullopt;
             return keys;
           }) + ")";
  }
  std::string before;
  std::string after;
  std::string alias = "s";
  for (std::size_t n = 0; n < locator.path.size(); ++n) {
    const auto& step = locator.path[n];
    const auto parent = format("p{}", n + 1);
    after += ")";
    const auto child = std::exchange(alias, parent);
    if (!in_catalog(step.operators)) {
      before += format("exists (select 1 from {} {} where {} and ", step.parent.quoted(), parent,
                       pairwise(child, step.columns, parent, step.parent_columns, step.operators));
      continue;
    }
    before += format("{} in (select {} from {} {} where ", tuple(columns_of(child, step.columns), step.columns.size()),
                     columns_of(parent, step.parent_columns), step.parent.quoted(), parent);
  }
  return before + condition(filter, alias, parameter, locator.shadow_collations) + after;
}

std::string Statements::same_key(const std::string& left, const std::string& right) const {
  return joined(target_.key, " and ", [&](const std::string& name) {
    const auto& column = key_column(name);
    const auto quoted = quote_identifier(name);
    return format("{}.{} {} {}.{}{}", left, quoted, column.operators.sql("="), right, quoted, column.collation.empty() ? "" : " collate " + column.collation);
  });
}

const Column& Statements::key_column(const std::string& name) const {
  return *std::find_if(target_.columns.begin(), target_.columns.end(), [&](const Column& column) { return column.name == name; });
}

/// Whether an outer join found a row for `alias`.
std::string Statements::present(const std::string& alias) const {
  const auto& first = key_column(target_.key.front());
  return is_there(model_, alias + "." + quote_identifier(first.name), first.type);
}

std::string Statements::absent(const std::string& alias) const {
  const auto& first = key_column(target_.key.front());
  return is_missing(model_, alias + "." + quote_identifier(first.name), first.type);
}

/// Row `alias` is one that stays although the view lacks it. `offset 0` has it asked row by row, by an index of its table.
std::string Statements::kept(const std::string& alias) const {
  return format("exists (select 1 from {} k where {} offset 0)", target_.keeps->quoted(), same_key("k", alias));
}

std::string Statements::not_kept(const std::string& alias) const { return "not " + kept(alias); }

/// The rows of one filter in the target's view, or in one with the same locators. Keys of several columns go in one by one, and `offset 0` keeps them so: the planner would
/// flatten the join and compute the whole view.
std::string Statements::branch(const KeyFilter& filter, const std::string& view, const std::string& list, int& parameter) const {
  // What stands for the view has the rows of these keys and no others.
  if (model_.apart && view == view_) return format("select {} from {} v", list, view);
  const auto& locator = target_.locators.at(filter.locator);
  const auto width = locator.columns.size();
  const bool key_by_key = filter.form == KeyFilter::Form::kValues && !locator.indirect() && (width > 1 || is_array(locator.types[0])) &&
                          filter.null_mask != (1U << width) - 1;
  if (!key_by_key) return format("select {} from {} v where {}", list, view, condition(filter, "v", parameter));
  const auto keys = KeyArrays(model_, locator, filter, "v", locator.collations, parameter);
  return format("select r.* from unnest({}) k({}) cross join lateral (\n    select {} from {} v where {} offset 0) r",
                keys.arrays, keys.fields, list, view, keys.matches);
}

std::string Statements::branches(const std::vector<KeyFilter>& filters, bool with_chunk_key) const {
  auto list = joined(target_.columns, ", ", [](const Column& column) {
    const auto stored = as_stored(column);
    const auto name = quote_identifier(column.name);
    return stored == "v." + name ? stored : stored + " as " + name;
  });
  // As they are: turning each into text would cost more than comparing the row.
  for (std::size_t n = 0; with_chunk_key && n < target_.locators.front().columns.size(); ++n) {
    list += format(", v.{} as {}", quote_identifier(target_.locators.front().columns[n]), own_name(format("chunk_{}", n)));
  }
  int parameter = 1;
  if (model_.apart) return branch(filters.front(), view_, list, parameter);
  return joined(filters, "\n  union all\n  ", [&](const KeyFilter& filter) { return branch(filter, view_, list, parameter); });
}

std::string Statements::stand_in() const { return format("pg_temp.crossfade_view_{}", number_.place()); }

std::string Statements::create_stand_in() const {
  const auto columns = joined(target_.view_columns, ", ", [](const Column& column) {
    return format("{} {}{}", quote_identifier(column.name), column.type, collate(column.collation));
  });
  return format("create temporary table {} ({}) on commit delete rows", stand_in(), columns);
}

std::string Statements::rows_of_view(const std::vector<KeyFilter>& filters) const {
  const auto list = columns_of("v", names_of(target_.view_columns));
  int parameter = 1;
  return joined(filters, "\n  union all\n  ", [&](const KeyFilter& filter) { return branch(filter, source_view_, list, parameter); });
}

/// A parameter that a statement does not use is refused: it is named where what stands for the view needs none.
std::string Statements::unread(const KeyFilter& filter) const {
  if (!model_.apart) return "";
  int last = 1;
  (void)condition(filter, "v", last);
  std::vector<std::string> parameters;
  for (int n = 1; n < last; ++n) parameters.push_back(format("${}::text", n));
  return parameters.empty() ? "" : format(" where pg_catalog.num_nulls({}) >= 0", fmt::join(parameters, ", "));
}

/// What a value of ours is called beside the target's columns.
std::string Statements::own_name(const std::string& what) const {
  auto name = "crossfade_" + what;
  const auto taken = [&](const Column& column) { return column.name == name; };
  while (std::any_of(target_.columns.begin(), target_.columns.end(), taken)) name += "_";
  return name;
}

std::string Statements::allocate(SurrogateId surrogate, const std::vector<KeyFilter>& filters) const {
  const auto& [name, of, ids, operators] = model_.surrogates.at(surrogate);
  const auto view = quote_qualified(model_.mapping_schema, name);
  const auto list = columns_of("v", of);
  int parameter = 1;
  const auto branches = joined(filters, "\n  union all\n  ", [&](const KeyFilter& filter) { return branch(filter, view, list, parameter); });
  const auto known = pairwise("m", of, "n", of, operators);
  const auto columns = columns_of("n", of);
  return format(
      "insert into {} ({})\nselect distinct {} from (\n  {}\n) n\nwhere not exists (select 1 from {} m where {})\norder by {}\n"
      "on conflict do nothing",
      ids.quoted(), joined(of, ", ", quote_identifier), columns, branches, ids.quoted(), known, columns);
}

std::string Statements::chunk_key_values() const { return values_of(target_.locators.front()); }

std::string Statements::named() const {
  std::string names;
  for (const auto n : target_.locators.ids()) {
    const auto& locator = target_.locators[n];
    if (!locator.indirect() && locator.locate.empty()) names += (names.empty() ? "" : ", ") + values_of(locator, std::to_string(n.place()));
  }
  if (names.empty()) return "null::text[]";
  const auto& first = target_.locators.front();
  const bool nulls = !first.indirect() && first.locate.empty();
  if (!nulls) return format("coalesce({})", names);
  return format("coalesce({}, array['0'{}])", names, joined(first.columns, "", [](const std::string&) { return ", null"; }));
}

/// The locator's values of shadow row s: its own columns, or one lookup along its foreign keys. With its `number` before them null
/// where it has none.
std::string Statements::values_of(const Locator& locator, const std::string& number) {
  if (!locator.locate.empty()) return "null::text[]";
  const auto values = [&](const std::string& alias) {
    const auto list = joined(locator.columns, ", ", [&](const std::string& name) { return alias + "." + quote_identifier(name) + "::text"; });
    if (number.empty()) return format("array[{}]", list);
    return format("case when num_nonnulls({}) > 0 then array['{}', {}] end", columns_of(alias, locator.columns), number, list);
  };
  if (locator.path.empty()) return values("s");
  std::string from;
  std::string where;
  for (std::size_t n = 0; n < locator.path.size(); ++n) {
    const auto& step = locator.path[n];
    const auto child = n == 0 ? std::string("s") : format("p{}", n);
    const auto parent = format("p{}", n + 1);
    from += format("{}{} {}", n == 0 ? "" : ", ", step.parent.quoted(), parent);
    where += (where.empty() ? "" : " and ") + pairwise(parent, step.parent_columns, child, step.columns, step.operators);
  }
  return format("(select {} from {} where {})", values(format("p{}", locator.path.size())), from, where);
}

std::string Statements::prior(const std::vector<KeyFilter>& filters) const {
  auto list = columns_of("s", names_of(target_.columns));
  int parameter = 1;
  if (filters.size() == 1) return format("select {} from {} s where {}", list, shadow_, shadow_condition(filters[0], parameter));
  const auto branches = joined(filters, "\n  union all\n  ", [&](const KeyFilter& filter) {
    return format("select {} from {} s where {}", list, shadow_, shadow_condition(filter, parameter));
  });
  return format("select distinct on ({}) * from (\n  {}\n  ) r", columns_of("r", target_.key), branches);
}

std::string Statements::compare(const std::vector<KeyFilter>& filters) const {
  const auto names = names_of(target_.columns);
  std::vector<std::string> chunk_key;
  for (std::size_t n = 0; n < target_.locators.front().columns.size(); ++n) chunk_key.push_back(own_name(format("chunk_{}", n)));
  const auto texts = joined(chunk_key, ", ", [](const std::string& name) { return "n." + name + "::text"; });
  auto differs = format("{} or {} or pg_catalog.record_image_ne(row({}), row({}))", absent("n"), absent("p"), columns_of("n", names), columns_of("p", names));
  if (target_.keeps) differs = format("({}) and ({} or {})", differs, present("n"), not_kept("p"));
  const auto same = same_key("p", "n");
  const auto there = target_.lazy ? format(", there as (\n  select n.* from next n where exists (select 1 from prior p where {})\n)", same) : "";
  const auto* view_rows = target_.lazy ? "there" : "next";
  // A row of the view whose key is null is one too: it met none.
  const auto in_view = format("({} or {})", present("n"), absent("p"));
  // The chunk key of a shadow row may be a lookup along foreign keys; it is made for those alone that the view lacks.
  return format(
      "with next as materialized (\n  {next}\n), prior as materialized (\n  {prior}\n){there}, differing as (\n"
      "  select case when {in_view} then array[{texts}]\n"
      "    else (select {walk} from {shadow} s where {of_prior}) end as walk,\n"
      "    case when {in_view} then to_jsonb(n.*) - array['{dropped}'] end as in_view,\n"
      "    case when {in_shadow} then to_jsonb(p.*) end as in_shadow\n"
      "  from {view_rows} n full join prior p on {same}\n"
      "  where {differs}\n)\n"
      "select (select count(*) from {view_rows}), (select count(*) from prior), differing.*\n"
      "from (values (1)) one left join differing on true",
      fmt::arg("next", next(filters, true)), fmt::arg("prior", prior(filters)), fmt::arg("walk", chunk_key_values()),
      fmt::arg("texts", texts), fmt::arg("dropped", fmt::join(chunk_key, "', '")), fmt::arg("shadow", shadow_),
      fmt::arg("of_prior", same_key("s", "p")),
      fmt::arg("in_view", in_view), fmt::arg("in_shadow", present("p")), fmt::arg("same", same), fmt::arg("differs", differs), fmt::arg("there", there), fmt::arg("view_rows", view_rows));
}

}  // namespace crossfade::mapping
