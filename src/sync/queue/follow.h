#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "mapping/model/model.h"
#include "sync/queue/key_queue.h"
#include "wal/pgoutput.h"

namespace crossfade::sync {

/// The prefix of our own logical messages. "touch", a migration, a target and a key, a line each, offer that key; what else
/// they say goes to the queue as a mark.
inline constexpr std::string_view kMessagePrefix = "crossfade";

/// Follow rules at work: a message of the stream → offers in the queue.
class Follow {
 public:
  Follow(const mapping::Model& model, KeyQueue& queue) : model_(model), queue_(queue), offered_(model.targets.size()), emptied_(model.targets.size()) {}

  /// Throws where a source no longer has a column that a rule needs.
  void take(const wal::Message& message);

  /// The stream starts anew: tables are described again, an open transaction comes again.
  void restart();

  /// Keys offered so far, one count a target; keys that were offered before and still wait included.
  const std::vector<std::uint64_t>& offered() const { return offered_; }
  /// How often a target was offered whole, because a source was emptied.
  const std::vector<std::uint64_t>& emptied() const { return emptied_; }

 private:
  /// One rule, its columns as places in the tuples of one description of the table.
  struct PlacedRule {
    std::uint16_t target;
    std::uint16_t locator;
    std::vector<std::size_t> columns;
    std::vector<std::size_t> relevant;
  };
  struct Followed {
    std::string name;
    std::size_t width = 0;  ///< columns of its tuples
    std::vector<PlacedRule> rules;
  };

  Followed place_rules(const wal::Relation& relation) const;
  const Followed& followed(std::uint32_t oid) const;
  const Followed& followed(const wal::Message& message) const;
  void update(const wal::Message& message);
  void offer(const PlacedRule& rule, const KeyValues& values);
  void on_control_message(std::string_view content);

  const mapping::Model& model_;
  KeyQueue& queue_;
  std::unordered_map<std::uint32_t, Followed> by_oid_;
  std::vector<std::uint64_t> offered_;
  std::vector<std::uint64_t> emptied_;
};

}  // namespace crossfade::sync
