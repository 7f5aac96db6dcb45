#include "sync/refresh/bisecting_refresh.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "base/text/sql_text.h"
#include "pg/row.h"
#include "pg/savepoint.h"
#include "sync/refresh/key_forms.h"
#include "sync/refresh/key_rows.h"

namespace crossfade::sync {
namespace {

/// Rows that each take over the place of the next: how far such a chain is followed beyond the keys that were offered.
constexpr int kLongestChain = 40;
/// So many of a target are refused one by one before it is asked whether most of them are.
constexpr std::size_t kManyRefused = 100;
/// What is taken out brings along what refers to it: when so long was spent on that for nothing, the rest waits for the next try.
constexpr auto kMostInVain = std::chrono::seconds(5);
constexpr std::size_t kSamples = 10;

/// Keys that belong together, as a union-find over their places.
class Together {
 public:
  /// False: it is known.
  bool add(const Key& key) {
    const bool fresh = place_.emplace(key, keys_.size()).second;
    if (!fresh) return false;
    keys_.push_back(key);
    above_.push_back(above_.size());
    return true;
  }
  void join(const Key& a, const Key& b) {
    const auto known = place_.find(a);
    if (known != place_.end()) above_[top(known->second)] = top(place_.at(b));
  }
  /// In the order in which their first keys were added.
  std::vector<std::vector<Key>> groups() {
    std::vector<std::vector<Key>> found;
    std::unordered_map<std::size_t, std::size_t> of_top;
    for (std::size_t n = 0; n < keys_.size(); ++n) {
      const auto [group, fresh] = of_top.emplace(top(n), found.size());
      if (fresh) found.emplace_back();
      found[group->second].push_back(keys_[n]);
    }
    return found;
  }

 private:
  std::size_t top(std::size_t n) {
    while (above_[n] != n) n = above_[n] = above_[above_[n]];
    return n;
  }

