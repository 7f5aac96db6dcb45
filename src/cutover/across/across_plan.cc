#include "cutover/across/across_plan.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error/failure.h"
#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "cutover/inventory/inventory.h"
#include "cutover/layout/links.h"
#include "cutover/layout/tables.h"
#include "cutover/writes/writes_preconditions.h"
#include "mapping/catalog/read_catalog.h"
#include "pg/row.h"
#include "setup/state/editions.h"

namespace crossfade::cutover {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;
using mapping::Direction;
using mapping::Naming;

/// Longer, and a transaction is not on its way to its end.
constexpr const char* kLongTransactionSeconds = "2";
/// Of a table that is in memory, by one process on a slow machine.
constexpr std::int64_t kBytesReadPerMillisecond = 200'000;

struct Across {
  pg::Connection& connection;
  const WritesFlip& flip;
  Sides sides;
  AcrossConditions found = {};

  void block(std::string reason, std::string detail, std::string fix, ExitCode exit = ExitCode::kNotReady) {
    found.checklist.push_back({std::move(reason), std::move(detail), std::move(fix), false, exit});
  }
  void met(std::string reason, std::string detail) { found.checklist.push_back({std::move(reason), std::move(detail), "", true}); }
  void note(std::string reason, std::string detail, std::string fix) {
    Condition condition{std::move(reason), std::move(detail), std::move(fix), true};
    condition.noted = true;
    found.checklist.push_back(std::move(condition));
  }
};

/// What a flip across servers does not do yet; known from the file alone.
void look_at_file(Across& at) {
  const auto& file = at.flip.file.yaml;
  if (!at.sides.shared.empty()) {
    at.block("shared tables", fmt::format("{} tables are used by both sides, and stay with v1: what changes there does not reach the other server", at.sides.shared.size()),
             "copy them to the target, and take `shared: true` out of migration.yaml: v2's own tables can be filled from them", ExitCode::kPrecondition);
  }
  if (!file.surrogates().empty()) {
    at.block("surrogates", "ids that crossfade gives are given on v1's server, and v2's own are not continued behind them across servers yet",
             "let v2 grow beside v1, without --target", ExitCode::kPrecondition);
  }
  for (const auto& [name, target] : file.targets()) {
    if (target.backfill() != v1::TargetTable::BACKFILL_LAZY) continue;
    at.block("lazy", fmt::format("rows of {} come when they are asked for: those that nobody has asked for would stay behind", name), "take `backfill: lazy` out of migration.yaml, and prepare anew",
             ExitCode::kPrecondition);
  }
  if (file.checks_size() > 0) at.note("check", "the migration's own checks are not run across servers", "run those of before on the source, those of after on the target, with psql");
  if (!file.schemas().stable().empty()) {
    at.note("stable views", fmt::format("the views of schema {} stay on the source, and show v1 as it is left there", file.schemas().stable()), "let who reads them connect to the target");
  }
}

asio::awaitable<void> look_at_long_transactions(Across& at, Side side) {
  auto& server = side == Side::kV1 ? at.connection.source() : at.connection;
  pg::Parameters tables = {names_text(side == Side::kV1 ? at.sides.v1 : at.sides.v2), kLongTransactionSeconds};
  const auto busy = co_await server.query(queries::long_transactions, tables);
  for (const auto transaction : pg::rows(busy)) {
    at.block("long transaction", fmt::format("on {}'s server: {}", to_text(side), log::redact(transaction.text("who"))), std::string(transaction.text("mend")));
  }
  if (busy.empty()) at.met("long transaction", fmt::format("none that is seen on {}'s server", to_text(side)));
}

asio::awaitable<void> look_at_target_tables(Across& at) {
  pg::Parameters tables = {names_text(at.sides.v2)};
  const auto triggers = co_await at.connection.query(queries::firing_triggers, tables);
  for (const auto trigger : pg::rows(triggers)) {
    if (trigger.truth("on_purpose")) continue;
    at.block("trigger", fmt::format("trigger {} of {} fires on what crossfade writes there", trigger.text("tgname"), trigger.text("tgrelid")),
             fmt::format("select crossfade.disable_triggers({}, {}) on the target; then crossfade verify", quote_literal(at.flip.file.yaml.migration()), quote_literal(trigger.text("tgrelid"))));
  }
  pg::Parameters name = {at.flip.file.yaml.migration()};
  const auto missing = co_await at.connection.query(queries::pieces_missing, name);
  for (const auto piece : pg::rows(missing)) {
    at.block(std::string(piece.text("kind")), fmt::format("{} {} of v2 is not there: its rows do not admit it", piece.text("kind"), piece.text("name")),
             fmt::format("mend what the daemon's log names, and start the daemon again: it makes {}", piece.text("create_sql")));
  }
}

/// All of a column is read for its highest value, between the close and the opening.
asio::awaitable<void> look_at_sequences(Across& at) {
  const Followed followed{at.flip.file.yaml, at.found.rules};
  pg::Parameters pairs = {json_of(column_pairs(followed, Direction::kReverse, Naming::kOriginal))};
  const auto rows = co_await at.connection.query(queries::sequences_own, pairs);
  pg::Parameters own = {std::string(pg::first(rows).text("pairs")), std::to_string(kBytesReadPerMillisecond * at.flip.limits.hold.count() / 2)};
  const auto slow = co_await at.connection.query(queries::sequences_unindexed, own);
  for (const auto row : pg::rows(slow)) {
    at.block("sequence", fmt::format("the highest value of {} is looked for in {} without an index, while everybody waits", row.text("name"), row.text("size")),
             fmt::format("{} on the target; or --hold-limit, if that may take long", row.text("fix")));
  }
}

/// Roles and grants belong to a server: what v1's writers may do there says nothing of the other one.
asio::awaitable<void> look_at_writers(Across& at) {
  pg::Parameters v1 = {names_text(at.sides.v1)};
  const auto here = co_await at.connection.source().query(queries::writers_here, v1);
  std::vector<std::optional<std::string>> roles;
  for (const auto row : pg::rows(here)) roles.emplace_back(row.text("role"));
  pg::Parameters there = {array_text(roles), names_text(at.sides.v2), at.flip.file.yaml.schemas().shadow()};
  const auto lacking = co_await at.connection.query(queries::writers_there, there);
  for (const auto row : pg::rows(lacking)) {
    at.note("grants", fmt::format("role {} writes v1, and {}", row.text("role"), row.text("lacks")), std::string(row.text("fix")) + ";  -- on the target");
  }
  if (lacking.empty()) at.met("grants", "who may write v1 may write v2 on its server");
}

asio::awaitable<void> look_at_inventory(Across& at) {
  auto& source = at.connection.source();
  co_await source.script("begin");
  at.found.rules = co_await mapping::rules_in_force(source, at.flip.file.yaml, Naming::kOriginal);
  co_await source.script("rollback");
  const Followed followed{at.flip.file.yaml, at.found.rules};
  const auto hanging = co_await take_inventory(source, followed, Direction::kReverse);
  for (const auto& each : hanging) {
    at.found.inventory.push_back(fmt::format("{}, {} · stays on the source, beside v1 as it is left there", each.object, each.way));
    const bool settled = each.handling == Hanging::Handling::kSaid || each.handling == Hanging::Handling::kKeep || each.handling == Hanging::Handling::kAccept;
    if (settled) continue;
    if (each.kind == "subscription") {
      at.block("inventory", fmt::format("{} {}: what comes by it is written to v1 after that is closed too, and does not reach v2", each.object, each.way),
               "take the table out of what is published there, and feed v2 from there, in its shape");
    } else if (each.kind == "row security" || each.kind == "access") {
      at.block("inventory", fmt::format("{}: {}; nothing of that is carried to another server", each.object, each.way),
               fmt::format("see to it on the target, and say so in migration.yaml: cutover: {{inventory: {{\"{}\": accept}}}}", each.object));
    }
  }
}

std::vector<std::string> steps_to_v2(const WritesFlip& flip, const TurnRows& rows, const std::string& tables) {
  std::vector<std::string> steps = {
      "quiet: vacuum and changes of the tables' shape are kept away from v1; nobody who reads or writes notices",
      fmt::format("hold: on the source writers wait, readers go on; locks on {}. A lock is waited for {} ms at most, then all is let go and tried again, up to {} times", tables,
                  flip.limits.lock_timeout.count(), flip.limits.attempts),
      "barrier: a marker in the source's WAL behind everything that was written before",
      fmt::format("drain: the daemon brings over what stands before it; all is let go, unchanged, once the hold has lasted {} ms", flip.limits.hold.count()),
      "ready: on the target, in a transaction that is left open: fences off, triggers that rest wake, foreign keys that were left out, sequences beyond what either side has given",
      fmt::format("close: on the source fences go up on v1, and name {}; committed there. From here on nobody writes", rows.places[1]),
      "open: that transaction of the target is committed: v2 is written there, in its own schema. There is no way back from here",
      fmt::format("tidy: slot {} and the publication are dropped; v1 stays, fenced, until you drop it", flip.old_slot),
  };
  if (!flip.hook) return steps;
  steps.insert(steps.begin(), "pause: the hook keeps applications waiting outside, until v2 is open or v1 was not closed");
  steps.emplace_back("resume: the hook lets the applications go; `select crossfade.owner(…)` on either server says where to");
  return steps;
}

}  // namespace

