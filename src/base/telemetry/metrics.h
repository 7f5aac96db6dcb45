#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/value/id.h"

namespace crossfade {

/// Why a key was named as possibly changed.
enum class OfferedBy {
  kChange,     ///< a change in the stream, by a follow rule
  kTruncate,   ///< a source was emptied
  kReconcile,  ///< the slot's history has a gap; everything is offered
  kRepair,     ///< verify found drift
  kRetry,      ///< the key comes out of quarantine
};

/// Everything that is measured, as events and states with names. All metric names of the project are in the .cc beside
/// this file; tests, rules and dashboards are held against them. Seconds and bytes, never anything else.
class Metrics {
 public:
  /// `targets` and `sources` get their time series at once: a series that is absent cannot be told from a dead one. The
  /// counters go on where those of `before` are, if there is one: in the life of a process they only grow. What `before` said
  /// of its own targets and of what stands in the way is taken back.
  Metrics(const std::string& migration, const std::vector<std::string>& targets, const std::vector<std::string>& sources,
          const Metrics* before = nullptr);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Events.
  void keys_offered(TargetId target, OfferedBy reason, std::uint64_t count);
  void keys_refreshed(TargetId target, std::uint64_t count);
  void rows_written(TargetId target, std::uint64_t inserted, std::uint64_t updated, std::uint64_t deleted);
  void rows_unchanged(TargetId target, std::uint64_t count);
  void refresh_done(std::chrono::duration<double> took, std::uint64_t transactions);
  /// The statements of one target in one refresh.
  void target_refreshed(TargetId target, std::chrono::duration<double> took);
  void chunk_done(TargetId target, std::uint64_t rows, std::chrono::duration<double> took);
  void quarantined(std::string_view sqlstate);
  void retried(std::string_view reason);
  /// Logical messages under our prefix that were not ours.
  void messages_refused(std::uint64_t count);
  void rows_compared(std::uint64_t rows);
  void step_done(std::string_view step, std::chrono::duration<double> took);
  /// A cutover made writers wait for so long.
  void held(std::chrono::duration<double> took);

  /// What runs. `commit` may be empty.
  void runs(std::string_view version, std::string_view commit);

  // States. What is not known yet is NaN: 0 would say that all is well.
  void phase(std::string_view phase, double since_unix_seconds);
  void lag_seconds(std::optional<double> seconds);
  void lag_bytes(double received, double applied, double confirmed);
  void heartbeat_applied(double unix_seconds);
  void slot(bool active, std::string_view wal_status, double retained_bytes, double safe_bytes);
  /// What the ledger has as a backfill begins or goes on: rows done, and rows there are in all.
  void backfill_found(TargetId target, double done, double estimated);
  void backlog(std::uint64_t pending_keys, std::uint64_t pending_bytes, std::uint64_t dirty_keys);
  /// Keys of one target that wait in memory.
  void pending_of_target(TargetId target, std::uint64_t keys);
  void quarantined_now(TargetId target, std::uint64_t keys);
  /// Keys that v2 has written and v1 cannot take: a rollback waits for them.
  void way_back_refused(std::uint64_t keys);
  /// Nothing of the target is written for now, because the database refuses all of it.
  void parked(TargetId target, bool now);
  /// Rounds in a row that failed; 0 once one goes through.
  void rounds_failed(std::uint64_t in_a_row);
  void throttled(std::string_view reason, bool now, std::chrono::duration<double> lasted);
  /// The last clean verification of all targets, and the rows that were found to differ since; none: there was no such.
  void verification(std::optional<double> clean_unix_seconds, std::optional<double> drifted);
  void unaccounted(SourceId source, double rows);
  void reads_on_v2(double ratio);
  void leading(bool leader, std::int64_t epoch);
  void connected(std::string_view endpoint, bool up);
  /// What stands in the way of a cutover now; none: it is ready.
  void cutover_blockers(const std::vector<std::string>& reasons);

  /// The Prometheus text format, with this program's own use of CPU, memory and files read anew.
  std::string text() const;

 private:
  struct Handles;
  std::unique_ptr<Handles> handles_;
};

}  // namespace crossfade
