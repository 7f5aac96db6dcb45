#include "base/telemetry/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "base/telemetry/process_metrics.h"

namespace crossfade {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

constexpr std::array kPhases = {"prepared", "backfilling", "following", "completed"};
constexpr std::array kWalStatus = {"reserved", "extended", "unreserved", "lost"};
constexpr std::array kOperations = {"insert", "update", "delete"};
constexpr std::array kStages = {"received", "applied", "confirmed"};
/// By OfferedBy.
constexpr std::array kOfferReasons = {"change", "truncate", "reconcile", "repair", "retry"};
static_assert(kOfferReasons.size() == static_cast<std::size_t>(OfferedBy::kRetry) + 1);
constexpr std::array kRetryReasons = {"backfill", "conflict", "gap", "reconnect", "refused", "reshaped"};
constexpr std::array kThrottleReasons = {"hand", "replica_lag", "retained_wal", "sessions"};
constexpr std::array kQuarantineClasses = {"21", "22", "23", "P0"};
constexpr std::array kEndpoints = {"source", "stream"};
constexpr double kNotKnown = std::numeric_limits<double>::quiet_NaN();

const Histogram::BucketBoundaries kSeconds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                              0.25,  0.5,    1,     2.5,  5,     10,   30};

}  // namespace

struct Metrics::Handles {
  /// Of the whole process. A family or series that it has already is the same again.
  std::shared_ptr<prometheus::Registry> registry;
  std::string migration;

  Family<Gauge>& gauges(const std::string& name, const std::string& help) {
    return prometheus::BuildGauge()
        .Name("crossfade_" + name)
        .Help(help)
        .Labels({{"migration", migration}})
        .Register(*registry);
  }
  Family<Counter>& counters(const std::string& name, const std::string& help) {
    return prometheus::BuildCounter()
        .Name("crossfade_" + name)
        .Help(help)
        .Labels({{"migration", migration}})
        .Register(*registry);
  }
  // Names are given without their crossfade_.
  Gauge& gauge(const std::string& name, const std::string& help) { return gauges(name, help).Add({}); }
  Counter& counter(const std::string& name, const std::string& help) { return counters(name, help).Add({}); }
  Histogram& histogram(const std::string& name, const std::string& help) {
    return prometheus::BuildHistogram()
        .Name("crossfade_" + name)
        .Help(help)
        .Labels({{"migration", migration}})
        .Register(*registry)
        .Add({}, kSeconds);
  }
  /// One child a value, made before anything happens: Prometheus cannot see a counter's first step otherwise.
  template <typename Metric, typename Values>
  std::vector<Metric*> each(Family<Metric>& family, const std::string& label, const Values& values) {
    return each<std::vector<Metric*>>(family, label, values);
  }
  template <typename Metrics, typename Metric, typename Values>
  Metrics each(Family<Metric>& family, const std::string& label, const Values& values) {
    Metrics metrics;
    for (const auto& value : values) metrics.push_back(&family.Add({{label, value}}));
    return metrics;
  }

  Handles(std::shared_ptr<prometheus::Registry> the_registry, const std::string& name, const std::vector<std::string>& targets,
          const std::vector<std::string>& sources)
      : registry(std::move(the_registry)), migration(name) {
    phases = each(phase, "phase", kPhases);
    stages = each(lag_bytes, "stage", kStages);
    wal_statuses = each(slot_wal_status, "wal_status", kWalStatus);
    refreshed = each<ByTarget<Counter*>>(keys_refreshed, "target", targets);
    unchanged = each<ByTarget<Counter*>>(rows_unchanged, "target", targets);
    copied = each<ByTarget<Counter*>>(backfill_rows, "target", targets);
    estimated = each<ByTarget<Gauge*>>(backfill_rows_estimated, "target", targets);
    quarantined = each<ByTarget<Gauge*>>(quarantined_keys, "target", targets);
    parked_targets = each<ByTarget<Gauge*>>(parked, "target", targets);
    pending_of = each<ByTarget<Gauge*>>(target_pending_keys, "target", targets);
    for (const auto& target : targets) {
      of_target.push_back(&target_refresh_duration.Add({{"target", target}}, kSeconds));
      for (const auto* op : kOperations) written.push_back(&rows_written.Add({{"target", target}, {"op", op}}));
      for (const auto* why : kOfferReasons) offered.push_back(&keys_offered.Add({{"target", target}, {"reason", why}}));
    }
    unaccounted = each<ById<SourceId, Gauge*>>(unaccounted_rows, "source", sources);
    each(up, "endpoint", kEndpoints);
    each(quarantine, "sqlstate_class", kQuarantineClasses);
    each(retries, "reason", kRetryReasons);
    each(throttled, "reason", kThrottleReasons);
    each(throttled_seconds, "reason", kThrottleReasons);
    for (auto* child : stages) child->Set(kNotKnown);
    for (auto* child : unaccounted) child->Set(kNotKnown);
    for (auto* one : {&lag_seconds, &slot_retained_wal_bytes, &slot_safe_wal_bytes, &verify_drifted}) one->Set(kNotKnown);
  }

