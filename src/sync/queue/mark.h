#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace crossfade::sync {

/// The daemon's own heartbeat: how far behind the writers its effect is, is the lag.
struct Beat {
  std::int64_t epoch = 0;     ///< of the daemon that sent it
  std::uint64_t number = 0;
  double sent_at = 0;         ///< by the server's clock, in seconds since 1970

  bool operator==(const Beat&) const = default;
};

/// Somebody waits until all that stands before it is settled.
struct Barrier {
  std::string id;

  bool operator==(const Barrier&) const = default;
};

/// A message of our own, at its place among the changes.
using Mark = std::variant<Beat, Barrier>;

/// "beat 3 17 1700000000.5", "barrier 4711"; nothing for what is neither.
std::optional<Mark> parse_mark(std::string_view words);

}  // namespace crossfade::sync
