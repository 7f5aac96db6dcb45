#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/value/id.h"

namespace crossfade {

/// The values of a locator's columns as PostgreSQL prints them; nothing stands for SQL NULL.
using KeyValues = std::vector<std::optional<std::string>>;

/// One value of one locator of one target: "workout_days where plan_id = 42".
///
/// A key without a locator names every row of
/// its target (a source was truncated). Kept as one string, because millions of them wait in memory at a time.
class Key {
 public:
  static constexpr LocatorId kEveryRow{0xFFFF};

  Key(TargetId target, LocatorId locator, const KeyValues& values);
  static Key every_row(TargetId target) { return Key(target, kEveryRow, {}); }

  TargetId target() const;
  LocatorId locator() const;
  bool names_every_row() const { return locator() == kEveryRow; }
  KeyValues values() const;

  /// Bytes this key occupies in a queue, its bookkeeping included.
  std::size_t footprint() const { return bytes_.size() + 80; }
  /// The worker this key belongs to. Only the values count, so that a parent and its children with the same key meet in
  /// the same worker.
  std::size_t worker(std::size_t workers) const;

  bool operator==(const Key&) const = default;

 private:
  friend struct std::hash<Key>;
  std::string bytes_;
};

}  // namespace crossfade

template <>
struct std::hash<crossfade::Key> {
  std::size_t operator()(const crossfade::Key& key) const noexcept { return std::hash<std::string>{}(key.bytes_); }
};
