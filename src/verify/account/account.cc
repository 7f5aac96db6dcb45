#include "verify/account/account.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/text/sql_text.h"
#include "pg/reading.h"
#include "pg/row.h"
#include "verify/account/account_statement.h"

namespace crossfade::verify {
namespace {

namespace queries = sql::queries;
using Values = std::vector<std::optional<std::string>>;

/// The file's word for a source, as far as the catalog tells.
std::string name_of(const mapping::Source& source) { return source.schema + "." + source.name; }

std::uint64_t number_in(const std::optional<std::string>& text) {
  std::uint64_t number = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

asio::awaitable<std::map<std::string, Values>> rejects(pg::Connection& connection, const mapping::Model& model) {
  const std::string sql(queries::rejects_columns);
  pg::Parameters parameters = {model.mapping_schema};
  const auto rows = co_await connection.query(sql, std::move(parameters));
  std::map<std::string, Values> views;
  for (const auto row : pg::rows(rows)) views.emplace(row.text("view"), parse_array(row.text("columns")));
  co_return views;
}

/// False: there is no such view. Throws for one that does not say what it must.
bool rejects_some(const mapping::Model& model, const mapping::Source& source, const std::map<std::string, Values>& views) {
  const auto view = views.find(mapping::rejects_name(source.name));
  if (view == views.end()) return false;
  auto needed = source.key;
  needed.emplace_back("reason");
  for (const auto& column : needed) {
    if (std::find(view->second.begin(), view->second.end(), column) != view->second.end()) continue;
    throw precondition_failure(fmt::format("view {}.{} has no column {}", model.mapping_schema, view->first, column),
                               "let it give the source's key columns and a text column called reason");
  }
  return true;
}

asio::awaitable<std::map<std::string, std::uint64_t>> quarantined(pg::Connection& connection, const mapping::Model& model) {
  const std::string sql(queries::quarantine_count);
  pg::Parameters parameters = {model.name};
  const auto rows = co_await connection.query(sql, std::move(parameters));
  std::map<std::string, std::uint64_t> keys;
  for (const auto row : pg::rows(rows)) keys.emplace(row.text("target"), row.number("count"));
  co_return keys;
}

Account read_account(const pg::Result& rows) {
  const auto first = pg::first(rows);
  Account account;
  account.total = static_cast<std::uint64_t>(first.number("total"));
  const auto not_found = static_cast<std::uint64_t>(first.number("not_found"));
  account.rejected = static_cast<std::uint64_t>(first.number("rejected"));
  account.unaccounted = static_cast<std::uint64_t>(first.number("unaccounted"));
  account.mapped = account.total - account.rejected - account.unaccounted;
  account.on_the_way = not_found - account.rejected - account.unaccounted;
  if (!first.is_null("reasons")) {
    const auto reasons = parse_array(first.text("reasons"));
    const auto counts = parse_array(first.text("counts"));
    for (std::size_t n = 0; n < reasons.size(); ++n) account.reasons.push_back({reasons[n].value_or(""), number_in(counts[n])});
  }
  for (const auto row : pg::rows(rows)) {
    if (row.is_null("key")) break;
    account.sample.push_back(parse_array(row.text("key")));
  }
  return account;
}

/// The source, what tells of its rows in v2, and the view of those that are left out.
std::vector<std::string> read_of(const mapping::Model& model, SourceId number, bool with_rejects) {
  std::set<TargetId> followers;
  for (const auto& rule : model.rules) {
    if (rule.source == number) followers.insert(rule.target);
  }
  auto read = model.relations_read({followers.begin(), followers.end()});
  const auto& source = model.sources[number];
  read.push_back(quote_qualified(source.schema, source.name));
  if (with_rejects) read.push_back(quote_qualified(model.mapping_schema, mapping::rejects_name(source.name)));
  return read;
}

}  // namespace

asio::awaitable<std::vector<Account>> account(pg::Connection& connection, const mapping::Model& model, Progress* progress) {
  // Where v2 is on another server the views say what becomes of a row, and `verify` that v2 has it.
  auto& source = connection.source();
  const auto views = co_await rejects(source, model);
  const auto set_aside = co_await quarantined(connection, model);
  std::vector<Account> accounts;
  for (const auto number : model.sources.ids()) {
    // Once v2 owns the data, nothing is to become of what stays where it is.
    if (model.sources[number].shared && model.direction == mapping::Direction::kReverse) continue;
    if (progress != nullptr) {
      auto what = fmt::format("source {} of {}: {}", number.place() + 1, model.sources.size(), name_of(model.sources[number]));
      progress->at({std::move(what), static_cast<double>(number.place()), static_cast<double>(model.sources.size())});
    }
    const bool with_rejects = rejects_some(model, model.sources[number], views);
    auto sql = account_statement(model, number, with_rejects);
    // What a step leaves is hard to foresee for the planner; a nested loop over an underestimated one would take hours.
    pg::Reading reading{read_of(model, number, with_rejects), true, "set local work_mem = '64MB'; set local enable_nestloop = off"};
    co_await pg::await_reading(source, std::move(reading));
    const auto rows = co_await source.query(std::move(sql));
    co_await source.script("commit");
    auto result = read_account(rows);
    if (model.apart) result.on_the_way = 0;
    result.source = number;
    result.looked_up_only = !is_accountable(model, number, with_rejects);
    std::set<TargetId> followers;
    for (const auto& rule : model.rules) {
      if (rule.source == number && followers.insert(rule.target).second) {
        const auto keys = set_aside.find(model.targets[rule.target].name);
        if (keys != set_aside.end()) result.quarantined_keys += keys->second;
      }
    }
    if (progress != nullptr && result.unaccounted > 0) {
      progress->found(fmt::format("{}: {} of {} rows are neither mapped nor rejected", name_of(model.sources[number]), result.unaccounted, result.total));
    }
    accounts.push_back(std::move(result));
  }
  co_return accounts;
}

asio::awaitable<void> record(pg::Connection& connection, const mapping::Model& model, const std::vector<Account>& accounts) {
  const std::string sql(queries::account_put);
  for (const auto& account : accounts) {
    pg::Parameters parameters = {model.name,
                                 name_of(model.sources[account.source]),
                                 std::to_string(account.total),
                                 std::to_string(account.mapped),
                                 std::to_string(account.rejected),
                                 std::to_string(account.unaccounted)};
    co_await connection.query(sql, std::move(parameters));
  }
}

}  // namespace crossfade::verify
