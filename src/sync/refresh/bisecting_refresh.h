#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "sync/refresh/references.h"
#include "sync/refresh/refresh.h"

namespace crossfade::sync {

/// Keys of a target that the database refuses as a whole, or of which it refuses more than it takes.
struct Unwritable {
  TargetId target;
  Failure failure;
  std::vector<Key> keys;     ///< none of them is written
  std::vector<Key> samples;  ///< of those that were tried one by one
};

/// A refresh in which the guilty are told apart: what the database accepts is written. Not the SQLSTATE says whose fault an error
/// is, but trying:
///   a target's  no key at all of it can be refreshed either, or many were refused one by one and fewer accepted
///   a row's     a key that leads to several of them is taken apart into their own keys, as far as the view gives these
///   a key's     it is refused alone
///   neither's   keys whose rows take over each other's places stay together, and bring along who stands there
///   another's   rows that refer to one that is not there, or was refused, wait with it, all at once
/// Errors of the connection, the moment and the lease come out as they are.
class BisectingRefresh {
 public:
  BisectingRefresh(const Refresh& refresh, pg::Connection& connection)
      : refresh_(refresh), connection_(connection), references_(refresh, connection), written_(refresh.model().targets.size()) {}

  /// `why` is what the keys were refused for together. Once an object.
  asio::awaitable<void> keys(std::vector<Key> keys, Failure why);

  const ByTarget<Written>& written() const { return written_; }
  const std::vector<Refused>& refused() const { return refused_; }
  const std::vector<Unwritable>& unwritable() const { return unwritable_; }

 private:
  using Group = std::vector<Key>;
  struct Tally {
    std::size_t accepted = 0;
    std::size_t refused = 0;  ///< for reasons of their own
  };

  asio::awaitable<std::optional<Failure>> try_in_savepoint(Group keys, Room room);
  asio::awaitable<std::optional<Failure>> try_with_room(Group keys);
  asio::awaitable<bool> try_together(Group keys, Failure why);
  asio::awaitable<bool> take_out(Group keys);
  asio::awaitable<bool> give_up_unwritable(Group keys);
  asio::awaitable<std::vector<Group>> exchanging(Group keys);
  asio::awaitable<const std::vector<mapping::Exclusive>*> exclusives(TargetId target);
  asio::awaitable<void> bisect(std::vector<Group> groups);
  asio::awaitable<void> bisect_halves(std::vector<Group> groups);
  asio::awaitable<void> settle_alone(Key key, Failure failure);
  asio::awaitable<bool> take_apart(const Key& key);
  asio::awaitable<bool> take_out_waiting(std::vector<Group>& groups, Failure failure);
  void refuse(Key key, Failure failure);
  void spill(Group keys, const Failure& failure);
  void gather_given_up();

  const Refresh& refresh_;
  pg::Connection& connection_;
  References references_;
  std::string why_;                   ///< the SQLSTATE of what the keys were refused for together
  std::unordered_set<Key> of_rings_;  ///< none of them can be written without the others of its group
  std::unordered_set<Key> broken_up_;  ///< keys whose rows exchange places, and were tried one by one because one of them is refused
  ByTarget<Written> written_;
  std::vector<Refused> refused_;
  std::vector<Unwritable> unwritable_;
  std::map<TargetId, Tally> tally_;
  bool apart_ = false;                ///< what is tried are rows of one key …
  bool in_vain_apart_ = false;        ///< … most of which are refused
  pg::Clock::duration in_vain_{};  ///< spent on taking rows out that were refused all the same
  std::set<TargetId> asked_;  ///< whether they refuse no key at all
  std::map<TargetId, Failure> given_up_;
  std::map<TargetId, std::vector<mapping::Exclusive>> exclusives_;
};

}  // namespace crossfade::sync