  Family<Gauge>& up = gauges("up", "1 while the connection stands");
  Family<Gauge>& phase = gauges("phase", "1 for the phase the migration is in");
  Gauge& phase_entered = gauge("phase_entered_timestamp_seconds", "When the phase began");
  Gauge& lag_seconds = gauges("lag_seconds", "Age of the youngest change known to be readable in v2, by heartbeat")
                           .Add({{"stage", "applied"}});
  Family<Gauge>& lag_bytes = gauges("lag_bytes", "WAL between the end of the log and a stage");
  Gauge& heartbeat = gauge("heartbeat_applied_timestamp_seconds", "The source's clock in the last heartbeat applied");
  Gauge& slot_retained_wal_bytes = gauge("slot_retained_wal_bytes", "WAL that the server keeps for the slot");
  Gauge& slot_safe_wal_bytes =
      gauge("slot_safe_wal_bytes", "WAL that may be written before the slot is at risk; +Inf without a limit");
  Gauge& slot_active = gauge("slot_active", "1 while a walsender serves the slot");
  Family<Gauge>& slot_wal_status = gauges("slot_wal_status", "1 for the slot's wal_status");
  Family<Counter>& backfill_rows = counters("backfill_rows_total", "Rows that the backfill copied, before this daemon's start too");
  Family<Gauge>& backfill_rows_estimated =
      gauges("backfill_rows_estimated", "Rows copied when the backfill is at its end, by how far it is along its column");
  Histogram& chunk_duration = histogram("backfill_chunk_duration_seconds", "Time a chunk of the backfill took");
  Family<Counter>& keys_offered = counters("keys_offered_total", "Keys named as possibly changed");
  Family<Counter>& keys_refreshed = counters("keys_refreshed_total", "Keys recomputed");
  Family<Counter>& rows_written = counters("rows_written_total", "Shadow rows written");
  Family<Counter>& rows_unchanged = counters("rows_unchanged_total", "Rows recomputed and found equal");
  Histogram& refresh_duration = histogram("refresh_duration_seconds", "Time from a snapshot to its commit");
  Family<Histogram>& target_refresh_duration = prometheus::BuildHistogram()
                                                   .Name("crossfade_target_refresh_duration_seconds")
                                                   .Help("Time that the statements of a target took in a refresh")
                                                   .Labels({{"migration", migration}})
                                                   .Register(*registry);
  Counter& transactions_settled =
      counter("transactions_settled_total", "Source transactions whose keys are all settled");
  Gauge& pending_keys = gauge("pending_keys", "Keys that wait in memory");
  Family<Gauge>& target_pending_keys = gauges("target_pending_keys", "Keys of a target that wait in memory");
  Gauge& pending_bytes = gauge("pending_bytes", "Memory of the keys that wait");
  Gauge& dirty_keys = gauge("dirty_keys", "Keys that wait in crossfade.dirty");
  Family<Gauge>& quarantined_keys = gauges("quarantined_keys", "Keys set aside now");
  Gauge& way_back_refused = gauge("way_back_refused_keys", "Keys that v2 has written and v1 cannot take; 0 while v1 is written");
  Family<Gauge>& parked = gauges("parked", "1 while a target is not written, because the database refuses all of it");
  Gauge& failed_rounds = gauge("failed_rounds", "Rounds in a row that failed; 0 once one goes through");
  Family<Counter>& quarantine = counters("quarantine_total", "Keys set aside, by class of SQLSTATE");
  Family<Counter>& retries = counters("retries_total", "Attempts that had to be repeated");
  Counter& messages_refused = counter("messages_refused_total", "Logical messages under crossfade's prefix that were not its own");
  Family<Gauge>& throttled = gauges("throttled", "1 while work is held back, by reason");
  Family<Counter>& throttled_seconds = counters("throttled_seconds_total", "Time for which work was held back");
  Counter& verify_rows = counter("verify_rows_compared_total", "Rows compared by verify");
  Gauge& verify_drifted = gauge("verify_drifted_rows", "Rows found to differ since the last clean verification of all targets");
  Gauge& verify_success = gauge("verify_last_success_timestamp_seconds", "When all targets were last found equal; 0 before that");
  Family<Gauge>& unaccounted_rows =
      gauges("unaccounted_rows", "Source rows neither mapped nor rejected at the last account");
  Gauge& cutover_ready = gauge("cutover_ready", "1 while nothing stands in the way of a cutover");
  Family<Gauge>& cutover_blocker = gauges("cutover_blocker", "1 while this stands in the way of a cutover");
  Gauge& hold = gauge("cutover_hold_seconds", "Time for which applications waited for the locks of the last flip that was done");
  Family<Histogram>& step_duration = prometheus::BuildHistogram()
                                         .Name("crossfade_cutover_step_duration_seconds")
                                         .Help("Time a step of a cutover took")
                                         .Labels({{"migration", migration}})
                                         .Register(*registry);
  Gauge& reads = gauge("reads_on_v2_ratio", "Share of keys whose reads go to v2");
  Gauge& leader = gauge("leader", "1 while this daemon leads");
  Gauge& epoch = gauge("leader_epoch", "Epoch of this daemon's lease");

