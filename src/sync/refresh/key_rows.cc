#include "sync/refresh/key_rows.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/text/sql_text.h"
#include "pg/row.h"
#include "pg/savepoint.h"
#include "sync/refresh/bring.h"

namespace crossfade::sync {
namespace {

constexpr std::size_t kMostRows = 100'000;

/// The locator that is the primary key.
std::optional<LocatorId> row_locator(const mapping::Target& target) {
  for (const auto n : target.locators.ids()) {
    const auto& locator = target.locators[n];
    const bool own = !locator.indirect() && locator.path.empty() && locator.locate.empty();
    if (own && std::is_permutation(locator.columns.begin(), locator.columns.end(), target.key.begin(), target.key.end())) return n;
  }
  return std::nullopt;
}

/// Where v1 is.
asio::awaitable<pg::Result> ask_v1(pg::Connection& connection, bool apart, pg::Statement statement) {
  if (apart) co_return co_await ask_source(connection, std::move(statement));
  co_return co_await connection.query(std::move(statement.sql), std::move(statement.parameters));
}

}  // namespace

asio::awaitable<std::vector<Key>> rows_of(pg::Connection& connection, const mapping::Model& model, const Key& key) {
  std::vector<Key> rows;
  const auto by = row_locator(model.targets[key.target()]);
  if (!by || *by == key.locator()) co_return rows;
  std::vector<std::string> values;
  const pg::Work look = [&]() -> asio::awaitable<void> {
    auto selection = std::move(select_keys(model, {key}).at(key.target()));
    values = co_await values_of_both(connection, model, key.target(), *by, std::move(selection.filters), std::move(selection.parameters), kMostRows + 1);
  };
  const auto refused = co_await pg::in_savepoint(connection, look, pg::Leaves::kWhatWorked, async::found_by_trying);
  if (refused || values.size() > kMostRows) co_return rows;
  for (const auto& each : values) rows.emplace_back(key.target(), *by, parse_array(each));
  co_return rows;
}

asio::awaitable<bool> leads_nowhere(pg::Connection& connection, const Refresh& refresh, const Key& key) {
  const auto& model = refresh.model();
  const auto& locator = model.targets[key.target()].locators.at(key.locator());
  if (!locator.indirect() || locator.lookup_reads) co_return false;
  const auto& statements = refresh.statements(key.target());
  auto selection = std::move(select_keys(model, {key}).at(key.target()));
  const pg::Work compute = [&]() -> asio::awaitable<void> {
    pg::Statement alone{statements.given(selection.filters.front()), std::move(selection.parameters)};
    co_await ask_v1(connection, model.apart, std::move(alone));
  };
  const auto fails = co_await pg::in_savepoint(connection, compute, pg::Leaves::kWhatWorked, async::found_by_trying);
  if (!fails) co_return false;
  bool there = false;
  const pg::Work look = [&]() -> asio::awaitable<void> {
    const auto values = key.values();
    for (const auto& rule : model.rules) {
      if (rule.target != key.target() || rule.locator != key.locator()) continue;
      pg::Statement statement{statements.stands_in_source(rule, values), {}};
      for (const auto& value : values) {
        if (value) statement.parameters.emplace_back(value);
      }
      const auto rows = co_await ask_v1(connection, model.apart, std::move(statement));
      there = there || pg::first(rows).truth("there");
    }
  };
  const auto refused = co_await pg::in_savepoint(connection, look, pg::Leaves::kWhatWorked, async::found_by_trying);
  co_return !refused && !there;
}

}  // namespace crossfade::sync
