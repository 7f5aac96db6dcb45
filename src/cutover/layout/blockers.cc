#include "cutover/layout/blockers.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <iterator>

#include "async/sleep.h"
#include "base/telemetry/log.h"
#include "pg/row.h"
#include "sync/state/store.h"

namespace crossfade::cutover {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;
using namespace std::chrono_literals;

/// Asks for what an application that reads its own writes asks for, and takes the time; none where it asks once and it is not there.
asio::awaitable<std::optional<double>> measure_lag(pg::Connection& connection, std::string migration, std::string end_of_wal, double limit, bool once) {
  const auto began = pg::Clock::now();
  for (;;) {
    pg::Parameters parameters = {migration, end_of_wal};
    const auto rows = co_await connection.execute(queries::wait_state, parameters);
    const double waited = std::chrono::duration<double>(pg::Clock::now() - began).count();
    const bool there = !rows.empty() && pg::first(rows).truth("reached");
    if (there || waited > limit) co_return waited;
    if (once) co_return std::nullopt;
    co_await async::sleep_for(20ms);
  }
}

class Checklist {
 public:
  void met(std::string reason, std::string detail) { conditions_.push_back({std::move(reason), std::move(detail), "", true}); }
  void not_met(std::string reason, std::string detail, std::string fix) {
    conditions_.push_back({std::move(reason), std::move(detail), std::move(fix)});
  }
  void add(Condition condition) { conditions_.push_back(std::move(condition)); }
  std::vector<Condition> take() { return std::move(conditions_); }

