#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crossfade {

/// The values of a locator's columns as PostgreSQL prints them; nothing stands for SQL NULL.
using KeyValues = std::vector<std::optional<std::string>>;

/// One value of one locator of one target: "workout_days where plan_id = 42".
///
/// Targets and locators are numbered by their place in the migration's model. A key without a locator names every row of
/// its target (a source was truncated). Kept as one string, because millions of them wait in memory at a time.
class Key {
 public:
  static constexpr std::uint16_t kEveryRow = 0xFFFF;

  Key(std::uint16_t target, std::uint16_t locator, const KeyValues& values);
  static Key every_row(std::uint16_t target) { return Key(target, kEveryRow, {}); }

  std::uint16_t target() const;
  std::uint16_t locator() const;
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
