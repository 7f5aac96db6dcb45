#include "cutover/doctor.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include "base/telemetry/log.h"
#include "cutover/across/turn_rows.h"
#include "cutover/layout/tables.h"
#include "mapping/catalog/slot_names.h"
#include "pg/row.h"
#include "setup/prepare/prepare.h"
#include "sync/state/store.h"
#include "wal/hindrance.h"

namespace crossfade::cutover {

namespace asio = boost::asio;
namespace queries = sql::queries;

namespace {

/// Nothing of a flip is half done, and a daemon leads.
Diagnosis kept_back(const DoctorFacts& facts, const std::string& owns, std::string_view follower) {
  if (!facts.parked.empty()) {
    return {fmt::format("{}; nothing of a flip is half done, and {} is not kept true: parked is {}", owns, follower, facts.parked),
            "crossfade status says what each is refused for; mend that, and it comes back by itself"};
  }
  if (!facts.held.empty()) {
    return {fmt::format("{}; nothing of a flip is half done, and {} is not kept true: locked is {}", owns, follower, facts.held),
            "end, or wait for, who has the tables locked; what waits for them comes by itself then"};
  }
  return {owns + "; nothing is half done", ""};
}

/// One of two servers is closed and the other one not open: nobody writes. The higher turn says where it goes, and the same command as before goes
/// there; the other one takes it back, whenever somebody wants that.
Diagnosis between_servers(const DoctorFacts& facts) {
  const auto to = of(*facts.turns, ahead(*facts.turns)).goes_to;
  const auto go_on = fmt::format("crossfade {} --confirm {}", to == Side::kV2 ? "cutover writes --no-way-back" : "rollback writes", facts.migration);
  if (to == Side::kV1) return {"v1 is closed, and v2 is not open: nobody writes. The move was taken back, and v1 is to be opened again", go_on};
  const auto state = fmt::format("v1 is closed, and v2 is not open yet: nobody writes{}", facts.drained ? "" : ". v2's server has not all of what v1 had then");
  const auto or_back = fmt::format("or crossfade rollback writes --confirm {}, which takes it back", facts.migration);
  if (!facts.drained) return {state, fmt::format("{}, which brings it; then {}; {}", facts.leader.empty() ? "crossfade run" : "let the daemon work", go_on, or_back)};
  return {state, fmt::format("{}, which opens v2; {}", go_on, or_back)};
}

Diagnosis completed(const DoctorFacts& facts) {
  const bool left = facts.slot_there || facts.other_slot_there;
  if (facts.turns && (left || facts.paused)) {
    return {fmt::format("v2 is open on its server, and there is no way back{}{}", left ? "; the slot of following is left and keeps WAL" : "",
                        facts.paused ? "; the hook was not seen to let the applications go" : ""),
            fmt::format("crossfade cutover writes --no-way-back --confirm {}: v2 owns the data already, so it only clears away, and lets them go", facts.migration)};
  }
  if (!left) return {"the migration is completed", ""};
  return {"the migration is completed; a slot is left and keeps WAL", fmt::format("crossfade complete --confirm {}", facts.migration)};
}

}  // namespace

Diagnosis diagnose(const DoctorFacts& facts) {
  if (!facts.prepared) return {fmt::format("migration {} is not in this database", facts.migration), "crossfade run --prepare"};
  const auto* owner = facts.on_v2 ? "v2" : "v1";
  const auto* follower = facts.on_v2 ? "v1" : "v2";
  const auto owns = fmt::format("{} owns the data", owner) + (facts.last_flip.empty() ? "" : " (" + facts.last_flip + ")");
  if (facts.completed) return completed(facts);
  if (!facts.flip_session.empty()) {
    return {fmt::format("{}; a flip is going on in {}", owns, facts.flip_session),
            "wait: it ends by itself, and until its commit nothing changes"};
  }
  if (facts.turns && between(*facts.turns)) return between_servers(facts);
  if (facts.paused && !facts.hooked) {
    return {fmt::format("{}; a flip was broken off while its hook kept the applications waiting, and migration.yaml has no `cutover: hook:` any more", owns),
            fmt::format("let the applications go by hand, as that hook did with CROSSFADE_HOOK=resume; then crossfade {} writes --confirm {}: {} owns the data already, so it only "
                        "writes down that they are let go, and clears away", facts.on_v2 ? "cutover" : "rollback", facts.migration, owner)};
  }
  if (facts.paused) {
    return {fmt::format("{}; a flip was broken off while its hook kept the applications waiting", owns),
            fmt::format("crossfade {} writes --confirm {}: {} owns the data already, so it only lets them go. Then begin again, if you want to",
                        facts.on_v2 ? "cutover" : "rollback", facts.migration, owner)};
  }
  // Nothing of crossfade moves a table but the flip, whole.
  if (!facts.missing.empty()) return {fmt::format("{}, but these tables are not where it left them: {}", owns, facts.missing), "find out who moved them, and move them back"};
  if (!facts.shut.empty()) {
    return {fmt::format("{}, but a fence keeps applications from {}", owns, facts.shut), "drop trigger crossfade_fence on each of them"};
  }
  if (facts.other_slot_there) {
    // The command towards the side that owns the data already does nothing but clear away.
    return {fmt::format("{}; a flip was broken off {}: slot {} is left and keeps WAL", owns,
                        facts.last_flip.empty() ? "before its commit, which changed nothing" : "before its commit, or after it", facts.other_slot),
            fmt::format("crossfade {} writes --confirm {}: {} owns the data already, so it only clears away. Then begin again, if you want to",
                        facts.on_v2 ? "cutover" : "rollback", facts.migration, owner)};
  }
  if (!facts.unfenced.empty()) {
    return {fmt::format("{}, and anybody can write tables of {} by mistake: {}", owns, follower, facts.unfenced),
            fmt::format("create trigger crossfade_fence before insert or update or delete or truncate on TABLE for each statement execute function "
                        "crossfade.fence('{}', '{}')", facts.migration, owner)};
  }
  if (!facts.trying.empty()) return {fmt::format("{}; daemon {} is there and cannot keep {} true: {}", owns, facts.trying, follower, facts.met), facts.mend};
  if (facts.leader.empty() && !facts.met.empty()) {
    return {fmt::format("{}; no daemon keeps {} true, and none could: {}", owns, follower, facts.met), facts.mend + ". Then crossfade run"};
  }
  if (!facts.slot_there) {
    return {fmt::format("{}; slot {} is gone, so {} has missed changes", owns, facts.slot, follower),
            "crossfade run: the daemon makes the slot anew and compares everything"};
  }
  if (!facts.unvalidated.empty()) {
    return {fmt::format("{}; foreign keys that the flip re-pointed hold for new rows and are not validated: {}", owns, facts.unvalidated),
            fmt::format("crossfade {} writes --confirm {}: {} owns the data already, so it only validates them, or names the rows that are in the way",
                        facts.on_v2 ? "cutover" : "rollback", facts.migration, owner)};
  }
  if (facts.leader.empty()) return {fmt::format("{}; no daemon keeps {} true", owns, follower), "crossfade run"};
  return kept_back(facts, owns, follower);
}

asio::awaitable<DoctorFacts> examine(pg::Connection& connection, const mapping::MigrationFile& file) {
  DoctorFacts facts;
  facts.migration = file.yaml.migration();
  facts.prepared = co_await setup::is_prepared(connection, facts.migration);
  if (!facts.prepared) co_return facts;
  const auto direction = co_await sync::store::read_direction(connection, facts.migration);
  const auto goes = direction.value_or(mapping::Direction::kForward);
  facts.on_v2 = goes == mapping::Direction::kReverse;
  const auto slots = co_await mapping::find_slot_names(connection.source(), facts.migration);
  facts.slot = slots.of(goes);
  facts.other_slot = slots.of(opposite(goes));
  const auto sides = sides_of(file.yaml, naming_of(goes));
  const std::string none = "{}";
  const bool apart = connection.apart();
  pg::Parameters parameters = {facts.migration, facts.slot, facts.other_slot, apart ? none : names_text(facts.on_v2 ? sides.v2 : sides.v1),
                               names_text(facts.on_v2 ? sides.v1 : sides.v2)};
  const auto rows = co_await connection.query(queries::doctor, parameters);
  const auto row = pg::first(rows);
  facts.completed = row.text("phase") == "completed";
  facts.leader = row.text("leader");
  facts.trying = row.text("trying");
  facts.met = log::redact(row.text("trying_message"));
  facts.mend = row.text("trying_advice");
  facts.flip_session = row.text("flip_session");
  facts.slot_there = row.truth("slot_there");
  facts.other_slot_there = row.truth("other_slot_there");
  facts.missing = row.text("missing");
  facts.unfenced = row.text("unfenced");
  facts.shut = row.text("shut");
  facts.last_flip = row.text("last_flip");
  facts.unvalidated = row.text("unvalidated");
  facts.parked = row.text("parked");
  facts.held = log::redact(row.text("held"));
  if (apart) {
    const auto turns = co_await read_turns(connection, facts.migration);
    if (turns) facts.turns = turns->turns;
    if (turns && between(turns->turns)) {
      pg::Parameters watch = {facts.migration, turns->barrier(), "reverse", facts.slot, "false"};
      const auto watched = co_await connection.query(queries::writes_watch, std::move(watch));
      facts.drained = !watched.empty() && pg::first(watched).truth("drained") && pg::first(watched).truth("intact");
    }
    pg::Parameters of_source = {facts.migration, facts.slot, facts.other_slot, names_text(sides.v1), none};
    const auto there = co_await connection.source().query(queries::doctor, std::move(of_source));
    const auto source = pg::first(there);
    facts.slot_there = source.truth("slot_there");
    facts.other_slot_there = source.truth("other_slot_there");
    if (facts.missing.empty()) facts.missing = source.text("missing");
    facts.shut = source.text("shut");
    if (facts.held.empty()) facts.held = log::redact(source.text("held"));
  }
  if (facts.leader.empty() && facts.trying.empty()) {
    const auto hindrance = co_await wal::find_hindrance(connection.source(), facts.slot);
    if (hindrance) facts.met = hindrance->what;
    if (hindrance) facts.mend = hindrance->fix;
  }
  pg::Parameters name = {facts.migration};
  const auto paused = co_await connection.query(queries::applications_paused, name);
  facts.paused = paused.truth(0, 0);
  facts.hooked = !file.yaml.cutover().hook().empty();
  co_return facts;
}

}  // namespace crossfade::cutover