  std::unordered_map<Key, std::size_t> place_;
  std::vector<Key> keys_;
  std::vector<std::size_t> above_;
};

bool may_come_right(const Failure& failure) { return failure.is_conflict() || failure.sqlstate() == "23503"; }

}  // namespace

asio::awaitable<void> BisectingRefresh::keys(std::vector<Key> keys, Failure why) {
  why_ = why.sqlstate();
  // Parents stay before children when a set is cut in two.
  std::stable_sort(keys.begin(), keys.end(), [](const Key& a, const Key& b) { return a.target() < b.target(); });
  if (keys.empty()) co_return;
  const bool done = co_await try_together(keys, why);
  if (done) co_return;
  auto groups = co_await exchanging(keys);
  co_await references_.order(groups, of_rings_);
  co_await bisect(std::move(groups));
  // What was refused for want of a row, or of a place, that a later half brought is accepted now; what is refused again stays so.
  for (auto before = refused_.size() + 1; refused_.size() < before;) {
    before = refused_.size();
    std::vector<Group> again;
    std::vector<Refused> stay;
    for (auto& each : std::exchange(refused_, {})) {
      if (may_come_right(each.failure) && !given_up_.contains(each.key.target())) {
        again.push_back({std::move(each.key)});
      } else {
        stay.push_back(std::move(each));
      }
    }
    refused_ = std::move(stay);
    if (again.empty()) break;
    for (auto& [target, tally] : tally_) tally.refused = 0;
    for (const auto& each : refused_) {
      if (!broken_up_.contains(each.key)) ++tally_[each.key.target()].refused;
    }
    co_await references_.order(again, of_rings_);
    co_await bisect(std::move(again));
  }
  gather_given_up();
}

/// What the database refused; nothing is left of it then.
asio::awaitable<std::optional<Failure>> BisectingRefresh::try_in_savepoint(Group keys, Room room) {
  std::optional<Failure> failure;
  ByTarget<Written> part;
  // What is checked at the commit only would spoil all that goes with it, so it is checked here.
  co_await connection_.script("set local lock_timeout = '50ms'; savepoint crossfade_part; set constraints all deferred");
  try {
    part = co_await refresh_.keys(connection_, keys, room);
    co_await connection_.script("set constraints all immediate");
  } catch (const Failure& caught) {
    // A lock belongs to the key whose row it is, and what all this is for may be raised by a row, whatever it says.
    if (!caught.found_by_trying() && caught.sqlstate() != "55P03" && (caught.connection_lost() || caught.sqlstate() != why_)) throw;
    failure = caught;
  }
  if (failure) co_await connection_.script("rollback to savepoint crossfade_part");
  co_await connection_.script("release savepoint crossfade_part");
  if (failure) co_return failure;
  for (const auto target : part.ids()) written_[target] += part[target];
  for (const auto& key : keys) ++tally_[key.target()].accepted;
  co_return std::nullopt;
}

/// With room made at once where it is known that there is too little.
asio::awaitable<bool> BisectingRefresh::try_together(Group keys, Failure why) {
  if (why.is_conflict()) {
    const auto failure = co_await try_in_savepoint(keys, Room::kMade);
    if (!failure) co_return true;
  }
  const auto failure = co_await try_with_room(keys);
  co_return !failure;
}

asio::awaitable<std::optional<Failure>> BisectingRefresh::try_with_room(Group keys) {
  auto failure = co_await try_in_savepoint(keys, Room::kNone);
  if (failure && failure->sqlstate() == "23503") {
    const bool ring = co_await references_.in_a_ring(keys);
    if (ring) failure = co_await try_in_savepoint(keys, Room::kPlaced);
  }
  if (failure && failure->sqlstate() == "23503") {
    // A value changes that no other row wants, under rows that refer to it by that and would go along.
    const bool held = co_await references_.to_a_value(keys);
    const bool done = held && co_await take_out(keys);
    if (done) co_return std::nullopt;
  }
  if (!failure || !failure->is_conflict()) co_return failure;
  const auto made = co_await try_in_savepoint(keys, Room::kMade);
  // Whoever refers to a value that makes room may hinder that.
  if (!made || made->sqlstate() != "23503") failure = made;
  if (failure && failure->is_conflict()) {
    // What a value that stands in for another breaks, and what hinders that rows are taken out, is no fault of the row's.
    const auto refused = co_await try_in_savepoint(keys, Room::kStandIns);
    bool helped = !refused;
    if (!helped) helped = co_await take_out(keys);
    if (helped) failure.reset();
  }
  co_return failure;
}

/// Whether that helped.
asio::awaitable<bool> BisectingRefresh::take_out(Group keys) {
  if (in_vain_ >= kMostInVain) co_return false;
  const auto began = pg::Clock::now();
  const auto failure = co_await try_in_savepoint(std::move(keys), Room::kTakenOut);
  if (failure) in_vain_ += pg::Clock::now() - began;
  co_return !failure;
}

/// Whether a target of `keys` refuses no key at all as well; those are given up.
asio::awaitable<bool> BisectingRefresh::give_up_unwritable(Group keys) {
  std::set<TargetId> targets;
  for (const auto& key : keys) targets.insert(key.target());
  bool any = false;
  for (const auto target : targets) {
    if (!asked_.insert(target).second) continue;
    const auto failure = co_await refresh_.refused_without_keys(connection_, target);
    if (failure) given_up_.emplace(target, *failure);
    any = any || failure;
  }
  co_return any;
}

asio::awaitable<const std::vector<mapping::Exclusive>*> BisectingRefresh::exclusives(TargetId target) {
  const auto known = exclusives_.find(target);
  if (known != exclusives_.end()) co_return &known->second;
  auto of_target = co_await refresh_.exclusives(connection_, target);
  co_return &(exclusives_[target] = std::move(of_target));
}

/// Keys whose rows take over each other's places, in one group each, with the keys of whoever else stands in such a place.
asio::awaitable<std::vector<BisectingRefresh::Group>> BisectingRefresh::exchanging(Group keys) {
  Together together;
  for (const auto& key : keys) together.add(key);
  for (int link = 0; !keys.empty() && link < kLongestChain; ++link) {
    Group more;
    for (const auto& form : by_form(keys)) {
      const auto target = form.front().target();
      if (given_up_.contains(target)) continue;
      const auto selection = co_await refresh_.select_here(connection_, form, Refresh::Brought::kRows);
      if (!selection) continue;
      const auto* of_target = co_await exclusives(target);
      for (const auto& exclusive : *of_target) {
        auto sql = refresh_.statements(target).exchanges(selection->filters.front(), exclusive);
        const auto tried = co_await pg::try_in_savepoint(connection_, std::move(sql), selection->parameters);
        // Who cannot be asked together is tried one by one.
        if (tried.refused) continue;
        for (const auto row : pg::rows(tried.result)) {
          if (row.is_null("holder")) continue;
          const auto holder = named_key(target, row.text("holder"));
          if (together.add(holder)) more.push_back(holder);
          if (!row.is_null("taker")) {
            const Key taker(target, form.front().locator(), parse_array(row.text("taker")));
            together.join(taker, holder);
            continue;
          }
          for (const auto& taker : form) together.join(taker, holder);
        }
      }
    }
    keys = std::move(more);
  }
  auto groups = together.groups();
  std::stable_sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) { return a.front().target() < b.front().target(); });
  co_return groups;
}