  void take_back() {
    for (auto* one : quarantined) one->Set(0);
    for (auto* one : pending_of) one->Set(0);
    for (auto* one : parked_targets) one->Set(0);
    for (auto* one : unaccounted) one->Set(kNotKnown);
    for (auto* one : blockers) one->Set(0);
  }

  std::vector<Gauge*> phases, stages, wal_statuses;
  ById<SourceId, Gauge*> unaccounted;
  ByTarget<Gauge*> estimated, quarantined, pending_of, parked_targets;
  ByTarget<Histogram*> of_target;
  std::set<Gauge*> blockers;
  ByTarget<Counter*> refreshed, unchanged, copied;
  std::vector<Counter*> offered, written;  ///< by target, and by what is in it
};

namespace {

template <typename Names>
void choose(const std::vector<Gauge*>& gauges, const Names& names, std::string_view chosen) {
  for (std::size_t n = 0; n < gauges.size(); ++n) gauges[n]->Set(names[n] == chosen ? 1 : 0);
}

}  // namespace

Metrics::Metrics(const std::string& migration, const std::vector<std::string>& targets,
                 const std::vector<std::string>& sources, const Metrics* before) {
  auto registry = before ? before->handles_->registry : std::make_shared<prometheus::Registry>();
  // First, because both may have targets of the same name.
  if (before) before->handles_->take_back();
  handles_ = std::make_unique<Handles>(std::move(registry), migration, targets, sources);
  // The last flip is the same one whichever way is followed, and is told once.
  if (!before) handles_->hold.Set(kNotKnown);
}
Metrics::~Metrics() = default;

void Metrics::keys_offered(TargetId target, OfferedBy reason, std::uint64_t count) {
  const auto place = target.place() * kOfferReasons.size() + static_cast<std::size_t>(reason);
  handles_->offered[place]->Increment(static_cast<double>(count));
}

void Metrics::keys_refreshed(TargetId target, std::uint64_t count) {
  handles_->refreshed[target]->Increment(static_cast<double>(count));
}
void Metrics::rows_unchanged(TargetId target, std::uint64_t count) {
  handles_->unchanged[target]->Increment(static_cast<double>(count));
}

void Metrics::rows_written(TargetId target, std::uint64_t inserted, std::uint64_t updated, std::uint64_t deleted) {
  const auto first = target.place() * kOperations.size();
  handles_->written[first]->Increment(static_cast<double>(inserted));
  handles_->written[first + 1]->Increment(static_cast<double>(updated));
  handles_->written[first + 2]->Increment(static_cast<double>(deleted));
}

void Metrics::runs(std::string_view version, std::string_view commit) {
  handles_->gauges("build_info", "The version that runs; always 1")
      .Add({{"version", std::string(version)}, {"commit", commit.empty() ? "unknown" : std::string(commit)}})
      .Set(1);
}

void Metrics::refresh_done(std::chrono::duration<double> took, std::uint64_t transactions) {
  handles_->refresh_duration.Observe(took.count());
  handles_->transactions_settled.Increment(static_cast<double>(transactions));
}

void Metrics::target_refreshed(TargetId target, std::chrono::duration<double> took) { handles_->of_target[target]->Observe(took.count()); }

void Metrics::pending_of_target(TargetId target, std::uint64_t keys) { handles_->pending_of[target]->Set(static_cast<double>(keys)); }

void Metrics::chunk_done(TargetId target, std::uint64_t rows, std::chrono::duration<double> took) {
  handles_->copied[target]->Increment(static_cast<double>(rows));
  handles_->chunk_duration.Observe(took.count());
}

void Metrics::quarantined(std::string_view sqlstate) {
  handles_->quarantine.Add({{"sqlstate_class", std::string(sqlstate.substr(0, 2))}}).Increment();
}

