#include "cutover/writes/writes_preconditions.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "async/sleep.h"
#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "cutover/layout/links.h"
#include "cutover/layout/rows_back.h"
#include "cutover/layout/tables.h"
#include "mapping/catalog/read_catalog.h"
#include "mapping/preflight/inspect.h"
#include "mapping/sql/statement_text.h"
#include "pg/row.h"
#include "setup/state/editions.h"
#include "verify/checks/checks.h"

namespace crossfade::cutover {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;

/// Longer, and a transaction is not on its way to its end: the hold would run into its limit again and again.
constexpr const char* kLongTransactionSeconds = "2";
/// On a busy system something is always on its way, but not always the same.
constexpr std::chrono::seconds kCheckPatience{2};
/// Of a table that is in memory, by one process on a slow machine.
constexpr std::int64_t kBytesReadPerMillisecond = 200'000;
/// A round takes off a thousand keys and more.
constexpr std::chrono::seconds kDirtyPatience{3};

/// What is looked at, and what has been seen so far.
struct Looking {
  pg::Connection& connection;
  const WritesFlip& flip;
  const v1::Migration& file;
  Sides now;                                 ///< as the tables are called
  Preconditions found = {};
  std::vector<Condition> clear = {};         ///< what is said of what may stand in the way, where no blocker speaks of it
  std::optional<Followed> followed = {};

