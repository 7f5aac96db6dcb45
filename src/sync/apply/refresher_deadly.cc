#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>

#include "base/telemetry/log.h"
#include "sync/apply/refresher.h"
#include "sync/state/parking.h"

/// What the refresher does about keys whose refresh ends its session.
namespace crossfade::sync {
namespace {

/// A key stands accused once its own session has ended so often.
constexpr int kDeaths = 2;
/// So many of one target that all did: it is the target, and the rest of it need not be tried.
constexpr std::size_t kManyDeaths = 5;

/// What is written down of it: that its session was lost is not this session's matter.
Failure told(const Failure& failure) {
  Failure::Facts facts;
  facts.sqlstate = failure.sqlstate().empty() ? "57P02" : failure.sqlstate();
  facts.message = fmt::format("the session that read it ended each time: {}", failure.what());
  facts.advice = "a function that the view calls ends its session, or brings the server's process down: the server's log says which. Mend it, and the key comes by itself";
  return Failure(std::move(facts));
}

struct Tally {
  std::vector<Key> fallen;
  std::size_t survived = 0;
};

/// Of `keys` those that are suspected are in groups then, and those that are convicted among the fallen.
void regroup(Suspects& suspects, const std::vector<Key>& keys, std::map<TargetId, Tally>& tallies, std::map<TargetId, Failure>& why) {
  std::map<TargetId, std::vector<Key>> suspected;
  const std::unordered_set<Key> here(keys.begin(), keys.end());
  std::unordered_set<Key> known;
  for (auto& group : suspects.groups) {
    std::erase_if(group, [&](const Key& key) { return !here.contains(key); });
    known.insert(group.begin(), group.end());
  }
  std::erase_if(suspects.groups, [](const std::vector<Key>& group) { return group.empty(); });
  for (const auto& key : keys) {
    const auto convicted = suspects.convicted.find(key);
    if (convicted != suspects.convicted.end()) {
      why.insert_or_assign(key.target(), convicted->second);
      tallies[key.target()].fallen.push_back(key);
    } else if (suspects.suspected(key) && !known.contains(key)) {
      suspected[key.target()].push_back(key);
    }
  }
  for (auto& [target, group] : suspected) suspects.groups.push_back(std::move(group));
}

}  // namespace

/// Refreshes `group` in a session of its own and takes it back. What that session ended by; nothing where it lives.
asio::awaitable<std::optional<Failure>> Refresher::ends_its_session(std::vector<Key> group) {
  pg::Connection session = co_await open_engine_session(run_.settings, run_.model.name, "trial");
  std::optional<Failure> failure;
  try {
    co_await session.script("begin; set local lock_timeout = '500ms'");
    co_await run_.refresh.keys(session, std::move(group));
    co_await session.script("rollback");
  } catch (const Failure& caught) {
    failure = caught;
  }
  // Whatever else it is refused with, the refresh itself finds out.
  if (failure && !failure->connection_lost()) failure.reset();
  co_return failure;
}

/// Takes those out of `keys` whose refresh ends the session that does it, and returns them; those of targets of which all do are parked, and
/// added to `open`.
asio::awaitable<std::vector<Refused>> Refresher::take_deadly(pg::Connection& connection, std::vector<Key>& keys, std::unordered_set<Key>& open) {
  std::vector<Refused> refused;
  auto& suspects = *run_.suspects;
  if (!suspects.any(keys)) co_return refused;
  std::map<TargetId, Tally> tallies;
  std::map<TargetId, Failure> why;
  regroup(suspects, keys, tallies, why);
  while (!suspects.groups.empty()) {
    const auto group = suspects.groups.back();
    const auto target = group.front().target();
    auto& tally = tallies[target];
    const bool all_of_it = tally.fallen.size() >= kManyDeaths && tally.survived == 0;
    std::optional<Failure> failure;
    if (!all_of_it) failure = co_await ends_its_session(group);
    suspects.groups.pop_back();
    if (all_of_it) {
      tally.fallen.insert(tally.fallen.end(), group.begin(), group.end());
    } else if (!failure) {
      tally.survived += group.size();
      for (const auto& key : group) suspects.clear(key);
    } else if (group.size() > 1) {
      const auto middle = group.begin() + static_cast<std::ptrdiff_t>(group.size() / 2);
      suspects.groups.emplace_back(middle, group.end());
      suspects.groups.emplace_back(group.begin(), middle);
    } else if (++suspects.deaths[group.front()] < kDeaths) {
      suspects.groups.push_back(group);
    } else {
      // The next time one more is enough.
      suspects.deaths[group.front()] = kDeaths - 1;
      suspects.convicted.insert_or_assign(group.front(), told(*failure));
      why.insert_or_assign(target, told(*failure));
      tally.fallen.push_back(group.front());
    }
  }
  std::unordered_set<Key> out;
  for (auto& [target, tally] : tallies) {
    out.insert(tally.fallen.begin(), tally.fallen.end());
    if (tally.fallen.size() < kManyDeaths || tally.survived > 0) {
      for (auto& key : tally.fallen) refused.push_back({std::move(key), why.at(target)});
      continue;
    }
    open.insert(tally.fallen.begin(), tally.fallen.end());
    std::vector<Key> samples(tally.fallen.begin(), tally.fallen.begin() + kManyDeaths);
    Unwritable unwritable{target, why.at(target), std::move(tally.fallen), std::move(samples)};
    co_await parking::park(connection, run_, std::move(unwritable), false);
  }
  std::erase_if(keys, [&](const Key& key) { return out.contains(key); });
  co_return refused;
}

/// As write_keys(); with whose keys in hand a session was lost is remembered.
asio::awaitable<void> Refresher::write(pg::Connection& connection, const std::vector<Key>& keys, Work work, std::size_t may_wait) {
  try {
    co_await write_keys(connection, keys, std::move(work), may_wait);
    run_.suspects->done(keys);
  } catch (const Failure& failure) {
    if (failure.connection_lost()) run_.suspects->note(keys);
    throw;
  }
}

}  // namespace crossfade::sync
