#pragma once

#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "mapping/model/model.h"
#include "sync/queue/key_queue.h"
#include "wal/pgoutput.h"

namespace crossfade::sync {

/// The prefix of our own logical messages: a line with the migration, a line with its secret, and what they say. "touch", a
/// target and a key, a line each, offer that key; a heartbeat or a barrier goes to the queue as a mark.
///
/// Whoever may connect to the database can write a message with this prefix. What lacks the secret of the migration, is longer
/// than ours are, or says nothing of these is refused: counted, and nothing else happens. The secret stands in crossfade.secret, which
/// the engine's role and the functions that speak for it can read. In the log it can be read by whoever may decode that,
/// which is a privilege.
inline constexpr std::string_view kMessagePrefix = "crossfade";
/// A key of 8 kB, the longest that crossfade.touch takes, with names around it.
inline constexpr std::size_t kLongestMessage = 10 << 10;

/// Follow rules at work: a message of the stream → offers in the queue.
class Follow {
 public:
  Follow(const mapping::Model& model, KeyQueue& queue) : model_(model), queue_(queue), offered_(model.targets.size()), emptied_(model.targets.size()) {}

  /// Throws where a source no longer has a column that a rule needs.
  void take(const wal::Message& message);

  /// Messages with this secret are the migration's own; before it is known none is.
  void trust(std::string secret) { secret_ = std::move(secret); }

  /// The stream starts anew: tables are described again, an open transaction comes again.
  void restart();

  /// Keys offered so far, one count a target; keys that were offered before and still wait included.
  const ByTarget<std::uint64_t>& offered() const { return offered_; }
  /// How often a target was offered whole, because a source was emptied or did not tell which row changed.
  const ByTarget<std::uint64_t>& emptied() const { return emptied_; }
  /// Keys that were touched, which are spilled besides.
  std::uint64_t touched() const { return touched_; }
  /// Messages under our prefix that were not ours.
  std::uint64_t refused_messages() const { return refused_messages_; }

 private:
  /// One rule, its columns as places in the tuples of one description of the table.
  struct PlacedRule {
    TargetId target;
    LocatorId locator;
    std::vector<std::size_t> columns;
    std::vector<std::size_t> relevant;
    bool lost = false;       ///< the row has no such columns any more, and so no key
    bool reads_all = false;  ///< what of it is relevant cannot be told
    bool identified = true;  ///< the old row has the columns whenever they changed; of a partitioned table, in every partition
  };
  struct Followed {
    std::string name;
    std::size_t width = 0;  ///< columns of its tuples
    std::vector<PlacedRule> rules;
    bool partitioned = false;
  };
  /// Of a partitioned table the server describes, before the first row from each partition, the table and then that partition.
  using Identities = std::unordered_map<std::uint32_t, std::set<std::string>>;  ///< columns of the old row, by partition

  Followed place_rules(const wal::Relation& relation) const;
  void describe(const wal::Relation& relation);
  void identify_partitions(std::uint32_t root);
  const Followed& followed(std::uint32_t oid) const;
  const Followed& followed(const wal::Message& message) const;
  void insert(const wal::Message& message);
  void update(const wal::Message& message);
  void remove(const wal::Message& message);
  bool offer_all_if_untold(const Followed& table, const PlacedRule& rule, const wal::Message& message);
  void offer(const PlacedRule& rule, const KeyValues& values);
  void offer_all(const PlacedRule& rule);
  bool obey(std::string_view content);
  bool touch(std::string_view target, std::string_view key);

  const mapping::Model& model_;
  KeyQueue& queue_;
  std::unordered_map<std::uint32_t, Followed> by_oid_;
  std::unordered_map<std::uint32_t, Identities> partitions_;  ///< by the oid of their table
  std::unordered_map<std::uint32_t, wal::Relation> roots_;    ///< tables with partitions, as they were described last
  std::optional<wal::Relation> described_;                    ///< by the message before this one, or before the types of what comes now, where it was one that is followed
  ByTarget<std::uint64_t> offered_;
  ByTarget<std::uint64_t> emptied_;
  std::string secret_;
  std::uint64_t touched_ = 0;
  std::uint64_t refused_messages_ = 0;
};

}  // namespace crossfade::sync
