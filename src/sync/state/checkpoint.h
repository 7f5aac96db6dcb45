#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sync/state/runtime.h"

/// How far a migration is, in the database: every writing transaction ends with it.
namespace crossfade::sync::store {

struct Checkpoint {
  wal::Incarnation incarnation;
  Lsn settled;
  Lsn consistent;
};
/// Nothing where the migration is not prepared.
asio::awaitable<std::optional<Checkpoint>> read_checkpoint(pg::Connection& connection, const std::string& migration);
/// Starts over for a slot that was just made: nothing is settled, nothing consistent.
asio::awaitable<void> begin_checkpoint(pg::Connection& connection, const std::string& migration, wal::Incarnation incarnation);

/// What a checkpoint tells; none: unchanged.
struct Reached {
  Lsn settled;
  std::optional<Lsn> consistent;       ///< received before the snapshot of the transaction was taken
  std::optional<double> beat_sent_at;  ///< of a heartbeat whose effect commits with it, by the server's clock in seconds
  std::string stream_tells = {};       ///< ShapeState::stream_tells, from before that snapshot
  std::optional<Lsn> readable = {};    ///< as `consistent`, but for …
  std::vector<std::string> readable_but = {};  ///< … these targets
};
/// A transaction that has ended with its checkpoint.
struct Committed {
  double clock = 0;  ///< the server's, in seconds
  Lsn end;           ///< of the log, with the transaction in it …
  Lsn flushed;       ///< … and how much of it was on disk
  bool told = true;  ///< else neither the consistent position nor the beat was written, because the stream does not tell what it did
};
/// Writes progress, looks at the lease, and commits; all in one round trip. Throws kNotLeader, and has not committed then.
asio::awaitable<Committed> commit_with_checkpoint(pg::Connection& connection, const Runtime& run, Reached reached);
/// The same as a transaction of its own, which is on disk when this returns. Where it throws, a transaction is to be rolled back.
asio::awaitable<Committed> commit_checkpoint_alone(pg::Connection& connection, const Runtime& run, Reached reached);

}  // namespace crossfade::sync::store
