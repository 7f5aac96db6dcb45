#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_set>
#include <vector>

#include "pg/row.h"
#include "sync/refresh/refresh.h"

namespace crossfade::sync {

/// Of a row that foreign_keys.sql gives.
mapping::Reference reference_of(const pg::Row& row);

/// What of keys refers to what: asked in one statement, where trying would take one a row.
class References {
 public:
  References(const Refresh& refresh, pg::Connection& connection) : refresh_(refresh), connection_(connection) {}

  /// Whether rows of a target of `keys` can refer to rows of one that comes after it: tables that refer to each other.
  asio::awaitable<bool> in_a_ring(std::vector<Key> keys);

  /// Whether rows may refer to one of a target of `keys` by a value that it has beside its key, and keep that from changing.
  asio::awaitable<bool> to_a_value(std::vector<Key> keys);

  /// Those of `keys` whose rows refer to one that v2 does not have and that `keys` do not bring, and those that refer to them.
  /// Of another table of which `keys` has keys, what its view has counts as there.
  asio::awaitable<std::unordered_set<Key>> waiting(std::vector<Key> keys);

  /// Those of `form`, keys of one target by one locator, whose rows come to refer to one that another session has locked.
  asio::awaitable<std::vector<Key>> behind_locked(std::vector<Key> form);

  /// Groups of keys so that rows of a table that refer to each other come after those that they refer to. Rows that refer to each
  /// other in a ring are one group, and are added to `rings`.
  asio::awaitable<void> order(std::vector<std::vector<Key>>& groups, std::unordered_set<Key>& rings);

 private:
  struct OfTarget {
    mapping::Reference reference;
    std::optional<TargetId> parent;
    bool holds_values;
  };
  struct Needs {
    Key key;
    std::optional<Key> needed;
  };

  asio::awaitable<void> find();
  asio::awaitable<void> bring_all(std::vector<Key> keys);
  asio::awaitable<const std::vector<OfTarget>*> of(TargetId target);
  asio::awaitable<void> ask(const std::vector<Key>& form, const OfTarget& reference, std::vector<Needs>& found);

  const Refresh& refresh_;
  pg::Connection& connection_;
  bool asked_ = false;
  std::map<TargetId, std::vector<OfTarget>> known_;
};

}  // namespace crossfade::sync
