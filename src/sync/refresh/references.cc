#include "sync/refresh/references.h"

#include <embedded_sql.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/text/sql_text.h"
#include "pg/savepoint.h"
#include "sync/refresh/key_forms.h"

namespace crossfade::sync {
namespace {

namespace queries = sql::queries;

/// Numbers in an order in which each comes after those that it needs; numbers that need each other in a ring, as one entry. Tarjan's,
/// with a stack of its own: a chain can be as long as a table.
class InOrder {
 public:
  explicit InOrder(const std::vector<std::vector<std::size_t>>& needs) : needs_(needs), index_(needs.size(), 0), low_(needs.size(), 0), open_(needs.size(), false) {
    for (std::size_t n = 0; n < needs.size(); ++n) {
      if (index_[n] == 0) visit(n);
    }
  }
  std::vector<std::vector<std::size_t>> parts;

 private:
  void enter(std::size_t n) {
    index_[n] = low_[n] = ++last_;
    open_[n] = true;
    waiting_.push_back(n);
    path_.emplace_back(n, 0);
  }
  void visit(std::size_t from) {
    for (enter(from); !path_.empty();) {
      auto& [n, next] = path_.back();
      if (next < needs_[n].size()) {
        const auto needed = needs_[n][next++];
        if (index_[needed] == 0) {
          enter(needed);
        } else if (open_[needed]) {
          low_[n] = std::min(low_[n], index_[needed]);
        }
        continue;
      }
      leave(n);
    }
  }
  void leave(std::size_t n) {
    path_.pop_back();
    if (!path_.empty()) low_[path_.back().first] = std::min(low_[path_.back().first], low_[n]);
    if (low_[n] != index_[n]) return;
    const auto first = std::find(waiting_.rbegin(), waiting_.rend(), n).base() - 1;
    parts.emplace_back(first, waiting_.end());
    for (const auto each : parts.back()) open_[each] = false;
    waiting_.erase(first, waiting_.end());
  }