 private:
  std::vector<Condition> conditions_;
};

std::string ago(double seconds) {
  if (seconds < 120) return fmt::format("{:.0f} s", seconds);
  return seconds < 7200 ? fmt::format("{:.0f} min", seconds / 60) : fmt::format("{:.0f} h", seconds / 3600);
}

std::string told_of(const std::string& left_open) { return left_open.empty() ? "" : fmt::format(" ({})", left_open); }

/// What passes by itself once somebody works: nothing comes by waiting where nobody does.
std::string wait_for(const Facts& facts, std::string what) {
  if (facts.leader) return "crossfade wait " + std::move(what);
  if (!facts.trying.empty()) return facts.trying_fix;
  return facts.phase.empty() ? "crossfade run --prepare" : "crossfade run";
}

/// A target is on trial again by itself, and at once where somebody asks.
constexpr auto kTryParked = "mend what the database says of it, then crossfade quarantine retry";

void judge_parked(Checklist& list, const Facts& facts) {
  if (facts.parked.empty()) return list.met("parked", "no target is refused as a whole");
  list.not_met("parked", facts.parked, kTryParked);
}

void judge_lag(Checklist& list, const Facts& facts, const Limits& limits) {
  // What is parked does not come by waiting.
  const auto wait = facts.parked.empty() ? wait_for(facts, fmt::format("--lag {:g}s", limits.lag_seconds)) : kTryParked;
  if (!facts.lag_seconds) {
    list.not_met("lag", fmt::format("how far {} is behind is not known", facts.follower), wait);
  } else if (*facts.lag_seconds > limits.lag_seconds) {
    list.not_met("lag", fmt::format("{} is more than {:g} s behind", facts.follower, limits.lag_seconds), wait);
  } else {
    list.met("lag", fmt::format("{} is less than {:g} s behind", facts.follower, limits.lag_seconds));
  }
  if (facts.dirty > 0) {
    list.not_met("dirty keys", fmt::format("{} keys wait for their refresh", facts.dirty), wait);
  } else {
    list.met("dirty keys", "no key waits for its refresh");
  }
}

void judge_shape(Checklist& list, const Facts& facts) {
  for (const auto& change : facts.shape) list.not_met("shape", change.detail, change.fix);
  if (facts.shape.empty()) list.met("shape", "what is followed is what the views read");
}

void judge_phase(Checklist& list, const Facts& facts) {
  if (facts.phase == "following") return list.met("phase", "the migration is following");
  auto detail = facts.phase.empty() ? std::string("the migration is not prepared") : fmt::format("the migration is {}, not following", facts.phase);
  if (!facts.behind.empty()) detail += fmt::format(": {} behind; the others follow", facts.behind);
  list.not_met("phase", detail, wait_for(facts, "--phase following"));
}

void judge_leader(Checklist& list, const Facts& facts) {
  if (facts.leader) return list.met("leader", fmt::format("a daemon keeps {} true", facts.follower));
  const auto why = facts.trying.empty() ? fmt::format("no daemon keeps {} true", facts.follower) : fmt::format("daemon {}", facts.trying);
  list.not_met("leader", why, wait_for(facts, ""));
}

/// The side that follows is as the other one says.
void judge_following(Checklist& list, const Facts& facts, const Limits& limits) {
  // What is to be done first comes first: without a daemon nothing else passes.
  const bool prepared = !facts.phase.empty();
  if (prepared && !facts.leader) judge_leader(list, facts);
  judge_phase(list, facts);
  if (!prepared || facts.leader) judge_leader(list, facts);
  if (facts.paused) {
    list.not_met("paused", "the daemon was told to pause", "crossfade resume");
  } else {
    list.met("paused", "nobody holds the daemon");
  }
  judge_shape(list, facts);
  judge_parked(list, facts);
  judge_lag(list, facts, limits);
  if (facts.quarantined > 0) {
    list.not_met("quarantine", fmt::format("{} keys are set aside", facts.quarantined),
                 "crossfade quarantine list; mend their rows, or crossfade quarantine accept TARGET KEY");
  } else {
    list.met("quarantine", "no key is set aside that nobody accepted");
  }
  if (facts.drifted > 0) {
    // What v2 does not say may stand in v1 alone.
    const bool of_v1 = facts.follower == "v1";
    list.not_met("drift", fmt::format("{} rows{} had drifted; this stands until a clean verification of all targets", facts.drifted, of_v1 ? " of v1" : ""),
                 of_v1 ? "crossfade verify, which names rows and columns; then crossfade verify --repair, which overwrites these rows of v1 with what reverse.sql makes of "
                         "v2, and crossfade verify; or mend reverse.sql, then crossfade amend"
                       : "crossfade verify --repair, then crossfade verify");
  } else {
    list.met("drift", "no verification has found any since the last clean one");
  }
}

void judge_proofs(Checklist& list, const Facts& facts, const Limits& limits) {
  if (facts.verified_seconds_ago > limits.verified_seconds) {
    list.not_met("stale verification", fmt::format("the last clean one is {} old", ago(*facts.verified_seconds_ago)), "crossfade verify");
  } else if (facts.verified_seconds_ago) {
    list.met("verification", fmt::format("all of v2 was found equal {} ago", ago(*facts.verified_seconds_ago)));
  } else if (facts.drifted == 0) {
    list.not_met("verification", "v2 was never compared with v1 as a whole", "crossfade verify");
  }
  if (!facts.unaccounted) {
    list.not_met("account", "source rows were never counted", "crossfade account");
  } else if (*facts.unaccounted > 0) {
    list.not_met("unaccounted rows", fmt::format("{} source rows are neither mapped nor rejected", *facts.unaccounted), "crossfade account");
  } else {
    list.met("account", "every source row is mapped or rejected");
  }
}

}  // namespace

Condition judge_folder(const std::vector<std::string>& files) {
  if (files.empty()) return {"folder", "the database has what its files say", "", true};
  return {"folder", fmt::format("{} {} not as the database has {}", fmt::join(files, ", "), files.size() == 1 ? "is" : "are", files.size() == 1 ? "it" : "them"),
          "crossfade amend --dry-run, then crossfade amend; or crossfade amend --to-folder, which puts the file back"};
}

