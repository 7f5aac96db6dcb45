#pragma once

#include <optional>

#include "sync/state/runtime.h"

namespace crossfade::sync {

/// Whether logical messages are heard. Any role that may connect writes them, as large as it likes; so one that is too large is not received,
/// and nothing that may be a message until it is past. A row that is too large comes with it. What our own sessions said meanwhile is lost: of
/// a beat nobody knows, a flip says its barrier again, and what is touched is spilled besides.
struct Hearing {
  bool too_large = false;          ///< something is ahead that was not received
  std::optional<Lsn> deaf_until;
  bool rows_are_large = false;     ///< too large too, and to be received: who writes such has the memory for them
  int in_vain = 0;                 ///< so often the server could not send what comes …
  Lsn behind;                      ///< … after this
};

/// The stream → follow rules → queue, and what is settled → the slot. Never waits for the refresher: when memory is full
/// it stops reading, and status updates go out all the same.
asio::awaitable<void> receive(Runtime& run, Hearing& hearing);

}  // namespace crossfade::sync
