#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <iterator>

#include "base/error/failure.h"
#include "base/text/sql_text.h"
#include "mapping/amend/view_said.h"
#include "mapping/file/surrogates.h"
#include "pg/row.h"
#include "pg/savepoint.h"
#include "setup/amend/amend_run.h"

/// Ids that were given to rows stay theirs when the rows' natural key is another one: by what the views of before and of now both say of a row.
namespace crossfade::setup {
namespace {

namespace queries = sql::queries;
using google::protobuf::util::MessageDifferencer;

/// Beside the columns of the view of before.
constexpr const char* kGiven = "crossfade_given";

/// Those of rows that are away: no view says anything of them.
std::string away(const std::string& surrogate) { return quote_qualified("pg_temp", "crossfade_away_" + surrogate); }

std::string remembered(const std::string& surrogate) { return quote_qualified("pg_temp", "crossfade_" + surrogate); }

std::string list(const std::vector<std::string>& columns, const std::string& of) {
  std::vector<std::string> all;
  for (const auto& column : columns) all.push_back(of + quote_identifier(column));
  return fmt::format("{}", fmt::join(all, ", "));
}

/// Equal where nulls are; an array can be hashed.
std::string row_text(const std::vector<std::string>& columns, const std::string& of) {
  std::vector<std::string> all;
  for (const auto& column : columns) all.push_back(of + quote_identifier(column) + "::text");
  return fmt::format("array[{}]", fmt::join(all, ", "));
}

}  // namespace

void AmendRun::find_rekeyed() {
  if (!before_ || direction_ != mapping::Direction::kForward) return;
  for (const auto& [name, now] : yaml_.surrogates()) {
    const auto was = before_->yaml.surrogates().find(name);
    if (was == before_->yaml.surrogates().end()) continue;
    const bool alike = MessageDifferencer::Equals(was->second, now) && mapping::view_said_alike(before_->surrogates_sql, amend_.file.surrogates_sql, name);
    if (!alike) rekeyed_.push_back(name);
  }
}

/// One that went with an amend, and comes back, has its ids still.
asio::awaitable<std::set<std::string>> AmendRun::returning() {
  std::set<std::string> names;
  for (const auto& [name, now] : yaml_.surrogates()) {
    if (!before_ || before_->yaml.surrogates().contains(name)) continue;
    auto of = mapping::natural_key(now);
    of.emplace_back("id");
    const auto table = mapping::surrogate_table(name_, name).quoted();
    pg::Parameters parameters = {table, array_text({of.begin(), of.end()})};
    const auto rows = co_await connection_.query(queries::ids_there, parameters);
    const auto there = pg::first(rows);
    if (there.truth("alike")) names.insert(name);
    auto drop = fmt::format("drop table {}", table);
    if (there.truth("exists") && !there.truth("alike")) co_await connection_.script(std::move(drop));
  }
  co_return names;
}

/// While the view of before is there.
asio::awaitable<void> AmendRun::remember_ids() {
  for (const auto& name : rekeyed()) {
    const auto of = mapping::natural_key(before_->yaml.surrogates().at(name));
    const auto table = mapping::surrogate_table(name_, name).quoted();
    std::vector<std::string> same;
    for (const auto& column : of) same.push_back(fmt::format("v.{0} = m.{0}", quote_identifier(column)));
    auto path = mapping::set_search_path({});
    co_await connection_.script(std::move(path));
    auto sql = fmt::format("create temp table {} on commit drop as select v.*, m.id as {} from {} v join {} m on {}; set local search_path to ''", quote_identifier("crossfade_" + name),
                           kGiven, quote_qualified(yaml_.schemas().mapping(), name), table, fmt::join(same, " and "));
    co_await connection_.script(std::move(sql));
  }
}

/// `aside`: the views of before still read it, and all of it is rolled back.
asio::awaitable<void> AmendRun::put_ids_away(bool aside) {
  for (const auto& name : rekeyed()) {
    const auto table = mapping::surrogate_table(name_, name).quoted();
    auto sql = aside ? fmt::format("alter table {} rename to {}", table, quote_identifier("crossfade_aside_" + name)) : "drop table " + table;
    if (!aside) {
      sql = fmt::format("create temp table {} on commit drop as select max(id) as last from {}; "
                        "create temp table {} on commit drop as select m.* from {} m where not exists (select from {} v where v.{} = m.id); {}",
                        quote_identifier("crossfade_last_" + name), table, quote_identifier("crossfade_away_" + name), table, remembered(name), kGiven, sql);
    }
    co_await connection_.script(std::move(sql));
  }
}

/// A row that is away has its id when it comes again, if its key says what it said: that of every row which is there does.
asio::awaitable<void> AmendRun::bring_away_ids_back(std::string surrogate) {
  const auto of = mapping::natural_key(yaml_.surrogates().at(surrogate));
  auto was = mapping::natural_key(before_->yaml.surrogates().at(surrogate));
  auto is = of;
  std::sort(was.begin(), was.end());
  std::sort(is.begin(), is.end());
  if (was != is) co_return;
  const auto table = mapping::surrogate_table(name_, surrogate).quoted();
  std::vector<std::string> same;
  for (const auto& column : of) same.push_back(fmt::format("i.{0} = a.{0}", quote_identifier(column)));
  auto sql = fmt::format("insert into {0} ({1}, id) select {2}, a.id from {3} a where not exists (select from {0} i where {4} or i.id = a.id) "
                         "and not exists (select from {5} o join {0} i on i.id = o.{6} where ({7}) is distinct from ({8}))",
                         table, list(of, ""), list(of, "a."), away(surrogate), fmt::join(same, " and "), remembered(surrogate), kGiven, list(of, "i."), list(of, "o."));
  // Of other types they say nothing.
  co_await pg::try_in_savepoint(connection_, std::move(sql));
}

/// Each id to one key, and each key one: the least of those that its rows had. First by all that both views say of a row, the natural key
/// with it; then, for keys that are called otherwise now, by what they say of a row beside it, where that says which id it had. What has none
/// is given one when it is met.
asio::awaitable<void> AmendRun::carry_ids_over() {
  for (const auto& name : rekeyed()) {
    const auto table = mapping::surrogate_table(name_, name).quoted();
    const auto view = quote_qualified(yaml_.schemas().mapping(), name);
    const auto given = remembered(name);
    const auto of = mapping::natural_key(yaml_.surrogates().at(name));
    auto keys = mapping::natural_key(before_->yaml.surrogates().at(name));
    keys.insert(keys.end(), of.begin(), of.end());
    pg::Parameters both = {given, view, kGiven};
    const auto rows = co_await connection_.query(queries::ids_identity, both);
    std::vector<std::string> known, beside;
    for (const auto& column : parse_array(rows.text(0, 0))) known.push_back(column.value());
    std::copy_if(known.begin(), known.end(), std::back_inserter(beside), [&](const auto& column) { return std::find(keys.begin(), keys.end(), column) == keys.end(); });
    auto path = mapping::set_search_path({});
    co_await connection_.script(std::move(path));
    std::vector<std::string> filled, same;
    for (const auto& column : of) filled.push_back("n." + quote_identifier(column) + " is not null");
    for (const auto& column : of) same.push_back(fmt::format("i.{0} = n.{0}", quote_identifier(column)));
    const auto carry = [&](const std::string& ids, const std::string& met, const std::string& more) {
      return fmt::format("insert into {0} ({1}, id) select distinct on (given) {1}, given from (select distinct on ({2}) {2}, o.{3} as given from {4} n join {5} o on {6} "
                         "where {7}{8} order by {2}, o.{3}) k order by given, {1}; ",
                         table, list(of, ""), list(of, "n."), kGiven, view, ids, met, fmt::join(filled, " and "), more);
    };
    std::string sql;
    if (!known.empty()) sql += carry(given, row_text(known, "n.") + " = " + row_text(known, "o."), "");
    if (!beside.empty()) {
      const auto certain = fmt::format("(select {0} as said, min({1}) as {1} from {2} o group by 1 having count(distinct {1}) = 1)", row_text(beside, "o."), kGiven, given);
      sql += carry(certain, "o.said = " + row_text(beside, "n."),
                   fmt::format(" and not exists (select from {0} i where {1}) and not exists (select from {0} i where i.id = o.{2})", table, fmt::join(same, " and "), kGiven));
    }
    sql += fmt::format("select setval(pg_get_serial_sequence({}, 'id'), greatest(1, (select last from {}))); set local search_path to ''", quote_literal(table),
                       quote_qualified("pg_temp", "crossfade_last_" + name));
    co_await connection_.script(std::move(sql));
    co_await bring_away_ids_back(name);
    if (!beside.empty()) continue;
    const auto lost = co_await connection_.query(fmt::format("select count(distinct o.{0}) from {1} o where not exists (select from {2} i where i.id = o.{0})", kGiven, given, table));
    if (lost.number(0, 0) == 0) continue;
    throw precondition_failure(fmt::format("surrogate {} has another natural key, and nothing says which row had which id: its view has no column that it had before, but those of its key", name),
                               fmt::format("Keep a column of {} that says which row it is, beside its key; or give the new surrogate a name of its own.", view));
  }
}

}  // namespace crossfade::setup
