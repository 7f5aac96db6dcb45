// How the statements of a refresh are asked: prepared or not, together or one by one, and what has to be asked before.

#include <bit>
#include <cstddef>
#include <utility>

#include "pg/row.h"
#include "sync/refresh/refresh.h"

namespace crossfade::sync {
namespace {

/// Above this many keys a plan for these very keys is worth its planning; below, the prepared plan is.
constexpr std::size_t kPlanAnew = 64;
constexpr std::size_t kBytesOfAKey = 40;
/// Statements with more parameters than this, in bytes, take longer than the way there and back.
constexpr std::size_t kMostTogether = 64 << 10;

std::size_t size_of(const pg::Parameters& parameters) {
  std::size_t size = 0;
  for (const auto& parameter : parameters) size += parameter ? parameter->size() : 0;
  return size;
}

}  // namespace

/// A few keys are looked up in the prepared plan.
asio::awaitable<pg::Result> Refresh::ask(pg::Connection& connection, std::string sql, pg::Parameters parameters) {
  pg::Result rows;
  if (size_of(parameters) < kPlanAnew * kBytesOfAKey) {
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
    const auto size = size_of(statement.parameters);
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

/// What the selects of indirect locators give becomes the keys, at the snapshot of all that follows: `given`, an array of `type`; where
/// that is null the select stays in the statements.
asio::awaitable<void> Refresh::look_up(pg::Connection& connection, std::map<TargetId, Selection>& selections) const {
  struct Place {
    mapping::KeyFilter& filter;
    Selection& selection;
    std::ptrdiff_t parameter;
    std::ptrdiff_t width;
  };
  std::vector<Place> places;
  std::vector<pg::Statement> statements;
  for (auto& [target, selection] : selections) {
    std::ptrdiff_t parameter = 0;
    for (auto& filter : selection.filters) {
      const auto& locator = model_.targets[target].locators.at(filter.locator);
      auto width = static_cast<std::ptrdiff_t>(locator.types.size());
      if (locator.indirect() && locator.columns.size() == 1) {
        const auto first = selection.parameters.begin() + parameter;
        places.push_back({filter, selection, parameter, width});
        statements.push_back({statements_[target].lookup(filter), pg::Parameters(first, first + width)});
      }
      parameter += width - std::popcount(filter.null_mask);
    }
  }
  if (statements.empty()) co_return;
  const auto answers = co_await ask_together(connection, std::move(statements));
  // From behind, because what comes in is shorter than what was there.
  for (std::size_t n = places.size(); n-- > 0;) {
    auto& [filter, selection, parameter, width] = places[n];
    const auto found = pg::first(answers[n].result);
    if (found.is_null("given")) continue;
    filter.form = mapping::KeyFilter::Form::kGiven;
    filter.given_type = found.text("type");
    const auto first = selection.parameters.begin() + parameter;
    *first = std::string(found.text("given"));
    selection.parameters.erase(first + 1, first + width);
  }
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
