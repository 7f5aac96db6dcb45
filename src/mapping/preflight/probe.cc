#include "mapping/preflight/probe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "base/text/sql_text.h"
#include "embedded_sql.h"
#include "mapping/catalog/query_plan.h"
#include "mapping/preflight/choose_chunk_key.h"
#include "mapping/sql/statement_text.h"
#include "mapping/sql/statements.h"
#include "pg/row.h"
#include "pg/savepoint.h"

namespace crossfade::mapping {
namespace {

namespace asio = boost::asio;

/// Views up to this many rows are looked at whole: a fraction of a second's work. Of larger ones the build of the primary key tells, for
/// nothing: what it refuses is set aside by name.
constexpr double kWholeView = 20'000;
/// So many keys are tried of a larger one, and in the refresh whose plan is looked at.
constexpr int kSampledKeys = 100;
constexpr const char* kPatience = "set local statement_timeout = '5s'";
constexpr const char* kNoLimit = "set local statement_timeout to default";

std::string view_of(const Model& model, const Target& target) { return quote_qualified(model.mapping_schema, target.name); }

std::string listed(const std::string& alias, const std::vector<std::string>& columns) {
  std::vector<std::string> parts;
  for (const auto& column : columns) parts.push_back(alias + "." + quote_identifier(column));
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// Values of the rule's source columns from some rows, one array a column; empty arrays where there are no rows.
std::string sample_query(const Model& model, const FollowRule& rule) {
  const auto& source = model.sources[rule.source];
  std::vector<std::string> arrays;
  std::vector<std::string> given;
  for (const auto& column : rule.source_columns) {
    arrays.push_back(fmt::format("coalesce(array_agg(r.{}::text), '{{}}')", quote_identifier(column)));
    given.push_back(fmt::format("t.{} is not null", quote_identifier(column)));
  }
  return fmt::format("select {} from (select {} from {} t where {} limit {}) r", fmt::join(arrays, ", "),
                     listed("t", rule.source_columns), quote_qualified(source.schema, source.name), fmt::join(given, " and "),
                     kSampledKeys);
}

/// Rows of the view that share a key or have none, one of them; `where` bounds the search. Whole rows are counted, so that
/// every column is computed and fails where it has to.
std::string duplicate_query(const Model& model, const Target& target, const std::string& where) {
  std::vector<std::string> nulls;
  for (const auto& column : target.key) nulls.push_back(fmt::format("v.{} is not distinct from null", quote_identifier(column)));
  const auto key = listed("v", target.key);
  return fmt::format("select count(v.*) as alike, row({0})::text as key from {1} v{2} group by {0} having count(*) > 1 or {3} limit 1", key,
                     view_of(model, target), where, fmt::join(nulls, " or "));
}

/// Keys of the locator from real rows, as the parameters of a filter; nothing where there are none.
asio::awaitable<std::optional<pg::Parameters>> sample(pg::Connection& connection, const Model& model, TargetId target,
                                                      LocatorId locator) {
  const auto rule = std::find_if(model.rules.begin(), model.rules.end(), [&](const FollowRule& candidate) {
    return candidate.target == target && candidate.locator == locator;
  });
  if (rule == model.rules.end()) co_return std::nullopt;
  const auto found = co_await pg::try_in_savepoint(connection, sample_query(model, *rule));
  if (found.refused || found.result.text(0, 0) == "{}") co_return std::nullopt;
  pg::Parameters keys;
  for (std::size_t column = 0; column < found.result.columns(); ++column) keys.push_back(found.result.optional_text(0, column));
  co_return keys;
}

asio::awaitable<void> probe_uniqueness(pg::Connection& connection, const Model& model, TargetId number, Findings& found) {
  const auto& target = model.targets[number];
  std::string where;
  pg::Parameters keys;
  if (target.estimated_rows > kWholeView) {
    const auto& chunk_key = target.locators.front();
    if (chunk_key.indirect() || !has_rule(model, number, kChunkKey)) {
      found.warn("the view is too large to be tried for duplicate keys", "Try a copy, or part of the data.");
      co_return;
    }
    auto sampled = co_await sample(connection, model, number, kChunkKey);
    if (!sampled) co_return;  // the planner's guess was wrong: there are no rows
    where = fmt::format(" where v.{} = any($1::{}[])", quote_identifier(chunk_key.chunk_column()), chunk_key.chunk_type());
    keys = {sampled->at(chunk_key.chunk_place)};
  }
  co_await connection.script(kPatience);
  const auto tried = co_await pg::try_in_savepoint(connection, duplicate_query(model, target, where), std::move(keys));
  co_await connection.script(kNoLimit);
  const auto key = fmt::format("({})", fmt::join(target.key, ", "));
  if (tried.refused && tried.refused->sqlstate() == "57014") {
    found.warn("the view is too slow to be tried for duplicate keys", "Look at its plan with explain analyze.");
  } else if (tried.refused) {
    found.warn(fmt::format("the view fails on a row: {}", tried.refused->what()),
               "Mend the row or the view; such rows are set aside in quarantine, and block the cutover.");
  } else if (tried.result.empty()) {
    co_return;
  } else if (const auto row = pg::first(tried.result); row.number("alike") > 1) {
    found.fail(fmt::format("the view is not unique: {} rows have the key {} = {}", row.number("alike"), key, row.text("key")),
               "Make one row of them in mapping.sql, by group by or distinct on the key.");
  } else {
    found.fail(fmt::format("a row of the view has no key: {} = {}", key, row.text("key")), "Leave the row out in mapping.sql and name it in rejects.sql.");
  }
}

/// Columns that the view does not fill are free to be null: their defaults may draw from a sequence, and are not asked for.
std::string free_the_rest(const Target& target) {
  std::vector<std::string> filled;
  for (const auto& column : target.columns) filled.push_back(quote_literal(column.name));
  return fmt::format("do $$ declare free record; begin\n"
                     "  for free in select attname from pg_attribute where attrelid = 'pg_temp.crossfade_tried'::regclass and attnum > 0 and attnotnull\n"
                     "    and attname <> all (array[{}]::name[]) loop\n"
                     "    execute format('alter table pg_temp.crossfade_tried alter column %I drop not null', free.attname);\n"
                     "  end loop;\nend $$",
                     fmt::join(filled, ", "));
}

/// All three run in the caller's savepoint; why the last one is refused.
asio::awaitable<std::optional<Failure>> fill_one_like(pg::Connection& connection, const Model& model, const Target& target) {
  std::vector<std::string> columns;
  for (const auto& column : target.columns) {
    if (column.written != Column::Written::kNever) columns.push_back(quote_identifier(column.name));
  }
  auto like = fmt::format("create temp table crossfade_tried (like {} including constraints including generated including indexes)", target.table.quoted());
  const auto made = co_await pg::try_in_savepoint(connection, std::move(like));
  if (made.refused) co_return std::nullopt;
  const auto freed = co_await pg::try_in_savepoint(connection, free_the_rest(target));
  if (freed.refused) co_return std::nullopt;
  co_await connection.script(kPatience);
  auto fill = fmt::format("insert into pg_temp.crossfade_tried ({0}) select {0} from {1}", fmt::join(columns, ", "), view_of(model, target));
  auto filled = co_await pg::try_in_savepoint(connection, std::move(fill));
  co_return std::move(filled.refused);
}

/// What the new table demands, of a view that is small enough to be tried whole: not null, checks, uniques.
asio::awaitable<void> probe_demands(pg::Connection& connection, const Model& model, TargetId number, Findings& found) {
  const auto& target = model.targets[number];
  if (target.estimated_rows > kWholeView) co_return;
  const std::function<asio::awaitable<std::optional<Failure>>()> fill = [&] { return fill_one_like(connection, model, target); };
  const auto refused = co_await pg::look_in_savepoint(connection, fill);
  // Integrity constraint violations; of the rest somebody else speaks.
  if (!refused || !refused->sqlstate().starts_with("23")) co_return;
  auto what = refused->facts().message;
  constexpr std::string_view kTried = "crossfade_tried";
  for (auto at = what.find(kTried); at != std::string::npos; at = what.find(kTried, at)) what.replace(at, kTried.size(), target.name);
  found.warn(fmt::format("the table refuses a row of the view: {}", what),
             "Mend the row, the view or v2.sql; such rows are set aside in quarantine, and block the cutover.");
}

/// Rows are found along foreign keys: each has to refer to a row, and to have in the view what that has there.
asio::awaitable<void> probe_path(pg::Connection& connection, const Model& model, TargetId number, const Locator& locator, Findings& found) {
  const auto& target = model.targets[number];
  std::string joins;
  std::string alias = "v";
  for (std::size_t n = 0; n < locator.path.size(); ++n) {
    const auto& step = locator.path[n];
    const auto parent = std::find_if(model.targets.begin(), model.targets.end(), [&](const Target& each) { return each.table == step.parent; });
    if (parent == model.targets.end()) co_return;
    const auto next = fmt::format("p{}", n + 1);
    joins += fmt::format(" left join {} {} on {}", view_of(model, *parent), next, pairwise(alias, step.columns, next, step.parent_columns, step.operators));
    alias = next;
  }
  const auto has = [&](const Target& each) {
    return std::all_of(locator.columns.begin(), locator.columns.end(), [&](const auto& name) {
      return std::any_of(each.view_columns.begin(), each.view_columns.end(), [&](const Column& column) { return column.name == name; });
    });
  };
  const auto end = std::find_if(model.targets.begin(), model.targets.end(), [&](const Target& each) { return each.table == locator.path.back().parent; });
  if (!has(*end)) co_return;
  const auto differs = joined(locator.columns, " or ", [&](const std::string& name) {
    return fmt::format("v.{0} is distinct from {1}.{0}", quote_identifier(name), alias);
  });
  // One whose parent is not there is refused by the key.
  const auto unfound = fmt::format("pg_catalog.num_nulls({}) > 0 and pg_catalog.num_nonnulls({}) > 0 or {}.{} is not null and ({})", columns_of("v", locator.path.front().columns),
                                   columns_of("v", locator.columns), alias, quote_identifier(locator.path.back().parent_columns.front()), differs);
  co_await connection.script(kPatience);
  const auto some = target.estimated_rows > kWholeView ? fmt::format("(select * from {} limit {})", view_of(model, target), kSampledKeys) : view_of(model, target);
  auto sql = fmt::format("select concat_ws(', ', {}) as key from {} v{} where {} limit 1", columns_of("v", target.key), some, joins, unfound);
  const auto tried = co_await pg::try_in_savepoint(connection, std::move(sql));
  co_await connection.script(kNoLimit);
  if (tried.refused || tried.result.empty()) co_return;
  const auto columns = fmt::format("{}", fmt::join(locator.columns, ", "));
  found.fail(fmt::format("rows are found by {} in {}, to which ({}) leads, and that is null or has another for the row {}: it would not be found", columns, end->table.quoted(),
                         fmt::join(locator.path.front().columns, ", "), pg::first(tried.result).text("key")),
             fmt::format("Let table {} keep {}, or write targets.{}.locate in migration.yaml.", target.table.quoted(), columns, target.name));
}

std::string gathered(const std::string& columns, const WholeScan& scan) {
  const auto by = scan.groups.empty() ? "" : fmt::format(" by {}", fmt::join(scan.groups, ", "));
  return fmt::format("a refresh by {} makes {}{} of all of {}.{}: what picks the rows does not reach into it", columns, scan.gathered_by, by, scan.schema, scan.table);
}

/// Of a select that stands beside a row and names it the rows of that row alone are read.
std::string beside_its_row(const std::string& table, const WholeScan& scan) {
  const auto group = scan.groups.empty() ? "…" : scan.groups.front().substr(scan.groups.front().rfind('.') + 1);
  return fmt::format("In the view, in place of the join with it: left join lateral (select … from {} x where x.{} = …) on true, with an index on that column.", table, group);
}

/// The refresh as it will run, planned for keys that exist.
asio::awaitable<void> probe_plan(pg::Connection& connection, const Model& model, TargetId number, LocatorId locator,
                                 std::set<std::string>& told, Findings& found) {
  auto keys = co_await sample(connection, model, number, locator);
  KeyFilter filter;
  filter.locator = locator;
  const auto& by = model.targets[number].locators[locator];
  const auto columns = fmt::format("{}", fmt::join(by.columns, ", "));
  if (!keys) keys = pg::Parameters(by.types.size(), "{}");
  auto sql = "explain (verbose, format json) " + Statements(model, number).merge({filter});
  const auto plan = co_await pg::try_in_savepoint(connection, std::move(sql), std::move(*keys));
  if (plan.refused && plan.refused->sqlstate() == "42501" && model.direction == Direction::kReverse) {
    const auto table = model.targets[number].table.quoted();
    found.warn(fmt::format("our role may not write it, which the cutover needs: {}", plan.refused->what()),
               fmt::format("Before the cutover give our role that of the owner of {}, or move the writes as the owner.", table));
    co_return;
  }
  // A bulk load has taken the key off meanwhile; nothing is refreshed until it is back.
  if (plan.refused && plan.refused->sqlstate() == "42P10" && by.locate.empty()) co_return;
  if (plan.refused) {
    found.fail(fmt::format("the server refuses the refresh by {}: {}", columns, plan.refused->what()),
               by.locate.empty() ? "Mend the follow rule in migration.yaml."
                                 : "Mend the follow rule or its locate in migration.yaml; names in it must be qualified.");
    co_return;
  }
  const auto scans = whole_scans(plan.result.text(0, 0));
  std::vector<std::optional<std::string>> schemas;
  std::vector<std::optional<std::string>> tables;
  std::vector<std::optional<std::string>> columns_read;
  for (const auto& scan : scans) {
    schemas.emplace_back(scan.schema);
    tables.emplace_back(scan.table);
    // What gathers a table reads all of it, whatever index there is.
    columns_read.emplace_back(scan.gathered_by.empty() ? scan.column : "");
  }
  pg::Parameters parameters = {array_text(schemas), array_text(tables), array_text(columns_read)};
  const auto large = co_await connection.execute(sql::queries::catalog_large_tables, std::move(parameters));
  for (const auto row : pg::rows(large)) {
    const auto scan = std::find_if(scans.begin(), scans.end(), [&](const WholeScan& candidate) {
      return candidate.schema == row.text("schema") && candidate.table == row.text("name");
    });
    const auto table = quote_qualified(scan->schema, scan->table);
    if (!told.insert(table + scan->column + scan->gathered_by).second) continue;
    if (!scan->gathered_by.empty()) {
      found.warn(gathered(columns, *scan), beside_its_row(table, *scan));
      continue;
    }
    auto fix = fmt::format("create index concurrently on {} ({});", table, scan->column);
    if (row.truth("has_index")) fix = fmt::format("analyze {};", table);
    if (scan->column.empty()) fix = fmt::format("An index of {} on what the view looks it up by, if it has none; else: analyze {};", table, table);
    found.warn(fmt::format("a refresh by {} reads {}.{} from end to end", columns, scan->schema, scan->table), std::move(fix));
  }
}

}  // namespace

asio::awaitable<void> estimate_rows(pg::Connection& connection, Model& model) {
  for (auto& target : model.targets) {
    auto sql = fmt::format("explain (format json) select * from {}", view_of(model, target));
    const auto plan = co_await pg::try_in_savepoint(connection, std::move(sql));
    if (!plan.refused) target.estimated_rows = estimated_rows(plan.result.text(0, 0));
  }
}

asio::awaitable<void> probe(pg::Connection& connection, Preflight& preflight) {
  const auto& model = preflight.model;
  for (const auto number : model.targets.ids()) {
    const auto& target = model.targets[number];
    const auto subject = "target " + target.name;
    const bool broken = std::any_of(preflight.findings.begin(), preflight.findings.end(), [&](const Finding& finding) {
      return finding.level == Finding::Level::kFail && finding.subject == subject;
    });
    // What a trial could add to that would be its consequences.
    if (broken || target.locators.empty()) continue;
    Findings found(preflight.findings, subject);
    const auto before = preflight.findings.size();
    co_await probe_uniqueness(connection, model, number, found);
    if (preflight.findings.size() == before) co_await probe_demands(connection, model, number, found);
    std::set<std::string> told;
    for (const auto locator : target.locators.ids()) {
      if (!target.locators[locator].path.empty()) co_await probe_path(connection, model, number, target.locators[locator], found);
      co_await probe_plan(connection, model, number, locator, told, found);
    }
  }
}

}  // namespace crossfade::mapping