asio::awaitable<TurnRows> expect_turns(pg::Connection& connection, std::string migration) {
  auto rows = co_await read_turns(connection, migration);
  if (rows) co_return std::move(*rows);
  throw precondition_failure(fmt::format("one of the two servers does not know of migration {} any more, so neither is opened or closed", migration),
                             "crossfade doctor; where a cancel was broken off: crossfade cancel");
}

Failure no_way_back(const WritesFlip& flip, const TurnRows& rows) {
  return precondition_failure(fmt::format("v2 of migration {} is open on its server, {}: there is no way back across servers", flip.file.yaml.migration(), rows.places[1]),
                              "write v2; v1 is as it was when it was closed");
}

asio::awaitable<AcrossConditions> look_at_conditions(pg::Connection& connection, const WritesFlip& flip) {
  Across at{connection, flip, sides_of(flip.file.yaml, Naming::kOriginal)};
  const Limits limits;
  auto facts = co_await settled_facts(connection, flip.file.yaml.migration(), limits);
  facts.folder = co_await setup::changed_files(connection, flip.file);
  at.found.checklist = checklist_of_reads(facts, limits);
  look_at_file(at);
  co_await look_at_inventory(at);
  co_await look_at_long_transactions(at, Side::kV1);
  co_await look_at_long_transactions(at, Side::kV2);
  co_await look_at_target_tables(at);
  co_await look_at_sequences(at);
  co_await look_at_writers(at);
  at.found.blockers = blockers_of(at.found.checklist);
  co_return std::move(at.found);
}