asio::awaitable<void> BisectingRefresh::bisect(std::vector<Group> groups) {
  if (apart_ && in_vain_apart_) co_return;
  std::erase_if(groups, [&](Group& group) {
    const auto given_up = given_up_.find(group.front().target());
    if (given_up == given_up_.end()) return false;
    spill(std::move(group), given_up->second);
    return true;
  });
  if (groups.empty()) co_return;
  Group all;
  for (const auto& group : groups) all.insert(all.end(), group.begin(), group.end());
  auto failure = co_await try_with_room(all);
  if (!failure) co_return;
  // Of what rows bring about themselves no table is accused.
  if (failure->verdict() != Verdict::kQuarantine) {
    const bool of_a_target = co_await give_up_unwritable(all);
    if (of_a_target) {
      co_await bisect(std::move(groups));
      co_return;
    }
  }
  if (all.size() == 1) {
    co_await settle_alone(std::move(all.front()), *failure);
    co_return;
  }
  if (failure->sqlstate() == "23503") {
    const bool fewer = co_await take_out_waiting(groups, *failure);
    if (fewer) {
      co_await bisect(std::move(groups));
      co_return;
    }
  }
  const bool ring = groups.size() == 1 && std::all_of(all.begin(), all.end(), [&](const Key& key) { return of_rings_.contains(key); });
  if (ring) {
    for (auto& key : all) refused_.push_back({std::move(key), *failure});
    co_return;
  }
  if (groups.size() == 1) {
    broken_up_.insert(all.begin(), all.end());
    groups.clear();
    for (auto& key : all) groups.push_back({std::move(key)});
  }
  co_await bisect_halves(std::move(groups));
}

/// What stands alone and is refused.
asio::awaitable<void> BisectingRefresh::settle_alone(Key key, Failure failure) {
  const bool apart = co_await take_apart(key);
  if (apart) co_return;
  const bool nowhere = co_await leads_nowhere(connection_, refresh_, key);
  if (nowhere) co_return;
  // For a row whose key it is computing the view fails whatever key it is asked for; a constraint fails for rows.
  if (!failure.sqlstate().starts_with("23")) {
    Group alone = {key};
    const bool of_the_target = co_await give_up_unwritable(alone);
    if (of_the_target) {
      spill(std::move(alone), given_up_.at(key.target()));
      co_return;
    }
  }
  refuse(std::move(key), std::move(failure));
}