  const std::vector<std::vector<std::size_t>>& needs_;
  std::size_t last_ = 0;
  std::vector<std::size_t> index_;
  std::vector<std::size_t> low_;
  std::vector<bool> open_;
  std::vector<std::size_t> waiting_;
  std::vector<std::pair<std::size_t, std::size_t>> path_;
};

}  // namespace

mapping::Reference reference_of(const pg::Row& row) {
  return {std::string(row.text("parent")), std::string(row.text("there")), std::string(row.text("met")), row.truth("to_itself")};
}

asio::awaitable<void> References::find() {
  if (std::exchange(asked_, true)) co_return;
  std::vector<std::optional<std::string>> tables;
  for (const auto& each : refresh_.model().targets) tables.emplace_back(each.table.quoted());
  const std::string foreign_keys(queries::foreign_keys);
  pg::Parameters parameters = {array_text(tables)};
  const auto tried = co_await pg::try_in_savepoint(connection_, foreign_keys, parameters);
  for (const auto row : pg::rows(tried.result)) {
    OfTarget each;
    each.reference = reference_of(row);
    if (!row.is_null("place")) each.parent = TargetId(row.number("place"));
    each.holds_values = row.truth("holds_values");
    known_[TargetId(row.number("child"))].push_back(std::move(each));
  }
}

asio::awaitable<const std::vector<References::OfTarget>*> References::of(TargetId target) {
  co_await find();
  co_return &known_[target];
}

asio::awaitable<bool> References::in_a_ring(std::vector<Key> keys) {
  std::set<TargetId> targets;
  for (const auto& key : keys) targets.insert(key.target());
  bool any = false;
  for (const auto target : targets) {
    const auto* references = co_await of(target);
    any = any || std::any_of(references->begin(), references->end(), [&](const OfTarget& each) { return each.parent && *each.parent > target; });
  }
  co_return any;
}

asio::awaitable<bool> References::to_a_value(std::vector<Key> keys) {
  co_await find();
  std::set<TargetId> targets;
  for (const auto& key : keys) targets.insert(key.target());
  co_return std::any_of(known_.begin(), known_.end(), [&](const auto& of_child) {
    return std::any_of(of_child.second.begin(), of_child.second.end(),
                       [&](const OfTarget& each) { return each.holds_values && each.parent && targets.contains(*each.parent); });
  });
}

/// Nothing where it cannot be asked of them together.
asio::awaitable<void> References::ask(const std::vector<Key>& form, const OfTarget& reference, std::vector<Needs>& found) {
  const auto target = form.front().target();
  const auto locator = form.front().locator();
  if (refresh_.model().targets[target].locators.at(locator).indirect()) co_return;
  const auto selection = std::move(select_keys(refresh_.model(), form).at(target));
  auto sql = refresh_.statements(target).waiting(selection.filters.front(), reference.reference);
  const auto tried = co_await pg::try_in_savepoint(connection_, std::move(sql), selection.parameters);
  if (tried.refused) co_return;
  for (const auto row : pg::rows(tried.result)) {
    const Key taker(target, locator, parse_array(row.text("taker")));
    Needs needs{taker, std::nullopt};
    if (!row.is_null("needed")) needs.needed = Key(target, locator, parse_array(row.text("needed")));
    found.push_back(std::move(needs));
  }
}

/// What stands for the views has the rows of all these keys, whichever of them is asked about.
asio::awaitable<void> References::bring_all(std::vector<Key> keys) {
  if (!refresh_.model().apart) co_return;
  std::map<TargetId, std::vector<Key>> of_targets;
  for (auto& key : keys) of_targets[key.target()].push_back(std::move(key));
  for (auto& [target, of_target] : of_targets) co_await refresh_.select_here(connection_, std::move(of_target), Refresh::Brought::kRows);
}

asio::awaitable<std::unordered_set<Key>> References::waiting(std::vector<Key> keys) {
  std::set<TargetId> targets;
  for (const auto& key : keys) targets.insert(key.target());
  std::vector<Needs> found;
  co_await bring_all(keys);
  const auto forms = by_form(keys);
  for (const auto& form : forms) {
    const auto* references = co_await of(form.front().target());
    for (const auto& reference : *references) {
      auto asked = reference;
      const bool may_come = !reference.reference.to_itself && reference.parent && targets.contains(*reference.parent);
      if (may_come) asked.reference.view = refresh_.statements(*reference.parent).view();
      co_await ask(form, asked, found);
    }
  }
  std::unordered_set<Key> waiting;
  std::vector<Key> fresh;
  std::unordered_map<Key, std::vector<Key>> needed_by;
  for (auto& [key, needed] : found) {
    if (needed) {
      needed_by[*needed].push_back(std::move(key));
    } else if (waiting.insert(key).second) {
      fresh.push_back(std::move(key));
    }
  }
  while (!fresh.empty()) {
    const auto key = std::move(fresh.back());
    fresh.pop_back();
    for (auto& next : needed_by[key]) {
      if (waiting.insert(next).second) fresh.push_back(next);
    }
  }
  co_return waiting;
}

asio::awaitable<std::vector<Key>> References::behind_locked(std::vector<Key> form) {
  std::vector<Key> behind;
  const auto target = form.front().target();
  const auto locator = form.front().locator();
  if (refresh_.model().targets[target].locators.at(locator).indirect()) co_return behind;
  const auto selection = std::move(select_keys(refresh_.model(), form).at(target));
  const auto* references = co_await of(target);
  for (const auto& each : *references) {
    auto sql = refresh_.statements(target).behind(selection.filters.front(), each.reference);
    const auto tried = co_await pg::try_in_savepoint(connection_, std::move(sql), selection.parameters);
    // Who cannot be asked is found by trying.
    if (tried.refused) continue;
    for (std::size_t row = 0; row < tried.result.size(); ++row) behind.emplace_back(target, locator, parse_array(tried.result.text(row, 0)));
  }
  co_return behind;
}

asio::awaitable<void> References::order(std::vector<std::vector<Key>>& groups, std::unordered_set<Key>& rings) {
  std::vector<Key> keys;
  std::unordered_map<Key, std::size_t> group_of;
  for (std::size_t n = 0; n < groups.size(); ++n) {
    for (const auto& key : groups[n]) {
      group_of.emplace(key, n);
      keys.push_back(key);
    }
  }
  std::vector<Needs> found;
  co_await bring_all(keys);
  const auto forms = by_form(keys);
  for (const auto& form : forms) {
    const auto* references = co_await of(form.front().target());
    for (const auto& reference : *references) {
      if (reference.reference.to_itself) co_await ask(form, reference, found);
    }
  }
  std::vector<std::vector<std::size_t>> needs(groups.size());
  bool any = false;
  for (const auto& [key, needed] : found) {
    const auto own = group_of.find(key);
    const auto other = needed ? group_of.find(*needed) : group_of.end();
    if (own == group_of.end() || other == group_of.end() || own->second == other->second) continue;
    needs[own->second].push_back(other->second);
    any = true;
  }
  if (!any) co_return;
  std::vector<std::vector<Key>> ordered;
  for (const auto& part : InOrder(needs).parts) {
    auto& group = ordered.emplace_back();
    for (const auto n : part) std::move(groups[n].begin(), groups[n].end(), std::back_inserter(group));
    if (part.size() > 1) rings.insert(group.begin(), group.end());
  }
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.front().target() < b.front().target(); });
  groups = std::move(ordered);
}

}  // namespace crossfade::sync
