#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/value/key.h"
#include "mapping/model/model.h"
#include "pg/connection.h"
#include "sync/refresh/refresh.h"

namespace crossfade::verify {

namespace asio = boost::asio;

/// The keys by which view and shadow are compared, where they are not compared whole.
///
/// A view that no index serves, a summary or a union with a computed key, would be evaluated once for each locator, and each of its rows
/// searched one by one in what the locator's select gives. So what the selects give is asked for before: values that the planner knows, of
/// all locators over the same column together.
class ComparedKeys {
 public:
  ComparedKeys(const mapping::Model& model, const std::vector<Key>& keys);

  /// The one of the comparison: each target has a locator more for a column of which selects give the values.
  const mapping::Model& model() const { return model_; }
  bool contains(TargetId target) const { return of_targets_.contains(target); }

  /// Asks what the selects give before anything changes. It counts for good: a row that moves has to be gone from where it was.
  asio::awaitable<void> begin(pg::Connection& connection, TargetId target);
  /// Asks what they give now.
  asio::awaitable<void> look_up(pg::Connection& connection, TargetId target);
  sync::Selection selection(TargetId target) const;

 private:
  /// What is known of a target's keys.
  struct OfTarget {
    std::vector<Key> direct;                             ///< as they came
    std::map<LocatorId, std::vector<Key>> asked;         ///< by locator: those whose values a select gives
    std::map<LocatorId, LocatorId> known_by;           ///< the locator that takes what the select of another one gives
    std::map<LocatorId, std::set<KeyValues>> before;     ///< by that one
    std::map<LocatorId, std::set<KeyValues>> now;
  };

  asio::awaitable<std::map<LocatorId, std::set<KeyValues>>> given(pg::Connection& connection, TargetId target) const;
  std::optional<LocatorId> direct_twin(TargetId target, LocatorId locator);

  mapping::Model model_;
  std::map<TargetId, OfTarget> of_targets_;
};

}  // namespace crossfade::verify