void Metrics::retried(std::string_view reason) { handles_->retries.Add({{"reason", std::string(reason)}}).Increment(); }

void Metrics::messages_refused(std::uint64_t count) { handles_->messages_refused.Increment(static_cast<double>(count)); }

void Metrics::rows_compared(std::uint64_t rows) { handles_->verify_rows.Increment(static_cast<double>(rows)); }

void Metrics::verification(std::optional<double> clean_unix_seconds, std::optional<double> drifted) {
  handles_->verify_success.Set(clean_unix_seconds.value_or(0));
  handles_->verify_drifted.Set(drifted.value_or(kNotKnown));
}

void Metrics::step_done(std::string_view step, std::chrono::duration<double> took) {
  handles_->step_duration.Add({{"step", std::string(step)}}, kSeconds).Observe(took.count());
}

void Metrics::held(std::chrono::duration<double> took) { handles_->hold.Set(took.count()); }

void Metrics::phase(std::string_view phase, double since_unix_seconds) {
  choose(handles_->phases, kPhases, phase);
  handles_->phase_entered.Set(since_unix_seconds);
}

void Metrics::lag_seconds(std::optional<double> seconds) { handles_->lag_seconds.Set(seconds.value_or(kNotKnown)); }

void Metrics::lag_bytes(double received, double applied, double confirmed) {
  handles_->stages[0]->Set(received);
  handles_->stages[1]->Set(applied);
  handles_->stages[2]->Set(confirmed);
}

void Metrics::heartbeat_applied(double unix_seconds) { handles_->heartbeat.Set(unix_seconds); }

void Metrics::slot(bool active, std::string_view wal_status, double retained_bytes, double safe_bytes) {
  handles_->slot_active.Set(active ? 1 : 0);
  choose(handles_->wal_statuses, kWalStatus, wal_status);
  handles_->slot_retained_wal_bytes.Set(retained_bytes);
  handles_->slot_safe_wal_bytes.Set(safe_bytes);
}

void Metrics::backfill_found(TargetId target, double done, double estimated) {
  auto& copied = *handles_->copied[target];
  if (copied.Value() == 0) copied.Increment(done);
  handles_->estimated[target]->Set(copied.Value() + std::max(0.0, estimated - done));
}

void Metrics::backlog(std::uint64_t pending_keys, std::uint64_t pending_bytes, std::uint64_t dirty_keys) {
  handles_->pending_keys.Set(static_cast<double>(pending_keys));
  handles_->pending_bytes.Set(static_cast<double>(pending_bytes));
  handles_->dirty_keys.Set(static_cast<double>(dirty_keys));
}

void Metrics::way_back_refused(std::uint64_t keys) { handles_->way_back_refused.Set(static_cast<double>(keys)); }

void Metrics::quarantined_now(TargetId target, std::uint64_t keys) {
  handles_->quarantined[target]->Set(static_cast<double>(keys));
}

void Metrics::parked(TargetId target, bool now) { handles_->parked_targets[target]->Set(now ? 1 : 0); }

void Metrics::rounds_failed(std::uint64_t in_a_row) { handles_->failed_rounds.Set(static_cast<double>(in_a_row)); }

void Metrics::throttled(std::string_view reason, bool now_held, std::chrono::duration<double> lasted) {
  handles_->throttled.Add({{"reason", std::string(reason)}}).Set(now_held ? 1 : 0);
  handles_->throttled_seconds.Add({{"reason", std::string(reason)}}).Increment(lasted.count());
}

void Metrics::unaccounted(SourceId source, double rows) { handles_->unaccounted[source]->Set(rows); }
void Metrics::reads_on_v2(double ratio) { handles_->reads.Set(ratio); }

void Metrics::leading(bool leader, std::int64_t epoch) {
  handles_->leader.Set(leader ? 1 : 0);
  handles_->epoch.Set(static_cast<double>(epoch));
}

void Metrics::connected(std::string_view endpoint, bool up) {
  handles_->up.Add({{"endpoint", std::string(endpoint)}}).Set(up ? 1 : 0);
}

void Metrics::cutover_blockers(const std::vector<std::string>& reasons) {
  for (auto* blocker : handles_->blockers) blocker->Set(0);
  for (const auto& reason : reasons) {
    auto& blocker = handles_->cutover_blocker.Add({{"reason", reason}});
    blocker.Set(1);
    handles_->blockers.insert(&blocker);
  }
  handles_->cutover_ready.Set(reasons.empty() ? 1 : 0);
}

std::string Metrics::text() const {
  auto families = handles_->registry->Collect();
  for (auto& family : process_metrics()) families.push_back(std::move(family));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace crossfade
