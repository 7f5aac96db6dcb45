// How the statements of a refresh are asked: prepared or not, together or one by one, and what has to be asked before.

#include <cstddef>
#include <utility>

#include "pg/savepoint.h"
#include "sync/refresh/bring.h"
#include "sync/refresh/refresh.h"

namespace crossfade::sync {
namespace {

/// Above this many keys a plan for these very keys is worth its planning; below, the prepared plan is.
constexpr std::size_t kPlanAnew = 64;
constexpr std::size_t kBytesOfAKey = 40;
/// Statements with more parameters than this, in bytes, take longer than the way there and back.
constexpr std::size_t kMostTogether = 64 << 10;

}  // namespace

/// A few keys are looked up in the prepared plan.
asio::awaitable<pg::Result> Refresh::ask(pg::Connection& connection, std::string sql, pg::Parameters parameters) {
  pg::Result rows;
  if (pg::bytes_of(parameters) < kPlanAnew * kBytesOfAKey) {
    rows = co_await connection.execute(std::move(sql), std::move(parameters));
  } else {
    rows = co_await connection.query(std::move(sql), std::move(parameters));
  }
  co_return rows;
}

/// The same of several, in one round trip where that is what they would take the longest for.
asio::awaitable<std::vector<pg::Answer>> Refresh::ask_together(pg::Connection& connection, std::vector<pg::Statement> statements) {
  std::size_t all = 0;
  for (auto& statement : statements) {
    const auto size = pg::bytes_of(statement.parameters);
    statement.prepared = size < kPlanAnew * kBytesOfAKey;
    all += size;
  }
  std::vector<pg::Answer> answers;
  if (all < kMostTogether && statements.size() > 1) {
    answers = co_await connection.together(std::move(statements));
    co_return answers;
  }
  for (auto& statement : statements) {
    const auto began = pg::Clock::now();
    auto rows = co_await ask(connection, std::move(statement.sql), std::move(statement.parameters));
    answers.push_back({std::move(rows), pg::Clock::now() - began});
  }
  co_return answers;
}

asio::awaitable<void> Refresh::look_up(pg::Connection& connection, std::map<TargetId, Selection>& selections) const {
  return sync::look_up(connection, model_, statements_, selections);
}

asio::awaitable<void> Refresh::bring_all(pg::Connection& connection, const std::map<TargetId, Selection>& selections) const {
  if (!model_.apart) co_return;
  std::vector<Wanted> all;
  for (const auto& [target, selection] : selections) all.push_back(wanted(statements_[target], selection));
  co_await bring(connection, std::move(all));
}

asio::awaitable<std::optional<Selection>> Refresh::select_here(pg::Connection& connection, std::vector<Key> keys, Brought brought) const {
  const auto target = keys.front().target();
  auto selections = select_keys(model_, keys);
  if (!model_.apart) co_return std::move(selections.at(target));
  const pg::Work bring_these = [&]() -> asio::awaitable<void> {
    co_await look_up(connection, selections);
    if (brought == Brought::kRows) co_await bring_all(connection, selections);
  };
  const auto refused = co_await pg::in_savepoint(connection, bring_these, pg::Leaves::kWhatWorked, async::found_by_trying);
  if (refused) co_return std::nullopt;
  co_return std::move(selections.at(target));
}

/// Of these forms there are as many as locators have, and ways in which their columns can be null.
const std::string& Refresh::merge_text(TargetId target, const std::vector<mapping::KeyFilter>& filters) const {
  constexpr std::size_t kMostTexts = 1000;
  if (texts_.size() >= kMostTexts) texts_.clear();
  const auto [known, fresh] = texts_.try_emplace({target, filters});
  if (fresh) known->second = statements_[target].merge(filters);
  return known->second;
}

}  // namespace crossfade::sync