asio::awaitable<WritesPlan> plan_across(pg::Connection& connection, const WritesFlip& flip) {
  const auto& name = flip.file.yaml.migration();
  const auto wanted = flip.to == Direction::kReverse ? Side::kV2 : Side::kV1;
  const auto rows = co_await expect_turns(connection, name);
  WritesPlan plan;
  const auto step = next_turn(rows.turns, wanted, true);
  if (step == TurnStep::kDone) {
    plan.owns = true;
    plan.steps = {fmt::format("nothing: the writes are on {} already", to_text(wanted))};
  } else if (step == TurnStep::kFlip && wanted == Side::kV1) {
    throw no_way_back(flip, rows);
  } else if (step == TurnStep::kFlip) {
    auto conditions = co_await look_at_conditions(connection, flip);
    plan.checklist = std::move(conditions.checklist);
    plan.inventory = std::move(conditions.inventory);
    const std::vector<mapping::TableName> none;
    const auto tables = co_await lock_order(connection.source(), sides_of(flip.file.yaml, Naming::kOriginal).v1, none);
    plan.steps = steps_to_v2(flip, rows, tables);
  } else if (step == TurnStep::kUndo) {
    plan.steps = {fmt::format("undo: {}'s server, which was to open, stays closed for good under a higher turn", to_text(other(wanted))), fmt::format("open: {} is written again", to_text(wanted))};
  } else {
    plan.steps = {fmt::format("open: {} was closed, and {} is opened on its server, once it has all that stands before the barrier", to_text(other(wanted)), to_text(wanted))};
  }
  co_return plan;
}

}  // namespace crossfade::cutover