  bool to_v2() const { return flip.to == mapping::Direction::kReverse; }
  void block(Blocker blocker) { found.blockers.push_back(std::move(blocker)); }
};

Condition met(std::string reason, std::string detail) { return {std::move(reason), std::move(detail), "", true}; }

/// Publication and engine of the way back need a model that fits.
asio::awaitable<void> look_at_way_back(Looking& at) {
  const auto& file = at.file;
  const auto lost = mapping::tables_without_reverse(file);
  if (!lost.empty()) {
    at.block({"way back", fmt::format("once the writes have moved nothing would keep {} true", fmt::join(lost, ", ")),
              "write reverse.sql and reverse in migration.yaml; or say shared: true of a table that both sides use"});
    co_return;
  }
  co_await at.connection.script("begin");
  const auto directed = mapping::reverse_migration(file, mapping::Naming::kOriginal);
  auto preflight = co_await mapping::inspect_catalog(at.connection, directed);
  co_await at.connection.script("rollback");
  for (const auto& finding : preflight.findings) {
    if (finding.level != mapping::Finding::Level::kFail) continue;
    at.block({"way back", finding.subject + ": " + finding.message, finding.fix});
  }
  at.found.reverse_model = std::move(preflight.model);
  if (!preflight.ok()) co_return;
  auto rows = co_await look_at_rows_back(at.connection, at.file, *at.found.reverse_model);
  if (rows) at.clear.push_back(std::move(*rows));
}

/// Rows of a lazy target that nobody has asked for yet. Once v2 is the source, v1 would lose what they came from.
std::string missing_rows(const mapping::Model& model, const mapping::Target& target) {
  const auto same = mapping::pairwise("s", target.key, "v", target.key, target.key_operators());
  const auto& column = target.locators.front().columns.front();
  return fmt::format("{0} v where not exists (select from {1} s where {2}) and not exists (select from crossfade.quarantine q "
                     "where q.migration = {3} and q.target = {4} and q.accepted_by is not null and q.key[1] = v.{5}::text)",
                     quote_qualified(model.mapping_schema, target.name), target.table.quoted(), same, quote_literal(model.name),
                     quote_literal(target.name), quote_identifier(column));
}

asio::awaitable<void> look_at_lazy(Looking& at) {
  const auto& file = at.file;
  const bool any = std::any_of(file.targets().begin(), file.targets().end(), [](const auto& target) { return target.second.backfill() == v1::TargetTable::BACKFILL_LAZY; });
  if (!any) co_return;
  co_await at.connection.script("begin");
  const auto directed = mapping::forward_migration(file);
  const auto preflight = co_await mapping::inspect_catalog(at.connection, directed);
  co_await at.connection.script("rollback");
  for (const auto& target : preflight.model.targets) {
    if (!target.lazy) continue;
    const auto missing = missing_rows(preflight.model, target);
    auto count = fmt::format("select count(*) from {}", missing);
    const auto rows = co_await at.connection.query(std::move(count));
    if (rows.number(0, 0) == 0) continue;
    const auto column = quote_identifier(target.locators.front().columns.front());
    at.block({"lazy", fmt::format("{} rows of {} were never asked for and are in v1 alone", rows.number(0, 0), target.name),
              fmt::format("select crossfade.touch({}, {}, {}::text) from (select distinct v.{} from {}) k", quote_literal(file.migration()), quote_literal(target.name),
                          column, column, missing)});
  }
}

/// Foreign keys of partitioned tables, which are made for all rows at once, and indexes that raise.
asio::awaitable<void> look_at_missing_pieces(Looking& at) {
  pg::Parameters name = {at.file.migration()};
  const auto missing = co_await at.connection.query(queries::pieces_missing, name);
  for (const auto piece : pg::rows(missing)) {
    const auto kind = piece.text("kind");
    at.block({std::string(kind), fmt::format("{} {} of v2 is not there: its rows do not admit it", kind, piece.text("name")),
              fmt::format("mend what the daemon's log names, and start the daemon again: it makes {}", piece.text("create_sql"))});
  }
}

Blocker failing(const verify::CheckResult& result, std::string_view when) {
  return {"check", fmt::format("{}: {} was expected, {} found", result.name, result.expected, result.found), fmt::format("crossfade check --when {}", when)};
}

/// The hold tells, unless it is too short for that: writers would wait, and the checks would be broken off, attempt after attempt.
void stand_or_confirm(FailingChecks checks, std::chrono::milliseconds hold, Preconditions& found) {
  if (checks.slowest < hold) {
    found.unconfirmed = std::move(checks.failing);
    return;
  }
  for (auto& check : checks.failing) {
    check.detail += fmt::format("; asking takes {:.1f} s, and in the hold, when nothing is on its way, there are {} ms", checks.slowest.count(), hold.count());
    check.fix += fmt::format(" asks it at leisure; or --hold-limit {:.0f}s, if writers may wait so long", std::ceil(checks.slowest.count() * 2));
    found.blockers.push_back(std::move(check));
  }
}

/// Where nothing else is in the way. One that compares v1 with v2 fails while a change is on its way between them; it is asked again.
asio::awaitable<void> look_at_checks(Looking& at) {
  if (!at.found.blockers.empty()) co_return;
  const verify::CheckRun before{.when = v1::Check::WHEN_BEFORE};
  const auto results = co_await verify::run_checks(at.connection, at.file, before);
  for (const auto& result : results) {
    if (result.verdict == verify::CheckResult::Verdict::kFail) at.block(failing(result, "before"));
  }
  if (!at.found.blockers.empty()) co_return;
  const auto give_up = pg::Clock::now() + kCheckPatience;
  for (;;) {
    auto checks = co_await failing_checks(at.connection, at.flip, std::nullopt);
    if (checks.failing.empty()) break;
    if (pg::Clock::now() >= give_up) {
      stand_or_confirm(std::move(checks), at.flip.limits.hold, at.found);
      break;
    }
    co_await async::sleep_for(std::chrono::milliseconds(50));
  }
  if (at.found.unconfirmed.empty()) at.clear.push_back(met("check", "none of the migration's own that come after the move fails"));
}

/// v2's tables follow from then on, by the views of mapping.sql: what has become of them since may not fit these any more. Their own
/// targets wait, and the rollback does not.
asio::awaitable<void> say_what_will_be_parked(Looking& at) {
  co_await at.connection.script("begin");
  auto directed = mapping::forward_migration(at.file, mapping::Naming::kSwapped);
  const auto preflight = co_await mapping::inspect_what_fits(at.connection, std::move(directed), true);
  co_await at.connection.script("rollback");
  for (const auto& target : preflight.model.left_out) {
    Hanging hanging;
    hanging.kind = "target";
    hanging.object = "target " + target.target;
    hanging.way = "does not fit its view any more";
    hanging.flip = "is what is written";
    hanging.rollback = "is parked until it fits again: " + target.because;
    at.found.inventory.push_back(std::move(hanging));
  }
}

/// What has a name that a table is to have.
void block_by_names(Looking& at, const pg::Result& taken, bool passes) {
  for (const auto row : pg::rows(taken)) {
    const auto fix = passes ? row.text("fix") : std::string_view();
    at.block({"name taken", fmt::format("{}, a {}, has the name that {} is to have", row.text("name"), row.text("kind"), row.text("by")),
              fix.empty() ? fmt::format("alter {} {} rename to …;", row.text("kind"), row.text("name")) : std::string(fix)});
    if (!passes) at.found.blockers.back().exit = ExitCode::kPrecondition;
  }
}

asio::awaitable<void> look_at_names(Looking& at) {
  pg::Parameters wishes = {names_text(at.now.v2), names_text(at.now.v1), at.file.schemas().source()};
  const auto taken = co_await at.connection.query(queries::names_taken, wishes);
  block_by_names(at, taken, true);
}

/// Both sides get names back: v1's tables those that they had, v2's those in the shadow schema, which has to be there.
asio::awaitable<void> look_at_names_back(Looking& at) {
  const auto& shadow = at.file.schemas().shadow();
  pg::Parameters schema = {shadow};
  const auto gone = co_await at.connection.query(queries::shadow_schema_gone, schema);
  for (const auto row : pg::rows(gone)) {
    at.block({"schema", fmt::format("schema {}, to which v2's tables go back, is not there", shadow), std::string(row.text("fix")), false, ExitCode::kPrecondition});
  }
  pg::Parameters wishes = {names_text(at.now.v2), shadow, at.file.migration()};
  const auto taken = co_await at.connection.query(queries::names_back, wishes);
  block_by_names(at, taken, false);
}

/// All of a column is read for its highest value, while everybody waits.
asio::awaitable<void> look_at_sequences(Looking& at) {
  const auto to = at.flip.to;
  const auto readable = static_cast<std::int64_t>(at.flip.limits.hold.count()) * kBytesReadPerMillisecond / 2;
  pg::Parameters columns = {json_of(column_pairs(*at.followed, to, naming_of(opposite(to)))), std::to_string(readable)};
  const auto rows = co_await at.connection.query(queries::sequences_unindexed, columns);
  for (const auto row : pg::rows(rows)) {
    at.block({"sequence", fmt::format("the highest value of {} is looked for in {} without an index, while everybody waits", row.text("name"), row.text("size")),
              fmt::format("{}; or --hold-limit, if that may take long", row.text("fix"))});
  }
}

/// The other direction's is made before the writers wait, while this one's is still there.
asio::awaitable<void> look_at_slots(Looking& at) {
  const auto rows = co_await at.connection.query(std::string(queries::slots_free), {});
  const auto row = pg::first(rows);
  if (row.number("free") > 0) co_return;
  at.block({"slot", fmt::format("all {} replication slots are in use, and the flip makes one beside its own", row.number("most")),
            fmt::format("select pg_drop_replication_slot(slot_name) of one that nobody reads any more; or alter system set max_replication_slots = {}; then restart the server",
                        row.number("most") * 2)});
}

/// Which rows they are. On the way back each breaks what v1 demands and v2 does not: that does not pass by itself.
asio::awaitable<void> name_what_is_set_aside(pg::Connection& connection, const WritesFlip& flip, std::vector<Condition>& conditions) {
  const auto held = std::find_if(conditions.begin(), conditions.end(), [](const Condition& each) { return each.reason == "quarantine" && !each.met; });
  if (held == conditions.end()) co_return;
  pg::Parameters name = {flip.file.yaml.migration()};
  const auto rows = co_await connection.query(queries::set_aside_first, name);
  const auto row = pg::first(rows);
  held->detail += fmt::format(" ({}{})", row.text("first_keys"), row.number("keys") > 5 ? "; …" : "");
  if (flip.to == mapping::Direction::kReverse) co_return;
  held->detail = "v1 cannot take what v2 has: " + held->detail;
  held->fix = fmt::format("mend these rows in v2, and they go over by themselves; or crossfade rollback writes --set-aside keeps them in {} and goes on; or "
                          "crossfade quarantine accept TARGET KEY, and v1 goes without them", flip.kept_name());
  held->exit = ExitCode::kPrecondition;
  if (!flip.set_aside) co_return;
  held->met = true;
  held->detail += fmt::format("; they go into {}", flip.kept_name());
}

/// What hangs on the tables.
asio::awaitable<void> look_at_inventory(Looking& at) {
  mapping::derive::Reading back;
  co_await at.connection.script("begin");
  at.found.rules = co_await mapping::rules_in_force(at.connection, at.file, naming_of(opposite(at.flip.to)), &back);
  co_await at.connection.script("rollback");
  at.followed.emplace(Followed{at.file, at.found.rules, mapping::views::handed_through(back)});
  at.found.inventory = co_await take_inventory(at.connection, *at.followed, at.flip.to);
  for (auto& condition : conditions_of(at.found.inventory)) {
    if (condition.met) at.clear.push_back(condition);
    else at.block(std::move(condition));
  }
}

/// How v2's rows are found that belong to a key of v1's.
asio::awaitable<void> find_rows_behind(Looking& at) {
  if (!at.flip.set_aside) co_return;
  co_await at.connection.script("begin");
  const auto directed = mapping::reverse_migration(at.file, mapping::Naming::kSwapped);
  const auto preflight = co_await mapping::inspect_catalog(at.connection, directed);
  co_await at.connection.script("rollback");
  at.found.rows_behind = rows_behind_keys(preflight.model);
}

/// What other roles' sessions do is hidden from a role without that privilege, and "none" would be a guess.
asio::awaitable<Condition> no_long_transaction(pg::Connection& connection) {
  const auto rows = co_await connection.query(queries::sees_sessions);
  const auto sight = pg::first(rows);
  const std::string role(sight.text("role"));
  auto condition = met("long transaction", "none is in the way of the locks");
  if (sight.truth("sees_all")) co_return condition;
  condition.unknown = true;
  condition.detail = fmt::format("not known: role {} may not see what the sessions of others do", role);
  condition.fix = fmt::format("grant pg_read_all_stats to {}", quote_identifier(role));
  co_return condition;
}

asio::awaitable<void> look_at_long_transactions(Looking& at) {
  auto both = at.now.v1;
  both.insert(both.end(), at.now.v2.begin(), at.now.v2.end());
  pg::Parameters tables = {names_text(both), kLongTransactionSeconds};
  const auto busy = co_await at.connection.query(queries::long_transactions, tables);
  for (const auto transaction : pg::rows(busy)) {
    if (at.flip.limits.terminate_blockers) break;
    at.block({"long transaction", log::redact(transaction.text("who")), std::string(transaction.text("mend"))});
  }
  auto none = co_await no_long_transaction(at.connection);
  at.clear.push_back(std::move(none));
}

asio::awaitable<void> look_at_triggers(Looking& at) {
  pg::Parameters written = {names_text(at.to_v2() ? at.now.v2 : at.now.v1)};
  const auto triggers = co_await at.connection.query(queries::firing_triggers, written);
  for (const auto trigger : pg::rows(triggers)) {
    if (trigger.truth("on_purpose")) continue;
    at.block({"trigger", fmt::format("trigger {} of {} fires on what crossfade writes there", trigger.text("tgname"), trigger.text("tgrelid")),
              fmt::format("select crossfade.disable_triggers({}, {}); then crossfade verify", quote_literal(at.file.migration()), quote_literal(trigger.text("tgrelid")))});
  }
}

enum class Way { kBoth, kToV2, kBack };

/// What may stand in the way, which way, how it is looked for, and what is said where it does not; "": the look says so, or nobody has to.
struct Obstacle {
  std::string_view reason;
  Way way;
  asio::awaitable<void> (*look)(Looking&);
  std::string_view otherwise = {};
};

constexpr auto kFree = "every name is free that a table is to have";
/// In this order: the checks come last, and where nothing else is in the way.
constexpr std::array kObstacles = {
    Obstacle{"long transaction", Way::kBoth, look_at_long_transactions},
    Obstacle{"trigger", Way::kBoth, look_at_triggers, "none fires on what crossfade writes"},
    Obstacle{"inventory", Way::kBoth, look_at_inventory},
    Obstacle{"sequence", Way::kBoth, look_at_sequences},
    Obstacle{"slot", Way::kBoth, look_at_slots, "one is free for the direction that follows"},
    Obstacle{"name taken", Way::kBack, look_at_names_back, kFree},
    Obstacle{"parked", Way::kBack, say_what_will_be_parked},
    Obstacle{"rows behind", Way::kBack, find_rows_behind},
    Obstacle{"name taken", Way::kToV2, look_at_names, kFree},
    Obstacle{"missing piece", Way::kToV2, look_at_missing_pieces},
    Obstacle{"lazy", Way::kToV2, look_at_lazy, "no row of an on-demand target is in v1 alone"},
    Obstacle{"way back", Way::kToV2, look_at_way_back, "v1 can be kept true once v2 is written"},
    Obstacle{"check", Way::kToV2, look_at_checks},
};

/// The checklist of the flip as such; then what was found beyond its first `own` blockers, and of `wanted` what no blocker speaks of.
std::vector<Condition> with_those_of_writes(const Preconditions& found, std::size_t own, const std::vector<Condition>& wanted) {
  auto list = found.checklist;
  const auto first = found.blockers.begin() + static_cast<std::ptrdiff_t>(own);
  for (const auto& condition : wanted) {
    const bool stands = std::any_of(first, found.blockers.end(), [&](const Blocker& blocker) { return blocker.reason == condition.reason; });
    if (!stands) list.push_back(condition);
  }
  list.insert(list.end(), first, found.blockers.end());
  return list;
}

}  // namespace

