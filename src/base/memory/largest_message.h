#pragma once

#include <cstddef>
#include <limits>

namespace crossfade {

inline constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

/// How large a message of a walsender may be, in the streams that begin from now on. One that is larger ends its session with
/// kTooLarge before it is received.
void take_messages_up_to(std::size_t most);
std::size_t largest_message_taken();

/// The SQLSTATE of such an end.
inline constexpr const char* kTooLarge = "CF013";

/// While it lives no memory of this thread grows beyond `most` bytes in one piece: realloc refuses. libpq has no limit of its own; as soon as
/// it knows how long a message is it asks for room for all of it, and ends the session where it gets none.
class GrowthLimit {
 public:
  explicit GrowthLimit(std::size_t most);
  ~GrowthLimit();
  GrowthLimit(const GrowthLimit&) = delete;
  GrowthLimit& operator=(const GrowthLimit&) = delete;

  /// Something was refused.
  bool was_reached() const;
};

}  // namespace crossfade
