#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/value/lsn.h"

namespace crossfade::wal {

/// What stands in one CopyData message of a walsender.
struct ReplicationMessage {
  enum class Kind { kData, kKeepalive };

  Kind kind = Kind::kKeepalive;
  /// kData: the plugin's bytes. The LSNs around them are not kept: they are neither monotonic nor unique, sometimes 0.
  std::string_view data;
  /// kKeepalive: what the walsender has sent so far (not the end of WAL, as documented). Can go back.
  Lsn sent;
  bool reply_requested = false;
};

/// Throws a Failure for anything else.
ReplicationMessage read_replication_message(std::string_view bytes);

/// A standby status update. `received` is only shown by the server; `flushed` is what it may forget.
struct StatusUpdate {
  Lsn received;
  Lsn flushed;
  std::int64_t clock = 0;  ///< microseconds since 2000-01-01
  bool ask_for_reply = false;
};
std::string write_status_update(const StatusUpdate& update);

}  // namespace crossfade::wal
