#include "mapping/catalog/read_functions.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/text/sql_text.h"
#include "embedded_sql.h"
#include "mapping/catalog/server_text.h"
#include "mapping/views/orders.h"
#include "mapping/views/rule_tree.h"
#include "mapping/views/settings.h"
#include "pg/row.h"
#include "pg/savepoint.h"

namespace crossfade::mapping {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;

asio::awaitable<std::set<long>> read_equalities(pg::Connection& connection) {
  const auto rows = co_await connection.query(queries::catalog_equalities);
  std::set<long> operators;
  for (const auto row : pg::rows(rows)) operators.insert(row.number("operator"));
  co_return operators;
}

/// Its own, and those of the views that it reads.
asio::awaitable<std::map<std::uint32_t, RuleNode>> read_rules(pg::Connection& connection, std::uint32_t view) {
  pg::Parameters by_oid = {std::to_string(view)};
  const auto rows = co_await connection.execute(queries::catalog_view_rules, std::move(by_oid));
  std::map<std::uint32_t, RuleNode> rules;
  for (const auto row : pg::rows(rows)) rules.emplace(static_cast<std::uint32_t>(row.number("ev_class")), read_rule(row.text("ev_action")));
  co_return rules;
}

/// Columns whose values differ by what a session has set.
asio::awaitable<void> add_settings(pg::Connection& connection, const std::set<MadeWith>& made, std::vector<FunctionCatalog>& functions) {
  if (made.empty()) co_return;
  std::vector<std::optional<std::string>> columns, called, types;
  for (const auto& each : made) {
    columns.emplace_back(each.column);
    called.emplace_back(std::to_string(each.function));
    types.emplace_back(std::to_string(each.type));
  }
  pg::Parameters parameters = {array_text(columns), array_text(called), array_text(types)};
  const auto rows = co_await connection.execute(queries::catalog_settings, std::move(parameters));
  for (const auto row : pg::rows(rows)) {
    std::string what;
    if (!row.is_null("columns")) what = "the values of " + std::string(row.text("columns"));
    if (row.truth("rows")) what += what.empty() ? "which rows there are" : ", and which rows there are,";
    functions.push_back({what, "setting", std::string(row.text("setting")), std::string(row.text("value"))});
  }
}

std::string numbers_text(const std::vector<int>& numbers) {
  std::vector<std::optional<std::string>> texts;
  for (const auto number : numbers) texts.emplace_back(std::to_string(number));
  return array_text(texts);
}

/// Places of the orders in which no two rows are alike.
asio::awaitable<std::set<std::size_t>> read_settled(pg::Connection& connection, const std::vector<Order>& orders) {
  std::vector<std::optional<std::string>> places, relations, ordered, divided, alone;
  for (std::size_t n = 0; n < orders.size(); ++n) {
    for (const auto& columns : orders[n].columns) {
      places.emplace_back(std::to_string(n));
      relations.emplace_back(std::to_string(columns.relation));
      ordered.emplace_back(numbers_text(columns.ordered));
      divided.emplace_back(numbers_text(columns.divided));
      alone.emplace_back(orders[n].alone ? "true" : "false");
    }
  }
  pg::Parameters parameters = {array_text(places), array_text(relations), array_text(ordered), array_text(divided), array_text(alone)};
  const auto rows = co_await connection.execute(queries::catalog_orders, std::move(parameters));
  std::set<std::size_t> settled;
  for (const auto row : pg::rows(rows)) settled.insert(static_cast<std::size_t>(row.number("place")));
  co_return settled;
}

/// Orders in which rows may be alike.
asio::awaitable<void> add_ties(pg::Connection& connection, const std::vector<Order>& orders, std::vector<FunctionCatalog>& functions) {
  if (orders.empty()) co_return;
  const auto settled = co_await read_settled(connection, orders);
  std::set<std::string> named;
  for (std::size_t n = 0; n < orders.size(); ++n) {
    if (settled.contains(n)) continue;
    auto name = orders[n].what;
    if (orders[n].function != 0) {
      pg::Parameters by_oid = {std::to_string(orders[n].function)};
      const std::string ask = "select $1::oid::regprocedure::text";
      const auto found = co_await connection.query(ask, std::move(by_oid));
      name = found.text(0, 0);
    }
    if (named.insert(name).second) functions.push_back({name, "ties"});
  }
}

}  // namespace

asio::awaitable<std::map<std::uint32_t, std::vector<FunctionCatalog>>> read_functions(pg::Connection& connection, std::vector<std::uint32_t> views) {
  pg::Parameters by_oid = {oids_text(views)};
  const auto result = co_await connection.execute(queries::catalog_view_functions, std::move(by_oid));
  std::map<std::uint32_t, std::vector<FunctionCatalog>> functions;
  for (const auto row : pg::rows(result)) {
    functions[oid_in(row, "reader")].push_back({std::string(row.text("name")), std::string(row.text("problem")), row.optional_text("names").value_or("")});
  }
  const auto equals = co_await read_equalities(connection);
  for (const auto view : views) {
    const auto rules = co_await read_rules(connection, view);
    const auto orders = orders_of(view, rules, equals);
    co_await add_ties(connection, orders, functions[view]);
    const auto made = made_with(view, rules);
    co_await add_settings(connection, made, functions[view]);
  }
  co_return functions;
}

asio::awaitable<std::map<std::uint32_t, std::vector<FunctionCatalog>>> read_lost_names(pg::Connection& connection, std::vector<ViewOfTable> views) {
  std::vector<std::uint32_t> read;
  std::vector<std::uint32_t> filled;
  for (const auto& each : views) {
    read.push_back(each.view);
    filled.push_back(each.table);
  }
  pg::Parameters by_oid = {oids_text(read), oids_text(filled)};
  const auto result = co_await connection.execute(queries::catalog_lost_names, std::move(by_oid));
  std::map<std::uint32_t, std::vector<FunctionCatalog>> functions;
  for (const auto row : pg::rows(result)) {
    const auto reader = oid_in(row, "reader");
    FunctionCatalog function{std::string(row.text("function")), "lost names", std::string(row.text("lost_names")), std::string(row.text("search_path"))};
    const auto of_view = std::find_if(views.begin(), views.end(), [&](const ViewOfTable& each) { return each.view == reader; });
    pg::Parameters called = {function.name, std::to_string(reader), std::to_string(of_view->table)};
    std::string ask(queries::function_lost_for_certain);
    const auto tried = co_await pg::try_in_savepoint(connection, std::move(ask), std::move(called));
    // A right that is missing says nothing of names.
    if (tried.refused && tried.refused->names_nothing() && tried.refused->sqlstate() != "42501") {
      function.problem = "certainly lost names";
      function.names = tried.refused->facts().message;
    }
    functions[reader].push_back(std::move(function));
  }
  co_return functions;
}

}  // namespace crossfade::mapping
