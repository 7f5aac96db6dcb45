#pragma once

#include <algorithm>
#include <deque>

#include "base/value/lsn.h"

namespace crossfade::sync {

/// What was settled by commits of ours that nobody has waited for to be on disk.
///
/// Invariant 4, where the server is concerned: after a crash of the server a commit that was not flushed is gone, with the rows it wrote
/// and with its checkpoint. What it settled comes again from the slot, but only if the slot was not told of it.
class Unflushed {
 public:
  /// Everything that committed before `settled` is settled by a commit that ends before `end` of the log.
  void add(Lsn settled, Lsn end) {
    // One entry for several says of all what is true of the last.
    if (waiting_.size() >= kMostEntries) {
      waiting_.back() = {std::max(waiting_.back().settled, settled), std::max(waiting_.back().end, end)};
    } else {
      waiting_.push_back({settled, end});
    }
  }

  /// The log is on disk up to `position`: gives up to where everything is settled for good, as far as that was not given before; else 0.
  Lsn flushed(Lsn position) {
    Lsn settled;
    for (; !waiting_.empty() && waiting_.front().end <= position; waiting_.pop_front()) settled = std::max(settled, waiting_.front().settled);
    return settled;
  }

 private:
  /// Commits until the server's log writer comes by: it does so five times a second.
  static constexpr std::size_t kMostEntries = 1000;

  struct Entry {
    Lsn settled;
    Lsn end;
  };
  std::deque<Entry> waiting_;  ///< in the order of the commits
};

}  // namespace crossfade::sync
