#include "verify/diff/recheck.h"

#include <embedded_sql.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "async/sleep.h"
#include "base/text/sql_text.h"
#include "pg/reading.h"
#include "pg/row.h"
#include "pg/savepoint.h"
#include "sync/apply/cut_job.h"
#include "sync/refresh/bring.h"
#include "sync/state/store.h"
#include "verify/diff/differing_rows.h"

namespace crossfade::verify {
namespace {

namespace queries = sql::queries;

/// Rows that one comparison of a decision brings over: some megabytes; as many as are set aside when a key of v2 finds them to refer to nobody.
constexpr std::size_t kMostRows = 100'000;

using RowId = std::pair<TargetId, std::string>;

RowId id_of(const mapping::Model& model, const Difference& difference) {
  return {difference.target, row_name(model.targets[difference.target], difference)};
}

/// All that differs; a row that two comparisons lead to is there once.
struct Looked {
  const mapping::Model& model;
  Decision found;
  std::set<RowId> seen;

  void add(Difference difference) {
    if (!seen.insert(id_of(model, difference)).second) return;
    ++found.drifted;
    found.drift.push_back(std::move(difference));
  }
};

/// What the database refuses costs this comparison only.
asio::awaitable<std::optional<Failure>> try_comparison(pg::Connection& connection, Comparison comparison, Looked& looked) {
  Compared compared;
  const pg::Work compare = [&]() -> asio::awaitable<void> { compared = co_await differing_rows(connection, looked.model, std::move(comparison)); };
  const auto refused = co_await pg::in_savepoint(connection, compare, pg::Leaves::kWhatWorked, [](const Failure& failure) {
    return failure.found_by_trying() && !failure.names_nothing();
  });
  if (refused) co_return refused;
  looked.found.drifted += compared.differing - compared.rows.size();
  for (auto& difference : compared.rows) looked.add(std::move(difference));
  co_return std::nullopt;
}

/// What stands for the rows that could not be held against each other.
Difference refused_look(TargetId target, const Failure& refused) {
  Difference difference;
  difference.target = target;
  difference.refusal = refused.what();
  return difference;
}

/// By halves where the view raises an error for one of them, until that one stands alone.
asio::awaitable<void> look_at_keys(pg::Connection& connection, std::vector<Key> keys, Looked& looked) {
  std::map<TargetId, std::vector<Key>> of_targets;
  for (auto& key : keys) of_targets[key.target()].push_back(std::move(key));
  std::vector<std::vector<Key>> open;
  for (auto& [target, of_target] : of_targets) open.push_back(std::move(of_target));
  while (!open.empty()) {
    const auto group = std::move(open.back());
    open.pop_back();
    const auto target = group.front().target();
    auto selection = std::move(sync::select_keys(looked.model, group).at(target));
    Comparison comparison{target, std::move(selection.filters), std::move(selection.parameters), kMostRows};
    const auto refused = co_await try_comparison(connection, std::move(comparison), looked);
    if (!refused) continue;
    if (group.size() > 1) {
      const auto half = group.begin() + static_cast<std::ptrdiff_t>(group.size() / 2);
      open.emplace_back(group.begin(), half);
      open.emplace_back(half, group.end());
      continue;
    }
    auto difference = refused_look(target, *refused);
    if (group.front().locator() == mapping::kChunkKey) difference.chunk_key = group.front().values();
    looked.add(std::move(difference));
  }
}

asio::awaitable<Decision> look_at(pg::Connection& connection, const mapping::Model& model, Candidates candidates) {
  Looked looked{model, {}, {}};
  co_await look_at_keys(connection, std::move(candidates.keys), looked);
  for (const auto& [target, range] : candidates.stretches) {
    Comparison comparison{target, range_picks(range), range_parameters(range), kMostRows};
    const auto refused = co_await try_comparison(connection, std::move(comparison), looked);
    if (refused) looked.add(refused_look(target, *refused));
  }
  co_return std::move(looked.found);
}

/// Values of the walk to which keys of other locators lead.
asio::awaitable<std::set<std::pair<TargetId, KeyValues>>> walked_by(pg::Connection& connection, const mapping::Model& model, std::vector<Key> keys) {
  std::set<std::pair<TargetId, KeyValues>> walked;
  for (const auto& key : keys) {
    if (key.locator() == mapping::kChunkKey || model.targets[key.target()].locators.front().indirect()) continue;
    const std::vector<Key> one = {key};
    auto selection = std::move(sync::select_keys(model, one).at(key.target()));
    std::vector<std::string> values;
    const pg::Work look = [&]() -> asio::awaitable<void> {
      values = co_await sync::values_of_both(connection, model, key.target(), mapping::kChunkKey, selection.filters, selection.parameters);
    };
    // A key that is refused leads nowhere.
    co_await pg::in_savepoint(connection, look, pg::Leaves::kWhatWorked, async::found_by_trying);
    for (const auto& each : values) walked.emplace(key.target(), parse_array(each));
  }
  co_return walked;
}

asio::awaitable<std::vector<Key>> quarantined_keys(pg::Connection& connection, const mapping::Model& model,
                                                   const std::vector<Difference>& of_targets_of) {
  std::set<TargetId> numbers;
  for (const auto& difference : of_targets_of) numbers.insert(difference.target);
  std::vector<std::optional<std::string>> names;
  for (const auto number : numbers) names.emplace_back(model.targets[number].name);
  const std::string sql(queries::quarantine_of_targets);
  pg::Parameters parameters = {model.name, array_text(names)};
  const auto rows = co_await connection.query(sql, std::move(parameters));
  co_return sync::store::keys_in(model, rows);
}

}  // namespace

asio::awaitable<Decision> decide(pg::Connection& in_transaction, const mapping::Model& model, Candidates candidates) {
  auto decision = co_await look_at(in_transaction, model, std::move(candidates));
  if (decision.drifted == 0) co_return decision;
  Candidates set_aside;
  set_aside.keys = co_await quarantined_keys(in_transaction, model, decision.drift);
  if (set_aside.keys.empty()) co_return decision;
  // The key in quarantine need not be of the walk's locator; the rows that it leads to tell.
  const auto known = co_await look_at(in_transaction, model, set_aside);
  std::set<RowId> excused;
  for (const auto& difference : known.drift) excused.insert(id_of(model, difference));
  std::set<std::pair<TargetId, KeyValues>> walked;
  const bool fails = std::any_of(decision.drift.begin(), decision.drift.end(), [](const Difference& difference) { return !difference.refusal.empty(); });
  if (fails) walked = co_await walked_by(in_transaction, model, std::move(set_aside.keys));
  decision.quarantined = std::erase_if(decision.drift, [&](const Difference& difference) {
    const bool by_another = !difference.refusal.empty() && difference.chunk_key && walked.contains({difference.target, *difference.chunk_key});
    return by_another || excused.contains(id_of(model, difference));
  });
  decision.drifted -= decision.quarantined;
  co_return decision;
}

asio::awaitable<Decision> CutRechecker::recheck(Candidates candidates) {
  // Shared with the job, which may outlive a caller that is cancelled.
  struct Asked {
    sync::Runtime& run;
    Candidates candidates;
    Decision decision;
  };
  const auto asked = std::make_shared<Asked>(Asked{run_, std::move(candidates), {}});
  auto job = [asked](pg::Connection& in_cut) -> asio::awaitable<void> {
    asked->decision = co_await decide(in_cut, asked->run.model, asked->candidates);
    // Its keys wait, in quarantine or in crossfade.dirty.
    const auto parked = std::erase_if(asked->decision.drift, [&](const Difference& each) { return asked->run.applied.parked.contains(each.target); });
    asked->decision.drifted -= parked;
    asked->decision.quarantined += parked;
  };
  co_await sync::read_at_cut(run_, job);
  co_return std::move(asked->decision);
}

asio::awaitable<void> CutRechecker::offer(std::vector<Key> keys) {
  for (const auto& key : keys) run_.metrics.keys_offered(key.target(), OfferedBy::kRepair, 1);
  run_.queue.offer_now(std::move(keys));
  run_.queue_changed.notify_all();
  co_return;
}

asio::awaitable<Decision> PollingRechecker::look(Candidates candidates) {
  pg::Reading reading{model_.relations_read(), true, "", model_.relations_read_at_source(model_.targets.all())};
  co_await pg::await_reading(connection_, std::move(reading));
  auto decision = co_await decide(connection_, model_, std::move(candidates));
  co_await connection_.script("commit");
  co_return decision;
}

asio::awaitable<Decision> PollingRechecker::recheck(Candidates candidates) {
  const auto first = co_await look(candidates);
  if (first.drifted == 0) co_return first;
  co_await async::sleep_for(between_looks_);
  auto second = co_await look(std::move(candidates));
  std::map<RowId, const Difference*> before;
  for (const auto& difference : first.drift) before.emplace(id_of(model_, difference), &difference);
  const auto moved = std::erase_if(second.drift, [&](const Difference& difference) {
    const auto found = before.find(id_of(model_, difference));
    // What was cut off the first look cannot speak for a row.
    if (found == before.end()) return first.drifted == first.drift.size();
    return found->second->in_shadow != difference.in_shadow;
  });
  second.drifted -= moved;
  co_return second;
}

asio::awaitable<void> PollingRechecker::offer(std::vector<Key> keys) {
  std::vector<std::optional<std::string>> targets, locators, values;
  for (const auto& key : keys) {
    targets.emplace_back(sync::store::target_name(model_, key));
    locators.push_back(key.names_every_row() ? std::nullopt : std::optional(sync::store::locator_name(model_, key)));
    values.push_back(key.names_every_row() ? std::nullopt : std::optional(array_text(key.values())));
  }
  const std::string sql(queries::dirty_put);
  pg::Parameters parameters = {model_.name, array_text(targets), array_text(locators), array_text(values)};
  co_await connection_.query(sql, std::move(parameters));
}

}  // namespace crossfade::verify
