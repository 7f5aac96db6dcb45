#pragma once

#include <algorithm>

#include "base/value/lsn.h"
#include "wal/pgoutput.h"

namespace crossfade::wal {

/// How far one stream has come, and what the server may be told of it.
///
/// Invariant 4, the stream's half: the slot is told an LSN only when every transaction up to it is settled and that is
/// durable. The owner knows what is settled; this knows what has been received, from two positions that are never
/// mixed: the end of the last commit, which is about transactions that came, and the last keepalive, which is about WAL
/// that held nothing for us. The latter counts only while no transaction is open: confirmed too early, the rest of the
/// open one would not come again after a crash.
class Progress {
 public:
  /// Everything before `start` was settled by an earlier stream.
  explicit Progress(Lsn start) : data_position_(start), confirmed_(start) {}

  /// Throws a Failure where the messages are in no order that a server sends: a change outside a transaction, a begin
  /// within one, a commit that is not the one announced. Going on could settle what never came whole.
  void take(const Message& message);

  /// `sent` can be lower than what was seen before.
  void take_keepalive(Lsn sent) { keepalive_position_ = std::max(keepalive_position_, sent); }

  /// Everything that committed before this position has come. Never goes back.
  Lsn received() const { return open_ ? before_open_ : std::max(data_position_, keepalive_position_); }
  bool transaction_open() const { return open_; }

  /// Never goes back, and never beyond what has been received.
  void confirm(Lsn settled_and_durable) {
    confirmed_ = std::max(confirmed_, std::min(settled_and_durable, received()));
  }
  Lsn confirmed() const { return confirmed_; }

 private:
  Lsn data_position_;       ///< end of the last commit
  Lsn keepalive_position_;  ///< the highest of all keepalives
  Lsn confirmed_;
  bool open_ = false;
  Lsn before_open_;  ///< received() when the open transaction began
  Lsn announced_;    ///< where the open transaction's commit record begins
};

}  // namespace crossfade::wal
