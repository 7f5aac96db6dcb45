#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace crossfade {

/// A transaction id as the WAL carries it: 32 bits, without the epoch. Zero: no transaction, always visible.
struct Xid {
  std::uint32_t value = 0;

  auto operator<=>(const Xid&) const = delete;
  bool operator==(const Xid&) const = default;
};

/// True if `a` is older than `b` on the circle of 32-bit ids. Holds for ids less than 2^31 apart, which the server
/// guarantees for all that are alive at once.
inline bool precedes(Xid a, Xid b) { return static_cast<std::int32_t>(a.value - b.value) < 0; }

/// What pg_current_snapshot() says: which transactions a statement sees.
///
/// Invariant 1: a snapshot that cannot see its cause is not used. A commit can be received before it is visible to new
/// snapshots (the WAL is sent before the backend leaves the list of running ones; with synchronous standbys the gap has
/// no bound). Whoever retires a transaction's keys asks sees() first.
class Snapshot {
 public:
  /// Reads "xmin:xmax:xip,xip…"; nothing for any other text. The 64-bit ids are cut to the WAL's 32 bits.
  static std::optional<Snapshot> parse(std::string_view text);

  /// True if what `xid` did is visible, provided that it has committed.
  bool sees(Xid xid) const;

  Xid xmin() const { return xmin_; }
  Xid xmax() const { return xmax_; }

 private:
  Xid xmin_;
  Xid xmax_;
  std::vector<Xid> in_progress_;
};

}  // namespace crossfade
