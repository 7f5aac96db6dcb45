#pragma once


#include "sync/runtime.h"

namespace crossfade::sync {

/// Takes what is offered and settles it. Three ways, by what goes on:
///   set down   targets are being filled, or memory is full: keys go to crossfade.dirty, their transactions are settled
///   drain      keys wait in crossfade.dirty: they are refreshed in bounded transactions; the guarantee is per key
///   cut        nothing waits there: all that one snapshot sees is refreshed in one transaction, so that after its commit
///              all targets together equal the views at that snapshot
class Refresher {
 public:
  explicit Refresher(Runtime& run) : run_(run) {}

  /// Returns when the engine is stopping and the round is over. Throws what a round cannot decide itself.
  asio::awaitable<void> loop();

 private:
  struct View {
    Snapshot snapshot;
    Lsn flushed;
  };

  asio::awaitable<bool> round(pg::Connection& connection);
  asio::awaitable<bool> set_down(pg::Connection& connection);
  asio::awaitable<bool> drain(pg::Connection& connection);
  asio::awaitable<bool> cut(pg::Connection& connection);
  asio::awaitable<void> become_consistent(pg::Connection& connection);
  asio::awaitable<void> offer_due(pg::Connection& connection);

  asio::awaitable<View> begin(pg::Connection& connection);
  asio::awaitable<bool> received_up_to(Lsn position);
  asio::awaitable<void> write(pg::Connection& connection, const std::vector<Key>& keys, bool may_wait);
  void settle(const Batch& batch, double clock);

  Runtime& run_;
  bool careful_ = false;              ///< the last attempt was refused: find the guilty by halves
  Clock::time_point next_due_{};
};

}  // namespace crossfade::sync