std::vector<Condition> checklist_of_reads(const Facts& facts, const Limits& limits) {
  Checklist list;
  judge_following(list, facts, limits);
  if (facts.folder) list.add(judge_folder(*facts.folder));
  judge_proofs(list, facts, limits);
  if (facts.unbuilt > 0) {
    const bool refused = !facts.left_open.empty() && facts.leader;
    list.not_met("deferred", fmt::format("{} keys or indexes that the backfill took off are not back{}", facts.unbuilt, told_of(facts.left_open)),
                 refused ? "mend the rows that are named; it is tried again by itself" : wait_for(facts, "--phase following"));
  } else {
    list.met("deferred", "every key and index is built");
  }
  if (facts.unvalidated > 0) {
    list.not_met("constraints", fmt::format("{} of the shadow tables are not validated{}", facts.unvalidated, told_of(facts.left_open)), facts.validate);
  } else {
    list.met("constraints", "all of the shadow tables are validated");
  }
  return list.take();
}

std::vector<Condition> checklist_of_way_back(const Facts& facts, const Limits& limits) {
  Checklist list;
  judge_following(list, facts, limits);
  return list.take();
}

std::vector<Condition> checklist_of_next_flip(const Facts& facts, const Limits& limits) {
  return facts.follower == "v1" ? checklist_of_way_back(facts, limits) : checklist_of_reads(facts, limits);
}

std::vector<Blocker> blockers_of(const std::vector<Condition>& checklist) {
  std::vector<Blocker> blockers;
  std::copy_if(checklist.begin(), checklist.end(), std::back_inserter(blockers), [](const Condition& condition) { return !condition.met; });
  return blockers;
}

ExitCode exit_of(const std::vector<Blocker>& blockers) {
  if (blockers.empty()) return ExitCode::kOk;
  const bool stays = std::any_of(blockers.begin(), blockers.end(), [](const Blocker& blocker) { return blocker.exit == ExitCode::kPrecondition; });
  return stays ? ExitCode::kPrecondition : ExitCode::kNotReady;
}

asio::awaitable<Facts> read_facts(pg::Connection& connection, std::string migration) {
  pg::Parameters name = {migration};
  const auto rows = co_await connection.query(queries::cutover_facts, name);
  Facts facts;
  if (rows.empty()) co_return facts;
  const auto row = pg::first(rows);
  facts.phase = row.text("phase");
  facts.behind = row.optional_text("behind").value_or("");
  facts.paused = row.truth("paused");
  const bool tries = !row.is_null("trying");
  facts.leader = row.truth("leader") && !tries;
  if (tries) facts.trying = fmt::format("{} is there and cannot follow: {}", row.text("trying"), log::redact(row.text("trying_message")));
  if (tries) facts.trying_fix = row.text("trying_advice");
  facts.dirty = row.number("dirty");
  facts.quarantined = row.number("quarantined");
  facts.parked = row.text("parked");
  facts.verified_seconds_ago = row.optional_real("verified_seconds_ago");
  facts.drifted = row.number("drifted");
  if (!row.is_null("unaccounted")) facts.unaccounted = row.number("unaccounted");
  facts.unbuilt = row.number("unbuilt");
  facts.left_open = log::redact(row.text("left_open"));
  facts.validate = row.text("validate");
  facts.unvalidated = row.number("unvalidated");
  facts.follower = row.truth("on_v2") ? "v1" : "v2";
  facts.end_of_wal = row.text("end_of_wal");
  if (connection.apart()) facts.end_of_wal = co_await sync::store::end_of_wal(connection);
  facts.shape = co_await sync::shape_changes(connection, std::move(migration));
  co_return facts;
}

asio::awaitable<Facts> gather_facts(pg::Connection& connection, std::string migration, Limits limits) {
  auto facts = co_await read_facts(connection, migration);
  const bool applying = facts.phase == "following" && facts.leader && !facts.paused;
  if (!applying) co_return facts;
  // What is parked, or waits for a shape to be mended, holds the position back for as long: there is nothing to wait for.
  facts.lag_seconds = co_await measure_lag(connection, std::move(migration), facts.end_of_wal, limits.lag_seconds, !facts.shape.empty() || !facts.parked.empty());
  co_return facts;
}

}  // namespace crossfade::cutover