asio::awaitable<Facts> settled_facts(pg::Connection& connection, std::string migration, Limits limits) {
  const auto give_up = pg::Clock::now() + kDirtyPatience;
  for (;;) {
    auto facts = co_await gather_facts(connection, migration, limits);
    const bool passing = facts.dirty > 0 && facts.leader && !facts.paused && facts.phase == "following";
    if (!passing || pg::Clock::now() >= give_up) co_return facts;
    co_await async::sleep_for(std::chrono::milliseconds(50));
  }
}

asio::awaitable<FailingChecks> failing_checks(pg::Connection& connection, const WritesFlip& flip, std::optional<pg::Clock::time_point> until) {
  const verify::CheckRun after{.when = v1::Check::WHEN_AFTER, .until = until};
  const auto results = co_await verify::run_checks(connection, flip.file.yaml, after);
  FailingChecks checks;
  for (const auto& result : results) {
    if (result.verdict != verify::CheckResult::Verdict::kFail) continue;
    if (until && result.broken_off) {
      checks.unfinished = result.name;
      continue;
    }
    checks.slowest = std::max(checks.slowest, std::chrono::duration<double>(result.seconds));
    checks.failing.push_back(failing(result, "after"));
  }
  co_return checks;
}

asio::awaitable<Preconditions> look_at_preconditions(pg::Connection& connection, const WritesFlip& flip) {
  const auto& file = flip.file.yaml;
  Looking at{connection, flip, file, sides_of(file, naming_of(opposite(flip.to)))};
  const Limits limits;
  auto facts = co_await settled_facts(connection, file.migration(), limits);
  facts.folder = co_await setup::changed_files(connection, flip.file);
  at.found.checklist = at.to_v2() ? checklist_of_reads(facts, limits) : checklist_of_way_back(facts, limits);
  co_await name_what_is_set_aside(connection, flip, at.found.checklist);
  at.found.blockers = blockers_of(at.found.checklist);
  at.found.drain_seconds = facts.lag_seconds;
  const auto own = at.found.blockers.size();
  for (const auto& obstacle : kObstacles) {
    if (obstacle.way == (at.to_v2() ? Way::kBack : Way::kToV2)) continue;
    co_await obstacle.look(at);
    if (!obstacle.otherwise.empty()) at.clear.push_back(met(std::string(obstacle.reason), std::string(obstacle.otherwise)));
  }
  at.found.checklist = with_those_of_writes(at.found, own, at.clear);
  co_return std::move(at.found);
}

}  // namespace crossfade::cutover
