#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/error/failure.h"
#include "base/value/key.h"

namespace crossfade::sync {

/// Keys whose refresh may end the session that does it: a function of a view that terminates it, or that brings its process down. Then nobody
/// answers who could say which key it was, and the run ends; so this outlives the runs of an engine.
class Suspects {
 public:
  /// So often in a row a session has to be lost with a key in hand before the key is suspected: lines are cut, and servers restarted.
  static constexpr int kLost = 2;

  /// The session was lost with these in hand.
  void note(const std::vector<Key>& in_hand);
  /// A session has done with these, and lives.
  void done(const std::vector<Key>& in_hand);
  bool suspected(const Key& key) const;
  bool any(const std::vector<Key>& keys) const;
  void clear(const Key& key);

  /// The same of a chunk that begins behind `low`: how often in a row its session was lost.
  using Low = std::pair<TargetId, std::optional<std::string>>;
  std::map<Low, int> chunks;
  std::map<Low, int> claims;  ///< before it was known where the chunk ends
  static int of(const std::map<Low, int>& lost, const Low& low);
  void clear_chunks(TargetId target);

  std::unordered_map<Key, int> deaths;         ///< how often the session of a key that was tried alone has ended
  std::unordered_map<Key, Failure> convicted;  ///< by what; until that is written down, which a server that went down with it has prevented
  std::vector<std::vector<Key>> groups;        ///< that are tried by halves; a server that went down with one goes on with the next

 private:
  int lost_ = 0;
  std::unordered_set<Key> keys_;
};

}  // namespace crossfade::sync
