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
#include "sync/state/suspects.h"
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

/// The receiver writes it: how far the stream has been read.
struct StreamState {
  Lsn received;                                    ///< everything that committed before it has been offered
  std::function<void()> ask_for_position = [] {};  ///< has the stream say how far it is
  bool running = false;                            ///< the slot is read
};

/// The refresher writes it: how far v2 is, and what is not written. The engine begins with what the checkpoint says; the receiver tells what it knows
/// to be on disk; whoever finds that the stream does not tell all, or that a target is refused as a whole, says so here.
struct AppliedState {
  Lsn settled;              ///< everything that committed before it is settled and durable: what the slot may be told
  Unflushed unflushed;      ///< … is settled, and will be durable
  Lsn consistent;           ///< … can be read in v2
  Lsn readable;             ///< … can be read in v2 but for the targets that were behind() then
  bool catching_up = true;  ///< keys wait in crossfade.dirty
  bool backfilling = true;  ///< all targets are being filled; what is offered is spilled, not refreshed
  std::uint64_t quarantined = 0;
  std::map<TargetId, Parked> parked;
  /// Targets that are being filled while others go on, and whoever refers to them: their keys are spilled. What is being filled the
  /// backfill writes into the database, and the refresher looks there when it is asked to.
  std::set<TargetId> waiting;
  std::uint64_t fills_known = 0;                   ///< of FillState::asked
  std::uint64_t fills_begun = 0;                   ///< how often it had something filled anew
  std::optional<Clock::time_point> failing_since;  ///< no round has gone through since then …
  std::string failing_because;                     ///< … and by what the last one failed
  ByTarget<RefreshTimes> times;

  /// The log is on disk up to `position`, as all is that comes through the stream.
  void flushed(Lsn position) { settled = std::max(settled, unflushed.flushed(position)); }
};

/// The backfill writes it, and the refresher where it has something filled anew.
struct FillState {
  std::uint64_t asked = 1;  ///< how often something has begun or ended to be filled
  ByTarget<TargetProgress> progress;
};

/// The shape watch writes it, and whoever sees in between that it is not up to date any more: what is followed, held against what the views read.
struct ShapeState {
  bool misnamed = false;   ///< a source's name means another table: what is offered is spilled until it is its own again
  bool model_due = false;  ///< what the migration is made of fits the catalog otherwise than the model says: the engine begins anew
  bool due = false;        ///< the stream told of a table: it is looked at before its time
  /// Targets that an amend has touched: they are filled once whoever wrote before it is through.
  std::set<TargetId> amended;
  /// More may have changed than the stream tells: until it was looked at, and while what is followed is not what the views read.
  bool missed = true;
  bool missed_of_all = true;        ///< the same of targets that were not amended as well
  std::string stream_tells;         ///< when that was looked at: nothing is said to be readable while it is another thing
  std::uint64_t compared_anew = 0;  ///< how often rows were offered for that
};

/// The throttle writes it, from what people ask for and how busy the server is; `stopping` whoever ends the run.
struct ControlState {
  bool paused = false;                ///< a person holds it …
  double paused_since = 0;            ///< … since then, in seconds since 1970
  std::optional<HeldBack> throttled;  ///< the backfill waits until the server is less busy
  bool stopping = false;
};

/// The heartbeat writes it, once a second.
struct SampledState {
  std::string phase;
  wal::SlotState slot;
  Lsn end_of_wal;
};

/// What one run of the engine shares between its parts, by who writes it: from taking the lease to losing a connection. Everything in it
/// can be forgotten at any time; the database knows the rest.
struct Runtime {
  Runtime(const mapping::Model& the_model, const Settings& the_settings, Metrics& the_metrics, const asio::any_io_executor& executor)
      : model(the_model), settings(the_settings), metrics(the_metrics), follow(the_model, queue), refresh(the_model),
        queue_changed(executor), progress_made(executor), control_changed(executor) {
    applied.times = ByTarget<RefreshTimes>(model.targets.size());
    fill.progress = ByTarget<TargetProgress>(model.targets.size());
  }

  const mapping::Model& model;
  const Settings& settings;
  Metrics& metrics;

  wal::Incarnation incarnation;
  std::int64_t epoch = 0;

  KeyQueue queue;
  Follow follow;
  Refresh refresh;

  async::Notify queue_changed;    ///< the stream brought a commit or a position
  async::Notify progress_made;    ///< the refresher made room or settled something
  async::Notify control_changed;  ///< a person or another part wants something: pause, stop, reconcile

  StreamState stream;
  AppliedState applied;
  FillState fill;
  ShapeState shape;
  ControlState control;
  SampledState sampled;

  std::shared_ptr<Suspects> suspects = std::make_shared<Suspects>();  ///< the engine's, which outlives its runs
  // Of several: whoever spills or takes from there counts, whoever wants to read asks, heartbeats are sent by one and come back to another.
  std::uint64_t dirty_keys = 0;                ///< in crossfade.dirty
  std::deque<std::shared_ptr<CutJob>> at_cut;  ///< wait for the next consistent cut
  LagGauge lag;

  /// No target is behind for a reason of its own.
  bool all_written() const { return applied.parked.empty() && applied.waiting.empty() && model.left_out.empty(); }
  /// Targets that are behind the others, by their names.
  std::vector<std::string> behind() const;
  bool filling() const { return applied.backfilling || !applied.waiting.empty(); }
  /// What is offered is not refreshed for now.
  bool spills() const { return applied.backfilling || control.paused || shape.misnamed; }
  /// What is settled is all that can be read.
  bool nothing_missed() const { return all_written() && !shape.missed; }
  /// The same, as the number of the last comparison: where it is another one later, rows were offered in between that nothing read before
  /// has seen.
  std::optional<std::uint64_t> generation() const { return nothing_missed() ? std::optional(shape.compared_anew) : std::nullopt; }
  /// The same, of the targets that are not behind.
  std::optional<std::uint64_t> generation_of_others() const { return shape.missed_of_all ? std::nullopt : std::optional(shape.compared_anew); }
  /// The stream tells something else than when that was looked at.
  void look_again() {
    shape.missed = shape.missed_of_all = shape.due = true;
    control_changed.notify_all();
  }
};

/// A session of the engine: sees through row security, may write shadow tables, never waits for a standby (what is told
/// to the slot is flushed here, and a synchronous standby that is away must not stop the move).
asio::awaitable<pg::Connection> open_engine_session(const Settings& settings, std::string migration, std::string role);

}  // namespace crossfade::sync
