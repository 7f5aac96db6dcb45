#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "async/notify.h"
#include "base/telemetry/metrics.h"
#include "base/value/id.h"
#include "mapping/model/model.h"
#include "pg/connection.h"
#include "sync/queue/follow.h"
#include "sync/queue/key_queue.h"
#include "sync/queue/lag.h"
#include "sync/refresh/refresh.h"
#include "sync/state/unflushed.h"
#include "wal/slot.h"

namespace crossfade::sync {

using async::Clock;

/// What the operator chose. Each default carries its reason.
struct Settings {
  pg::Endpoint endpoint;
  std::string holder;                      ///< who leads, for people: host and pid
  std::string slot;
  std::string publication;
  int workers = 2;                         ///< sessions that backfill or catch up at a time
  std::size_t queue_bytes = 40 << 20;      ///< keys in memory; leaves the process far below 128 MiB
  std::size_t batch_keys = 20'000;         ///< of one transaction: a second or less, and a whole table's pages pay for many keys
  bool standby = false;                    ///< wait for the lease while another has it
  std::chrono::milliseconds chunk_aim{700};  ///< of one backfill chunk: short snapshots, and a pause is felt at once
  std::string stand_ins = {};              ///< what makes, in each session, the tables that stand for the views; "" where v1 is on the same server
};

/// How far one target's backfill is, in rows.
struct TargetProgress {
  double estimated = 0;
  std::uint64_t done = 0;
  bool finished = false;
  bool bulk = false;
};

/// How long the refreshes of one target took lately.
struct RefreshTimes {
  double seconds = 0;                      ///< of one: a mean in which the last ones weigh most
  Clock::time_point last{};

  void took(double one) {
    constexpr double kWeight = 0.2;
    seconds = last == Clock::time_point{} ? one : (1 - kWeight) * seconds + kWeight * one;
    last = Clock::now();
  }
};

/// Why the work is held back, and since when in seconds since 1970.
struct HeldBack {
  std::string by;                          ///< sessions, replica_lag, retained_wal
  double since = 0;
};

/// Something that wants to read at a consistent cut, and what came of it.
struct CutJob {
  std::function<asio::awaitable<void>(pg::Connection&)> read;
  bool done = false;
  std::optional<Failure> failure;
};

/// A target that the database refuses as a whole; crossfade.parked has it too. Its keys wait in crossfade.dirty.
struct Parked {
  double since = 0;                  ///< seconds since 1970
  bool resting = true;               ///< nothing of it is tried; else it is on trial
  std::string because;
};

/// What one run of the engine shares between its parts: from taking the lease to losing a connection. Everything in it
/// can be forgotten at any time; the database knows the rest.
struct Runtime {
  Runtime(const mapping::Model& the_model, const Settings& the_settings, Metrics& the_metrics, asio::any_io_executor executor)
      : model(the_model), settings(the_settings), metrics(the_metrics), follow(the_model, queue), refresh(the_model),
        offered(executor), applied(executor), control_changed(executor), progress(the_model.targets.size()), refreshes(the_model.targets.size()) {}

  const mapping::Model& model;
  const Settings& settings;
  Metrics& metrics;

  wal::Incarnation incarnation;
  std::int64_t epoch = 0;

  KeyQueue queue;
  Follow follow;
  Refresh refresh;

  async::Notify offered;          ///< the stream brought a commit or a position
  async::Notify applied;          ///< the refresher made room or settled something
  async::Notify control_changed;            ///< a person or another part wants something: pause, stop, reconcile

  std::function<void()> ask_for_position = [] {};  ///< has the stream say how far it is; the receiver sets it
  Lsn received;            ///< everything that committed before it has been offered
  Lsn settled;             ///< … is settled and durable: what the slot may be told
  Unflushed unflushed;     ///< … is settled, and will be durable
  Lsn consistent;          ///< … can be read in v2
  Lsn readable;            ///< … can be read in v2 but for the targets that were behind() then
  bool backfilling = true; ///< all targets are being filled; what is offered is set down, not refreshed
  /// Targets that are being filled while others go on, and whoever refers to them: their keys are set down. What is being filled the backfill
  /// writes into the database, and the refresher, which alone changes these two, looks there when it is asked to.
  std::set<TargetId> waiting;
  std::uint64_t fills_asked = 1;  ///< how often something has begun or ended to be filled …
  std::uint64_t fills_known = 0;  ///< … of which the refresher knows
  std::uint64_t fills_begun = 0;  ///< how often the refresher had something filled anew
  bool catching_up = true; ///< keys wait in crossfade.dirty
  bool paused = false;     ///< a person holds it …
  double paused_since = 0; ///< … since then, in seconds since 1970
  bool misnamed = false;   ///< a source's name means another table: what is offered is set down until it is its own again
  bool model_due = false;  ///< what the migration is made of fits the catalog otherwise than the model says: the engine begins anew
  /// Targets that an amend has touched: they are filled once whoever wrote before it is through.
  std::set<TargetId> amended;
  bool shape_due = false;  ///< the stream told of a table: what is followed is looked at before its time
  /// More may have changed than the stream tells: until it was looked at, and while what is followed is not what the views read.
  bool untold = true;
  bool untold_of_all = true;  ///< the same of targets that were not amended as well
  /// What the stream told of when that was looked at: nothing is said to be readable while it is another thing.
  std::string stream_tells;
  std::uint64_t compared_anew = 0;  ///< how often rows were offered for that
  std::string phase;       ///< as last sampled
  /// The log is on disk up to `position`, as all is that comes through the stream.
  void flushed(Lsn position) { settled = std::max(settled, unflushed.flushed(position)); }
  /// No target is behind for a reason of its own.
  bool all_written() const { return parked.empty() && waiting.empty() && model.left_out.empty(); }
  /// Targets that are behind the others, by their names.
  std::vector<std::string> behind() const;
  /// As told(), of the others.
  std::optional<std::uint64_t> told_of_others() const { return untold_of_all ? std::nullopt : std::optional(compared_anew); }
  bool filling() const { return backfilling || !waiting.empty(); }
  /// What is settled is all that can be read.
  bool all_told() const { return all_written() && !untold; }
  /// The same, with a number: where it is another one later, rows were offered in between that nothing read before has seen.
  std::optional<std::uint64_t> told() const { return all_told() ? std::optional(compared_anew) : std::nullopt; }
  /// The stream tells something else than when that was looked at.
  void look_again() {
    untold = untold_of_all = shape_due = true;
    control_changed.notify_all();
  }
  /// What is offered is not refreshed for now.
  bool set_down() const { return backfilling || paused || misnamed; }

  bool stopping = false;
  std::optional<HeldBack> throttled;     ///< the backfill waits until the server is less busy
  std::optional<Clock::time_point> failing_since;  ///< no round has gone through since then …
  std::string failing_because;                     ///< … and by what the last one failed
  std::uint64_t dirty_keys = 0;
  std::uint64_t quarantined = 0;
  std::map<TargetId, Parked> parked;  ///< by target
  ByTarget<TargetProgress> progress;
  ByTarget<RefreshTimes> refreshes;
  std::deque<std::shared_ptr<CutJob>> at_cut;  ///< wait for the next consistent cut
  LagGauge lag;
  wal::SlotState slot;     ///< as last sampled
  Lsn end_of_wal;          ///< as last sampled
};

/// A session of the engine: sees through row security, may write shadow tables, never waits for a standby (what is told
/// to the slot is flushed here, and a synchronous standby that is away must not stop the move).
asio::awaitable<pg::Connection> open_engine_session(const Settings& settings, std::string migration, std::string role);

}  // namespace crossfade::sync