/// One row of several is no reason that the others do not come. False: the key is no more than a row's, its rows cannot be told, or are
/// refused as the key is: it stays one key.
asio::awaitable<bool> BisectingRefresh::take_apart(const Key& key) {
  if (apart_) co_return false;
  auto rows = co_await rows_of(connection_, refresh_.model(), key);
  if (rows.empty()) co_return false;
  const auto before = static_cast<std::ptrdiff_t>(refused_.size());
  const auto of_others = std::exchange(tally_[key.target()], {});
  apart_ = true;
  in_vain_apart_ = false;
  auto groups = co_await exchanging(std::move(rows));
  co_await references_.order(groups, of_rings_);
  co_await bisect(std::move(groups));
  apart_ = false;
  const auto of_rows = std::exchange(tally_[key.target()], of_others);
  const bool helped = of_rows.accepted > 0 && !in_vain_apart_;
  if (!helped) refused_.erase(refused_.begin() + before, refused_.end());
  co_return helped;
}

asio::awaitable<void> BisectingRefresh::bisect_halves(std::vector<Group> groups) {
  const auto middle = groups.begin() + static_cast<std::ptrdiff_t>(groups.size() / 2);
  std::vector<Group> second(std::make_move_iterator(middle), std::make_move_iterator(groups.end()));
  groups.erase(middle, groups.end());
  co_await bisect(std::move(groups));
  co_await bisect(std::move(second));
}

/// Of what only waits for another row no table is accused. False: there is none.
asio::awaitable<bool> BisectingRefresh::take_out_waiting(std::vector<Group>& groups, Failure failure) {
  Group all;
  for (const auto& group : groups) all.insert(all.end(), group.begin(), group.end());
  const auto waiting = co_await references_.waiting(std::move(all));
  if (waiting.empty()) co_return false;
  for (auto& group : groups) {
    std::erase_if(group, [&](Key& key) {
      if (!waiting.contains(key)) return false;
      refused_.push_back({std::move(key), failure});
      return true;
    });
  }
  std::erase_if(groups, [](const Group& group) { return group.empty(); });
  co_return true;
}

void BisectingRefresh::refuse(Key key, Failure failure) {
  const auto target = key.target();
  auto& tally = tally_[target];
  // Who has no place because another of the exchange is refused is no sign of a fault that many share.
  if (!failure.is_conflict() || !broken_up_.contains(key)) ++tally.refused;
  if (tally.refused >= kManyRefused && tally.refused > tally.accepted) {
    if (apart_) in_vain_apart_ = true;
    else given_up_.emplace(target, failure);
  }
  refused_.push_back({std::move(key), std::move(failure)});
}

void BisectingRefresh::spill(Group keys, const Failure& failure) {
  const auto target = keys.front().target();
  auto found = std::find_if(unwritable_.begin(), unwritable_.end(), [&](const Unwritable& each) { return each.target == target; });
  if (found == unwritable_.end()) found = unwritable_.insert(found, Unwritable{target, failure, {}, {}});
  found->keys.insert(found->keys.end(), std::make_move_iterator(keys.begin()), std::make_move_iterator(keys.end()));
}

/// What was refused one by one before its target was given up goes with it.
void BisectingRefresh::gather_given_up() {
  std::erase_if(refused_, [&](Refused& each) {
    const auto given_up = given_up_.find(each.key.target());
    if (given_up == given_up_.end()) return false;
    const auto sample = each.key;
    spill({std::move(each.key)}, given_up->second);
    auto& samples = std::find_if(unwritable_.begin(), unwritable_.end(), [&](const Unwritable& one) { return one.target == sample.target(); })->samples;
    if (samples.size() < kSamples) samples.push_back(sample);
    return true;
  });
}

}  // namespace crossfade::sync
