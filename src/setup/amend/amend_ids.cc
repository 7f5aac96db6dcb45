#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/util/message_differencer.h>

#include "base/error/failure.h"
#include "base/text/sql_text.h"
#include "mapping/file/surrogates.h"
#include "setup/amend/amend_run.h"

/// Ids that were given to rows stay theirs when the rows' natural key is another one: by what the views of before and of now both say of a row.
namespace crossfade::setup {
namespace {

namespace queries = sql::queries;
using google::protobuf::util::MessageDifferencer;

/// Beside the columns of the view of before.
constexpr const char* kGiven = "crossfade_given";

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

std::vector<std::string> AmendRun::rekeyed() const {
  std::vector<std::string> names;
  if (!before_ || direction_ != mapping::Direction::kForward) return names;
  for (const auto& [name, now] : yaml_.surrogates()) {
    const auto was = before_->yaml.surrogates().find(name);
    if (was != before_->yaml.surrogates().end() && !MessageDifferencer::Equals(was->second, now)) names.push_back(name);
  }
  return names;
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
    if (!aside) sql = fmt::format("create temp table {} on commit drop as select max(id) as last from {}; {}", quote_identifier("crossfade_last_" + name), table, sql);
    co_await connection_.script(std::move(sql));
  }
}

/// Each id to one key, and each key one: the least of those that its rows had. What has none is given one when it is met.
asio::awaitable<void> AmendRun::carry_ids_over() {
  for (const auto& name : rekeyed()) {
    const auto table = mapping::surrogate_table(name_, name).quoted();
    const auto view = quote_qualified(yaml_.schemas().mapping(), name);
    const auto of = mapping::natural_key(yaml_.surrogates().at(name));
    pg::Parameters both = {remembered(name), view, kGiven};
    const auto rows = co_await connection_.query(std::string(queries::ids_identity), both);
    std::vector<std::string> known;
    for (const auto& column : parse_array(rows.text(0, 0))) known.push_back(column.value());
    if (known.empty()) {
      throw precondition_failure(fmt::format("surrogate {} has another natural key, and nothing says which row had which id: its view has no column that it had before", name),
                                 fmt::format("Keep a column of {} that says which row it is, as its key; or give the new surrogate a name of its own.", view));
    }
    auto path = mapping::set_search_path({});
    co_await connection_.script(std::move(path));
    std::vector<std::string> filled;
    for (const auto& column : of) filled.push_back("n." + quote_identifier(column) + " is not null");
    auto sql = fmt::format("insert into {0} ({1}, id) select distinct on (given) {1}, given from (select distinct on ({2}) {2}, o.{3} as given from {4} n join {5} o on {6} = {7} "
                           "where {8} order by {2}, o.{3}) k order by given, {1}; "
                           "select setval(pg_get_serial_sequence({9}, 'id'), greatest(1, (select last from {10}))); set local search_path to ''",
                           table, list(of, ""), list(of, "n."), kGiven, view, remembered(name), row_text(known, "n."), row_text(known, "o."), fmt::join(filled, " and "),
                           quote_literal(table), quote_qualified("pg_temp", "crossfade_last_" + name));
    co_await connection_.script(std::move(sql));
  }
}

}  // namespace crossfade::setup
