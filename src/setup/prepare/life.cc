#include "setup/prepare/life.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "pg/row.h"
#include "setup/prepare/prepare.h"

namespace crossfade::setup {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;

constexpr Transition to(Life life) { return {life}; }
constexpr Transition refused(std::string_view refusal, std::string_view instead) { return {std::nullopt, refusal, instead}; }
constexpr Transition not_yet(std::string_view refusal, std::string_view instead) { return {std::nullopt, refusal, instead, ExitCode::kNotReady}; }

constexpr auto kNotThere = not_yet("migration {} is not prepared in this database", "run `crossfade prepare`, or start the daemon with `crossfade run --prepare`");
constexpr auto kOver = refused("migration {} is completed", "there is nothing left to do: v2 is the application's, and there is no way back");
constexpr auto kReadByAll = refused("v2 owns the data of migration {}: everybody reads it", "bring the writes back first: `crossfade rollback writes`");
constexpr auto kOwned = refused("v2 owns the data of migration {}: its tables are not crossfade's to drop", "bring the writes back first: `crossfade rollback writes`");
constexpr auto kNothingMoved = not_yet("v1 owns the data of migration {}; there is nothing to complete", "crossfade cutover writes; or crossfade cancel, which leaves v1 as it was");

// What a move asks for before v2 follows, its checklist names with how long it may take: "not yet" is no refusal.
using enum Life;
constexpr std::array<std::array<Transition, kEvents>, kLives> kTable{{
    //  prepare           cutover reads     rollback reads    cutover writes    rollback writes   amend             cancel        complete
    {{to(kPrepared),    kNotThere,        kNotThere,        kNotThere,        kNotThere,        kNotThere,        to(kAbsent),  kNotThere}},      // absent
    {{to(kPrepared),    to(kPrepared),    to(kPrepared),    to(kPrepared),    to(kPrepared),    to(kPrepared),    to(kAbsent),  kNothingMoved}},  // prepared
    {{to(kBackfilling), to(kBackfilling), to(kBackfilling), to(kBackfilling), to(kBackfilling), to(kBackfilling), to(kAbsent),  kNothingMoved}},  // backfilling
    {{to(kFollowing),   to(kFollowing),   to(kFollowing),   to(kMoved),       to(kFollowing),   to(kBackfilling), to(kAbsent),  kNothingMoved}},  // following
    {{to(kMoved),       kReadByAll,       kReadByAll,       to(kMoved),       to(kFollowing),   to(kMoved),       kOwned,       to(kCompleted)}}, // moved
    {{to(kCompleted),   kOver,            kOver,            kOver,            kOver,            kOver,            kOver,        to(kCompleted)}}, // completed
}};

constexpr bool every_pair_says_something() {
  for (const auto& row : kTable) {
    for (const auto& each : row) {
      if (!each.to && (each.refusal.empty() || each.instead.empty())) return false;
    }
  }
  return true;
}
static_assert(every_pair_says_something(), "a state lacks its row, an event its column, or a refusal what to do instead");

constexpr bool is_always_taken(Event event) {
  return std::all_of(kTable.begin(), kTable.end(), [&](const auto& row) { return row.at(static_cast<std::size_t>(event)).to.has_value(); });
}
static_assert(is_always_taken(Event::kPrepare), "whoever prepares has to ask first");

}  // namespace

const Transition& transition(Life life, Event event) { return kTable.at(static_cast<std::size_t>(life)).at(static_cast<std::size_t>(event)); }

Failure refusal(Life life, Event event, const std::string& migration) {
  const auto& refused = transition(life, event);
  Failure::Facts facts;
  facts.exit = refused.exit;
  facts.message = fmt::format(fmt::runtime(refused.refusal), migration);
  facts.advice = refused.instead;
  return Failure(std::move(facts));
}

Life life_of(std::string_view phase, bool v2_owns) {
  if (phase == to_text(kCompleted)) return kCompleted;
  if (v2_owns) return kMoved;
  for (const auto life : {kPrepared, kBackfilling, kFollowing}) {
    if (phase == to_text(life)) return life;
  }
  return kAbsent;
}

asio::awaitable<Life> read_life(pg::Connection& connection, std::string migration) {
  const bool prepared = co_await is_prepared(connection, migration);
  if (!prepared) co_return kAbsent;
  pg::Parameters name = {std::move(migration)};
  const auto found = co_await connection.query(queries::life, name);
  const auto row = pg::first(found);
  co_return life_of(row.text("phase"), row.text("direction") == "reverse");
}

asio::awaitable<void> expect(pg::Connection& connection, std::string migration, Event event) {
  const auto life = co_await read_life(connection, migration);
  if (!transition(life, event).to) throw refusal(life, event, migration);
}

}  // namespace crossfade::setup
