#pragma once

#include <map>
#include <unordered_set>

#include "sync/apply/catch_up.h"
#include "sync/state/checkpoint.h"
#include "sync/state/runtime.h"
#include "sync/state/store.h"

namespace crossfade::sync {

/// Takes what is offered and settles it. Five ways, by what goes on:
///   spill      all targets are being filled, or memory is full: keys go to crossfade.dirty, their transactions are settled
///   drain      more keys wait in crossfade.dirty than one transaction should have: they are refreshed in workers, in bounded
///              transactions; the guarantee is per key
///   catch up   the same for more keys in memory
///   beside     somebody has locked tables for long, as a change of their shape does: keys of targets that are read from them are
///              spilled, the others are drained
///   cut        all that one snapshot sees, in memory and spilled, is refreshed in one transaction, so that after its commit all
///              targets together equal the views at that snapshot
class Refresher {
 public:
  explicit Refresher(Runtime& run) : run_(run), workers_(run) {}

  /// Returns when the engine is stopping and the round is over. Throws what a round cannot decide itself.
  asio::awaitable<void> loop();

 private:
  struct View {
    Snapshot snapshot;
    Lsn flushed;
  };

  /// Keys that one transaction refreshes, and what workers have written before it.
  struct Work {
    std::vector<Key> keys;
    ByTarget<Written> written;
  };

  asio::awaitable<bool> round(pg::Connection& connection);
  asio::awaitable<bool> spill(pg::Connection& connection);
  asio::awaitable<void> look_at_fills(pg::Connection& connection);
  asio::awaitable<bool> drain(pg::Connection& connection);
  asio::awaitable<bool> catch_up(pg::Connection& connection);
  /// Nothing was offered; the position alone moves, and applications that wait for it must not wait for a beat. Whether there is more to do;
  /// nothing where a cut is to be made all the same.
  asio::awaitable<std::optional<bool>> move_position_alone(pg::Connection& connection);
  asio::awaitable<bool> cut(pg::Connection& connection);
  asio::awaitable<void> say_position(pg::Connection& connection);
  void note_commit(const store::Committed& committed);
  asio::awaitable<bool> go_on_beside(pg::Connection& connection);
  asio::awaitable<void> find_locked(pg::Connection& connection);
  asio::awaitable<void> after_lock(pg::Connection& connection, Failure failure);
  void rest_locked();
  std::vector<TargetId> targets_to_read() const;
  asio::awaitable<void> become_consistent(pg::Connection& connection, std::optional<std::uint64_t> generation);
  asio::awaitable<void> offer_due(pg::Connection& connection);

  /// Keys of crossfade.dirty, of its oldest rows.
  struct Spilled {
    std::unordered_set<Key> keys;
    std::vector<std::int64_t> ids;  ///< of the rows that the snapshot sees
    bool all = true;                ///< there are no others
  };

  /// What the open transaction writes by: as the session began it, or with the patience of a refresh and plans that are there already,
  /// or with plans of its own.
  enum class SetUp { kNone, kForFew, kForMany };

  asio::awaitable<View> begin(pg::Connection& connection, std::string set_up = {});
  asio::awaitable<Spilled> take_spilled(pg::Connection& connection, Snapshot snapshot, std::size_t most);
  asio::awaitable<bool> write_at_cut(pg::Connection& connection, Snapshot snapshot, std::vector<Key> keys, Spilled spilled);
  asio::awaitable<bool> received_up_to(pg::Connection& connection, Lsn position);
  Work all_of(std::vector<Key> keys) const;
  asio::awaitable<Work> share(const std::vector<Key>& keys);
  asio::awaitable<void> set_up(pg::Connection& connection, SetUp needed);
  asio::awaitable<void> write(pg::Connection& connection, const std::vector<Key>& keys, Work work, std::size_t may_wait);
  asio::awaitable<void> write_keys(pg::Connection& connection, const std::vector<Key>& keys, Work work, std::size_t may_wait);
  asio::awaitable<std::optional<Failure>> ends_its_session(std::vector<Key> group);
  asio::awaitable<std::vector<Refused>> take_deadly(pg::Connection& connection, std::vector<Key>& keys, std::unordered_set<Key>& open);
  asio::awaitable<void> set_aside(pg::Connection& connection, std::vector<Refused> refused);
  asio::awaitable<void> reconcile_whole(pg::Connection& connection, const std::vector<TargetId>& whole);
  void count_written(const std::vector<Key>& keys, const ByTarget<Written>& written);
  asio::awaitable<void> after_failure(pg::Connection& connection, const Failure& failure);
  /// Of this run.
  std::optional<Beat> last_beat(const Batch& batch) const;
  /// Its effect was committed when the server's clock stood at `clock`.
  void applied(const Beat& beat, double clock);

  /// What one round has taken out of the queue, and how far the settled position comes with it.
  struct Taken {
    Batch batch;
    std::vector<Key> keys;
    std::vector<TargetId> whole;  ///< targets that are compared whole
    std::optional<Beat> beat;
    store::Reached reached;
    bool told = true;  ///< as store::Committed has it
  };
  Taken take(Batch batch, const std::unordered_set<Key>& spilled = {}) const;
  /// Does `work`, which leaves a transaction open, commits it together with the checkpoint, and forgets the batch. Where that
  /// fails the batch is in the queue again.
  asio::awaitable<void> settle(pg::Connection& connection, Taken& taken, const std::function<asio::awaitable<void>()>& work);

  /// The targets that `keys` name whole; those keys are taken out.
  std::vector<TargetId> take_whole_targets(std::vector<Key>& keys) const;
  bool too_much(const Batch& batch) const;
  std::size_t most_keys() const;

  Runtime& run_;
  CatchUp workers_;
  SetUp set_up_ = SetUp::kNone;
  bool behind_ = false;               ///< more waits in memory than one transaction should have
  std::optional<Failure> refused_;    ///< what the last rounds failed by, if trying can find whose fault it is; until one goes through
  std::uint64_t failed_rounds_ = 0;   ///< in a row
  bool row_locks_ = false;            ///< another session may have rows of v2 locked; until nothing is set aside
  std::map<TargetId, Parked> locked_;  ///< targets that are read from what another session has locked …
  Clock::time_point try_locked_{};    ///< … and when that is tried again
  Clock::time_point next_due_{};
  bool on_disk_ = true;               ///< what was committed last is: it was waited for
  Lsn written_;                       ///< where the log ended when the last round was committed, with what that wrote itself …
  Clock::time_point written_at_{};    ///< … when that was …
  Clock::duration say_after_{};       ///< … and how long after it is said that this can be read as well
};

}  // namespace crossfade::sync
