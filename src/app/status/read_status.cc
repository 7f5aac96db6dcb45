#include "app/status/read_status.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "app/status/backfill_share.h"
#include "base/error/failure.h"
#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "cutover/across/turn_rows.h"
#include "cutover/layout/blockers.h"
#include "mapping/catalog/slot_names.h"
#include "pg/row.h"
#include "setup/prepare/prepare.h"
#include "sync/state/store.h"
#include "wal/hindrance.h"
#include "wal/slot.h"

namespace crossfade::app {
namespace {

namespace queries = sql::queries;

/// Before so many seconds of copying an ETA says nothing.
constexpr double kMeaningfulSeconds = 3;

/// As the engine fills them, where one tells.
std::vector<pg::Row> in_order(const pg::Result& targets, const sync::Runtime* run) {
  std::vector<pg::Row> rows;
  for (const auto row : pg::rows(targets)) rows.push_back(row);
  if (run == nullptr) return rows;
  const auto place = [&](const pg::Row& row) { return run->model.find_target(std::string(row.text("target"))).value_or(TargetId{}); };
  std::stable_sort(rows.begin(), rows.end(), [&](const pg::Row& a, const pg::Row& b) { return place(a) < place(b); });
  return rows;
}

/// The way back fills nothing: its tables were full before. About how many rows they have the server knows.
boost::asio::awaitable<double> rows_there(pg::Connection& connection, const mapping::Model& model, std::string name) {
  const auto target = model.find_target(name);
  if (!target) co_return 0;
  pg::Parameters tables = {array_text({model.targets[*target].table.quoted()})};
  const auto rows = co_await connection.query(queries::rows_expected, std::move(tables));
  co_return rows.real(0, 0);
}

boost::asio::awaitable<void> add_backfill(v1::Status& status, pg::Connection& connection, const sync::Runtime* run) {
  pg::Parameters name = {status.migration()};
  const auto targets = co_await connection.query(queries::backfill_list, name);
  auto& backfill = *status.mutable_backfill();
  std::vector<double> left;
  for (const auto row : in_order(targets, run)) {
    auto& target = *backfill.add_targets();
    target.set_name(std::string(row.text("target")));
    target.set_finished(row.truth("finished"));
    target.set_done_rows(row.real("done_rows"));
    // Once a target is finished, what was done is what there was.
    target.set_estimated_rows(target.done_rows());
    if (!target.finished()) {
      const auto number = run == nullptr ? std::nullopt : run->model.find_target(target.name());
      const double guessed = std::max(target.done_rows(), row.real("estimated_rows"));
      target.set_estimated_rows(guessed);
      if (number) {
        const auto expected = co_await expected_rows(connection, run->model, *number, target.done_rows(), guessed);
        target.set_estimated_rows(expected);
      }
    }
    if (run != nullptr && run->model.direction == mapping::Direction::kReverse && target.done_rows() == 0) {
      auto table = target.name();
      const auto there = co_await rows_there(connection, run->model, std::move(table));
      target.set_estimated_rows(there);
      left.push_back(0);
      continue;
    }
    backfill.set_done_rows(backfill.done_rows() + target.done_rows());
    backfill.set_estimated_rows(backfill.estimated_rows() + target.estimated_rows());
    left.push_back(target.estimated_rows() - target.done_rows());
  }
  pg::Parameters same = {status.migration()};
  const auto recent = co_await connection.query(queries::backfill_recent, same);
  const auto lately = pg::first(recent);
  const double seconds = lately.real("in_seconds");
  if (seconds > 0) backfill.set_rows_per_second(lately.real("done_rows") / seconds);
  if (seconds <= kMeaningfulSeconds || backfill.rows_per_second() <= 0) co_return;
  double before = 0;
  for (int n = 0; n < backfill.targets_size(); ++n) {
    auto& target = *backfill.mutable_targets(n);
    if (target.finished()) continue;
    before += left[static_cast<std::size_t>(n)];
    target.set_eta_seconds(before / backfill.rows_per_second());
  }
  if (before > 0) backfill.set_eta_seconds(before / backfill.rows_per_second());
}

/// Which database this is, for people who have several open.
boost::asio::awaitable<void> add_database(v1::Status& status, pg::Connection& connection) {
  const auto rows = co_await connection.query(queries::status_database);
  const auto row = pg::first(rows);
  auto& database = *status.mutable_database();
  database.set_name(std::string(row.text("name")));
  database.set_server(std::string(row.text("server")));
  database.set_version(std::string(row.text("version")));
  const char* environment = std::getenv("CROSSFADE_ENVIRONMENT");
  database.set_environment(environment == nullptr ? "" : environment);
}

boost::asio::awaitable<void> add_standbys(v1::Status& status, pg::Connection& connection) {
  pg::Parameters name = {status.migration()};
  const auto rows = co_await connection.query(queries::status_standbys, name);
  for (std::size_t row = 0; row < rows.size(); ++row) status.add_standbys(std::string(rows.text(row, 0)));
}

/// Of the last minutes: what was slow once is not slow for ever.
void add_slowest(v1::Status& status, const sync::Runtime& run) {
  constexpr auto kLately = std::chrono::minutes(10);
  std::optional<TargetId> slowest;
  for (const auto target : run.applied.times.ids()) {
    const auto& times = run.applied.times[target];
    if (times.last == sync::Clock::time_point{} || sync::Clock::now() - times.last > kLately) continue;
    if (!slowest || times.seconds > run.applied.times[*slowest].seconds) slowest = target;
  }
  if (!slowest) return;
  auto& told = *status.mutable_slowest();
  told.set_target(run.model.targets[*slowest].name);
  told.set_refresh_seconds(run.applied.times[*slowest].seconds);
  told.set_keys(static_cast<double>(run.queue.pending_keys(*slowest)));
}

boost::asio::awaitable<void> add_slot(v1::Status& status, pg::Connection& connection, mapping::Direction direction) {
  const auto slots = co_await mapping::find_slot_names(connection.source(), status.migration());
  const auto& name = slots.of(direction);
  const auto slot = co_await wal::inspect_slot(connection.source(), name);
  auto& out = *status.mutable_slot();
  out.set_name(name);
  if (!slot) {
    out.set_wal_status("gone");
    co_return;
  }
  out.set_active(slot->active);
  out.set_wal_status(slot->wal_status);
  out.set_retained_bytes(static_cast<double>(slot->retained_bytes));
  if (slot->safe_bytes) out.set_safe_bytes(static_cast<double>(*slot->safe_bytes));
}

boost::asio::awaitable<void> add_parked(v1::Status& status, pg::Connection& connection) {
  pg::Parameters name = {status.migration()};
  const auto rows = co_await connection.query(queries::parked_status, name);
  for (const auto row : pg::rows(rows)) {
    auto& parked = *status.add_parked();
    parked.set_target(std::string(row.text("target")));
    parked.set_since(row.real("since"));
    parked.set_next_try(row.real("next_try"));
    parked.set_because(fmt::format("{}: {}", row.text("sqlstate"), row.text("message")));
    for (const auto& sample : parse_array(row.text("samples"))) parked.add_samples(sample.value_or(""));
    parked.set_keys(row.real("keys"));
  }
}

/// Where the daemon or a command waits as long as it takes, it is said for whom; `where`: on which of two servers.
enum class On { kBoth, kSource, kTarget };
void add_waits(v1::Status& status, const pg::Result& rows, On on) {
  const auto* where = on == On::kBoth ? "" : on == On::kSource ? "on the source, " : "on the target, ";
  for (const auto row : pg::rows(rows)) {
    // What has changed on either server waits for writers of v1.
    if (on == On::kTarget && row.text("session") == "comparison") continue;
    auto& wait = *status.add_lock_waits();
    wait.set_session(std::string(row.text("session")));
    wait.set_since(row.real("since"));
    wait.set_holders(where + log::redact(row.text("holders")));
  }
}

boost::asio::awaitable<void> add_lock_waits(v1::Status& status, pg::Connection& connection) {
  pg::Parameters name = {status.migration()};
  const auto rows = co_await connection.query(queries::status_waits, name);
  if (!connection.apart()) co_return add_waits(status, rows, On::kBoth);
  const auto at_source = co_await connection.source().query(queries::status_waits, name);
  add_waits(status, at_source, On::kSource);
  add_waits(status, rows, On::kTarget);
}

void hold_back(v1::Status& status, const std::string& by, double since) {
  status.mutable_throttled()->set_by(by);
  status.mutable_throttled()->set_since(since);
}

/// What only the running engine knows: lag, the queue, the slot as last sampled.
void add_runtime(v1::Status& status, const sync::Runtime& run) {
  const auto seconds = run.lag.seconds(sync::Clock::now());
  if (seconds) status.mutable_lag()->set_seconds(*seconds);
  auto& bytes = *status.mutable_lag()->mutable_bytes();
  bytes.set_received(static_cast<double>(bytes_between(run.stream.received, run.sampled.end_of_wal)));
  const auto applied = run.applied.consistent == Lsn{} ? run.sampled.slot.confirmed_flush : run.applied.consistent;
  bytes.set_applied(static_cast<double>(bytes_between(applied, run.sampled.end_of_wal)));
  bytes.set_confirmed(static_cast<double>(bytes_between(run.sampled.slot.confirmed_flush, run.sampled.end_of_wal)));
  status.set_pending_keys(static_cast<double>(run.queue.pending_keys()));
  status.set_catching_up(run.applied.catching_up);
  add_slowest(status, run);
  if (run.control.throttled && !run.control.paused) hold_back(status, run.control.throttled->by, run.control.throttled->since);
}

/// A line of the checklist, and a blocker where it is not met.
void add_condition(v1::Status& status, const cutover::Condition& condition) {
  auto& listed = *status.add_checklist();
  listed.set_reason(condition.reason);
  listed.set_met(condition.met);
  listed.set_detail(condition.detail);
  listed.set_fix(condition.fix);
  if (condition.met) return;
  auto& blocker = *status.add_blockers();
  blocker.set_reason(condition.reason);
  blocker.set_detail(condition.detail);
  blocker.set_fix(condition.fix);
}

template <typename Messages, typename Is>
void erase_if(Messages& messages, Is is) {
  messages.erase(std::remove_if(messages.begin(), messages.end(), is), messages.end());
}

/// What the next flip wants. The lag is the one already known: a status waits for nothing.
void add_checklist(v1::Status& status, cutover::Facts facts) {
  if (status.lag().has_seconds()) facts.lag_seconds = status.lag().seconds();
  for (auto condition : cutover::checklist_of_next_flip(facts, {})) {
    if (!condition.met && condition.reason == "verification" && status.has_verification()) {
      condition.detail = "what was compared before the direction turned, or before what the views read changed, says nothing of now";
    }
    add_condition(status, condition);
  }
}

/// What is in the way of a move to another server its dry run says, which asks both. While one is half done, that is what is to be done first.
boost::asio::awaitable<void> say_of_servers(v1::Status& status, pg::Connection& connection) {
  status.clear_checklist();
  status.clear_blockers();
  const auto rows = co_await cutover::read_turns(connection, status.migration());
  if (!rows || !cutover::between(rows->turns)) co_return;
  auto& steps = *status.mutable_next_steps();
  *steps.Add() = "crossfade doctor: the writes are between the two servers, and nobody writes";
  std::rotate(steps.begin(), std::prev(steps.end()), steps.end());
}

/// Keys that wait for another session, and what is known of it.
struct Locked {
  std::int64_t keys = 0;
  std::string message;
};

/// What a person would do next. Without a daemon that is one thing: nothing else changes before it.
void add_next_steps(v1::Status& status, const Locked& locked, bool apart, const std::optional<wal::Hindrance>& hindrance) {
  const auto say = [&](const std::string& step) { status.add_next_steps(step); };
  if (status.phase() == "completed") return;
  if (status.has_trying()) return say(fmt::format("{}: the daemon is there and cannot follow; it goes on by itself", status.trying().fix()));
  if (hindrance) say(fmt::format("{}: {}", hindrance->fix, hindrance->what));
  if (status.leader().empty()) return say("crossfade run: no daemon leads this migration");
  if (status.paused()) say("crossfade resume: the daemon is paused");
  if (status.quarantined() > static_cast<double>(locked.keys) && status.writes().side() == "v2") say("crossfade quarantine list: rows that v1 cannot take; mend them in v2, or a rollback will be refused");
  if (locked.keys > 0) say(fmt::format("end, or wait for, who keeps rows locked that {} keys wait for: {}", locked.keys, locked.message));
  const bool refused = status.quarantined() > static_cast<double>(locked.keys);
  if (refused && status.writes().side() == "v1") say("crossfade quarantine list: keys were set aside; mend their source rows");
  if (status.parked_size() > 0) say("crossfade quarantine retry: a target is parked; mend first what the database says of it");
  for (const auto& wait : status.lock_waits()) say(fmt::format("end, or wait for, who keeps `{}` waiting: {}", wait.session(), wait.holders()));
  if (status.phase() == "backfilling") say("crossfade wait --phase following");
  if (status.phase() != "following") return;
  const auto wants = [&](std::string_view command) {
    return std::any_of(status.blockers().begin(), status.blockers().end(), [&](const v1::Blocker& blocker) { return blocker.fix().starts_with(command); });
  };
  const bool unproved = !status.has_verification() || status.verification().drifted_rows() > 0 || wants("crossfade verify");
  if (unproved) say("crossfade verify");
  if (!status.has_unaccounted_rows() || wants("crossfade account")) say("crossfade account");
  if (apart) return;
  if (status.writes().side() == "v1" && status.reads().percent() < 100 && !unproved) say("crossfade cutover reads --dry-run");
  if (status.writes().side() == "v1" && status.reads().percent() >= 100 && !unproved) say("crossfade cutover writes --dry-run");
}

}  // namespace

void say_of_folder(v1::Status& status, const std::vector<setup::ScriptChange>& changes) {
  constexpr std::string_view kEdited = "crossfade amend --dry-run: ";
  constexpr std::string_view kFollowed = "crossfade amend --to-folder: ";
  const auto is_folder = [](const auto& each) { return each.reason() == "folder"; };
  erase_if(*status.mutable_checklist(), is_folder);
  erase_if(*status.mutable_blockers(), is_folder);
  erase_if(*status.mutable_next_steps(), [&](const std::string& step) { return step.starts_with(kEdited) || step.starts_with(kFollowed); });
  std::vector<std::string> changed;
  std::vector<std::string> edited;
  for (const auto& change : changes) {
    changed.push_back(change.file);
    if (change.by_itself) status.add_next_steps(fmt::format("{}{}: {}", kFollowed, change.file, change.message));
    else edited.push_back(change.file);
  }
  if (!edited.empty()) {
    const auto* are = edited.size() == 1 ? "is" : "are";
    status.add_next_steps(fmt::format("{}{} {} not what the migration was prepared with", kEdited, fmt::join(edited, ", "), are));
  }
  const bool next_flip_wants_it = status.checklist_size() > 0 && status.writes().side() == "v1";
  if (next_flip_wants_it) add_condition(status, cutover::judge_folder(changed));
}

std::string grant_of_sight(const std::string& role) { return "grant pg_read_all_stats to " + quote_identifier(role); }

boost::asio::awaitable<std::string> pace_unseen(pg::Connection& connection, std::string migration) {
  pg::Parameters name = {std::move(migration)};
  auto rows = co_await connection.query(queries::pace_unseen, name);
  const auto sees_all = [&] { return rows.empty() || pg::first(rows).text("bounds").empty(); };
  if (sees_all() && connection.apart()) rows = co_await connection.source().query(queries::pace_unseen, name);
  if (sees_all()) co_return "";
  const auto row = pg::first(rows);
  co_return fmt::format("{}: without it {} of `crossfade throttle` holds nothing back", grant_of_sight(std::string(row.text("role"))), row.text("bounds"));
}

boost::asio::awaitable<v1::Status> read_status(pg::Connection& connection, std::string migration, std::shared_ptr<const sync::Runtime> run) {
  co_await setup::require_prepared(connection, migration);
  v1::Status status;
  status.set_migration(migration);
  pg::Parameters name = {migration};
  const auto rows = co_await connection.query(queries::status, name);
  const auto row = pg::first(rows);
  status.set_phase(std::string(row.text("phase")));
  status.set_phase_since(row.real("phase_since"));
  status.set_paused(!row.is_null("paused_since"));
  if (status.paused()) hold_back(status, "hand", row.real("paused_since"));
  status.set_leader(std::string(row.text("leader")));
  if (!row.is_null("trying")) {
    auto& trying = *status.mutable_trying();
    trying.set_daemon(std::string(row.text("trying")));
    trying.set_since(row.real("trying_since"));
    trying.set_because(log::redact(row.text("trying_message")));
    trying.set_fix(std::string(row.text("trying_advice")));
  }
  for (const auto& target : parse_array(row.optional_text("behind").value_or("{}"))) status.add_behind(target.value_or(""));
  const double percent = row.real("percent");
  status.mutable_reads()->set_percent(percent);
  status.mutable_reads()->set_side(percent <= 0 ? "v1" : percent >= 100 ? "v2" : "both");
  const auto direction = co_await sync::store::read_direction(connection, migration);
  const bool on_v2 = direction == mapping::Direction::kReverse;
  status.mutable_writes()->set_side(on_v2 ? "v2" : "v1");
  status.set_quarantined(row.real("quarantined"));
  if (const auto at = row.optional_real("verified_at")) {
    auto& verification = *status.mutable_verification();
    verification.set_at(*at);
    verification.set_lsn(std::string(row.text("verified_lsn")));
    verification.set_compared_rows(row.real("compared_rows"));
    verification.set_drifted_rows(row.real("drifted_rows"));
    verification.set_age_seconds(row.real("verified_seconds_ago"));
  }
  if (const auto unaccounted = row.optional_real("unaccounted_rows")) status.set_unaccounted_rows(*unaccounted);
  const auto lsn = [&](std::string_view column) { return parse_lsn(row.text(column)).value_or(Lsn{}); };
  auto end_of_wal = lsn("end_of_wal");
  if (connection.apart()) {
    const auto at_source = co_await sync::store::end_of_wal(connection);
    end_of_wal = parse_lsn(at_source).value_or(Lsn{});
  }
  const auto behind = [&](std::string_view column) { return static_cast<double>(bytes_between(lsn(column), end_of_wal)); };
  auto& bytes = *status.mutable_lag()->mutable_bytes();
  bytes.set_received(behind("settled_lsn"));
  // Until the backfill is through nothing is consistent, and what is to be applied begins where the slot does.
  bytes.set_applied(behind(lsn("consistent_lsn") == Lsn{} ? "settled_lsn" : "consistent_lsn"));
  bytes.set_confirmed(behind("settled_lsn"));
  co_await add_database(status, connection);
  co_await add_backfill(status, connection, run.get());
  co_await add_slot(status, connection, on_v2 ? mapping::Direction::kReverse : mapping::Direction::kForward);
  co_await add_parked(status, connection);
  co_await add_standbys(status, connection);
  co_await add_lock_waits(status, connection);
  if (run) add_runtime(status, *run);
  auto facts = co_await cutover::read_facts(connection, migration);
  status.set_dirty_keys(static_cast<double>(facts.dirty));
  // Without a daemon to ask: what waits comes over at the next cut.
  if (!run) status.set_catching_up(facts.dirty > 0);
  if (status.phase() != "completed") add_checklist(status, std::move(facts));
  Locked locked{row.number("locked_keys"), std::string(row.optional_text("locked").value_or(""))};
  std::optional<wal::Hindrance> hindrance;
  if (status.leader().empty() && !status.has_trying() && status.phase() != "completed") {
    auto slot = status.slot().name();
    hindrance = co_await wal::find_hindrance(connection.source(), std::move(slot));
  }
  add_next_steps(status, locked, connection.apart(), hindrance);
  if (connection.apart()) co_await say_of_servers(status, connection);
  if (status.phase() == "completed") co_return status;
  const auto unseen = co_await pace_unseen(connection, migration);
  if (!unseen.empty()) status.add_next_steps(unseen);
  co_return status;
}

}  // namespace crossfade::app
