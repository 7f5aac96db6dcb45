#include "cutover/complete.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "async/sleep.h"
#include "base/error/failure.h"
#include "base/text/sql_text.h"
#include "cutover/inventory/inventory.h"
#include "cutover/layout/alone.h"
#include "cutover/layout/tables.h"
#include "mapping/catalog/slot_names.h"
#include "pg/row.h"
#include "setup/objects/fence.h"
#include "setup/prepare/life.h"
#include "setup/prepare/prepare.h"
#include "sync/state/store.h"
#include "wal/slot.h"

namespace crossfade::cutover {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;
using mapping::Direction;
using namespace std::chrono_literals;

/// A daemon beats once a second, finds that it is refused, and lets go of its slot.
constexpr auto kDaemonPatience = 15s;
/// A lock on a table that applications use: whoever queues behind it waits as long.
constexpr int kAttempts = 20;

/// The schemas of views that crossfade made; the shadow schema where nothing stayed behind in it. What a live table uses is not
/// dropped with them: such a schema stays, and `notes` says why.
asio::awaitable<std::vector<std::string>> schemas_to_drop(pg::Connection& connection, const v1::Migration& file, std::vector<std::optional<std::string>> made,
                                                          std::vector<std::string>& notes) {
  std::vector<std::string> drop;
  const auto ours = [&](const std::string& schema) { return std::find(made.begin(), made.end(), schema) != made.end(); };
  for (const auto& schema : {file.schemas().mapping(), file.schemas().reverse()}) {
    if (ours(schema)) drop.push_back(schema);
  }
  pg::Parameters shadow = {file.schemas().shadow()};
  const auto empty = co_await connection.query(queries::schema_empty, shadow);
  if (ours(file.schemas().shadow()) && !empty.empty()) {
    if (empty.truth(0, 0)) {
      drop.push_back(file.schemas().shadow());
    } else {
      notes.push_back(fmt::format("schema {} stays: there are things in it beside the tables, which these may use", file.schemas().shadow()));
    }
  }
  for (bool fewer = true; fewer;) {
    fewer = false;
    const std::vector<std::optional<std::string>> names(drop.begin(), drop.end());
    pg::Parameters parameters = {array_text(names)};
    const auto used = co_await connection.query(queries::schemas_in_use, parameters);
    for (const auto row : pg::rows(used)) {
      notes.push_back(fmt::format("schema {} stays: {} uses what is in it", row.text("schema"), row.text("used_by")));
      std::erase(drop, std::string(row.text("schema")));
      fewer = true;
    }
  }
  co_return drop;
}

/// What keeps the old tables from going is named by the server; how to do without it stands here. Locks that are not to be had soon are let go,
/// all of them, and asked for again: whoever has one and waits for another of them would be ended for it.
asio::awaitable<void> run(pg::Connection& connection, std::string script) {
  std::optional<Failure> refused;
  for (int attempt = 1;; ++attempt) {
    refused.reset();
    try {
      co_await connection.script(script);
    } catch (const Failure& failure) {
      if (failure.sqlstate() != "2BP01" && (failure.sqlstate() != "55P03" || attempt == kAttempts)) throw;
      refused = failure;
    }
    if (!refused) co_return;
    if (refused->sqlstate() != "55P03") break;
    co_await connection.script("rollback");
    co_await async::sleep_for(200ms);
  }
  auto facts = refused->facts();
  facts.exit = ExitCode::kPrecondition;
  // One statement of many drops, which says nothing to who reads it.
  facts.statement.clear();
  facts.message = fmt::format("{}: {}", facts.message, facts.detail);
  facts.detail.clear();
  facts.hint.clear();
  facts.advice = "take what is named off the old table (drop view … of a view that shows it), or complete without --drop-v1, which leaves the old tables there; nothing was changed";
  throw Failure(std::move(facts));
}

std::string drop_what_is_ours(const v1::Migration& file, const std::vector<std::string>& schemas) {
  std::string script;
  const auto v1 = outline(file, Direction::kReverse);
  for (const auto& statement : setup::enable_triggers(v1)) script += statement + ";\n";
  for (const auto& statement : setup::drop_fences(v1)) script += statement + ";\n";
  script += fmt::format("select crossfade.free_detached({});\n", quote_literal(file.migration()));
  script += fmt::format("select crossfade.give_tables_back({});\n", quote_literal(file.migration()));
  for (const auto direction : {Direction::kForward, Direction::kReverse}) {
    script += fmt::format("drop publication if exists {};\n", quote_identifier(setup::publication_name(file.migration(), direction)));
  }
  for (const auto& schema : schemas) script += fmt::format("drop schema if exists {} cascade;\n", quote_identifier(schema));
  return script;
}

/// Rows that are read through another table would be missing there once the old table is gone, and nothing depends on that.
asio::awaitable<void> look_who_shows(pg::Connection& connection, std::string old_tables, bool drop_v1, std::vector<std::string>& notes) {
  pg::Parameters parameters = {std::move(old_tables)};
  const auto rows = co_await connection.query(queries::old_tables_shown, parameters);
  for (const auto row : pg::rows(rows)) {
    const auto shown = fmt::format("{} shows the rows of the old table {}", row.text("shown_by"), row.text("old_table"));
    if (drop_v1) {
      Failure::Facts facts;
      facts.exit = ExitCode::kPrecondition;
      facts.message = shown + ", which would go with it";
      facts.advice = fmt::format("{}; or complete without --drop-v1, which leaves the old tables there; nothing was changed", row.text("statement"));
      throw Failure(std::move(facts));
    }
    notes.push_back(fmt::format("{}, which nothing changes any more: {}", shown, row.text("statement")));
  }
}

/// Who keeps to the old tables. A constraint trigger that looks at one goes with it, and so does its place in a publication, without a word of the server's.
asio::awaitable<void> look_who_keeps(pg::Connection& connection, const v1::Migration& file, std::vector<mapping::TableName> old_tables, bool drop_v1, std::vector<std::string>& notes) {
  const auto keeping = co_await kept_by_old_tables(connection, file, old_tables);
  std::string going, mend;
  for (const auto& each : keeping) {
    const bool trigger = each.kind == "trigger";
    if (drop_v1 && (trigger || each.kind == "publication")) {
      going += fmt::format("{}{} ({})", going.empty() ? "" : ", ", each.object, each.way);
      mend += trigger ? "drop " + each.object + "; " : "take the old table out of it: alter " + each.object + " drop table …; ";
    }
    if (!drop_v1) notes.push_back(fmt::format("{} ({}) keeps to the old table, which nothing changes any more", each.object, each.way));
  }
  if (going.empty()) co_return;
  Failure::Facts facts;
  facts.exit = ExitCode::kPrecondition;
  facts.message = going + " would go with it";
  facts.advice = mend + "or complete without --drop-v1, which leaves the old tables there; nothing was changed";
  throw Failure(std::move(facts));
}

/// From which other tables draw their numbers.
asio::awaitable<std::string> keep_sequences(pg::Connection& connection, std::string old_tables, std::vector<std::string>& notes) {
  pg::Parameters parameters = {std::move(old_tables)};
  const auto rows = co_await connection.query(queries::old_sequences_drawn, parameters);
  std::string script;
  for (const auto row : pg::rows(rows)) {
    script += fmt::format("{};\n", row.text("statement"));
    notes.push_back(fmt::format("sequence {} stays: {} draws from it", row.text("sequence"), row.text("drawn_by")));
  }
  co_return script;
}

/// Of these, what nobody has dropped yet.
asio::awaitable<std::vector<mapping::TableName>> those_there(pg::Connection& connection, std::vector<mapping::TableName> tables) {
  std::string sql = "select to_regclass(name) is not null as there from unnest($1::text[]) with ordinality as each (name, n) order by n";
  pg::Parameters parameters = {names_text(tables)};
  const auto rows = co_await connection.query(std::move(sql), std::move(parameters));
  std::vector<mapping::TableName> there;
  for (std::size_t n = 0; n < tables.size(); ++n) {
    if (rows.truth(n, 0)) there.push_back(tables[n]);
  }
  co_return there;
}

/// One transaction: all of it, or a table that something depends on keeps everything as it is. Returns the daemon that was refused.
asio::awaitable<std::string> clear_away(pg::Connection& connection, const v1::Migration& file, bool drop_v1, bool again, std::string who, std::vector<std::string>& notes) {
  const auto& name = file.migration();
  pg::Parameters migration = {name};
  const auto rows = co_await connection.query(queries::migration_schemas, migration);
  auto made = parse_array(pg::first(rows).text("made_schemas"));
  const auto schemas = co_await schemas_to_drop(connection, file, std::move(made), notes);
  auto old_tables = sides_of(file, mapping::Naming::kSwapped).v1;
  if (again) old_tables = co_await those_there(connection, std::move(old_tables));
  if (again) notes.push_back(drop_v1 && !old_tables.empty() ? "it was completed already; the old tables were still there" : "it was completed already");
  auto names = names_text(old_tables);
  co_await look_who_shows(connection, names, drop_v1, notes);
  co_await look_who_keeps(connection, file, old_tables, drop_v1, notes);
  if (!drop_v1) old_tables.clear();
  std::string tables;
  std::vector<std::optional<std::string>> dropped;
  for (const auto& table : old_tables) {
    tables += (tables.empty() ? "" : ", ") + table.quoted();
    dropped.emplace_back(table.schema + "." + table.name);
  }
  std::string script = "begin; set local lock_timeout = '100ms';\n";
  // Else it is done, and names tables that may be gone.
  if (!again) script += drop_what_is_ours(file, schemas);
  if (!tables.empty()) {
    const auto kept = co_await keep_sequences(connection, names, notes);
    script += kept;
  }
  // In one statement, so that foreign keys among them are no obstacle.
  if (!tables.empty()) script += fmt::format("drop table if exists {};\n", tables);
  co_await run(connection, std::move(script));
  pg::Parameters parameters = {name, std::move(who), array_text(dropped)};
  const auto daemon = co_await connection.query(queries::complete_migration, parameters);
  co_await connection.script("commit");
  co_return daemon.empty() ? std::string() : std::string(daemon.text(0, 0));
}

/// The daemon drops the slot that it has read; one that nobody reads is dropped here.
asio::awaitable<void> let_slot_go(pg::Connection& connection, std::string slot, std::vector<std::string>& notes) {
  const auto give_up_at = pg::Clock::now() + kDaemonPatience;
  for (;;) {
    const auto found = co_await wal::inspect_slot(connection, slot);
    if (!found) co_return;
    std::optional<Failure> busy;
    try {
      if (!found->active) co_await wal::drop_slot(connection, slot);
    } catch (const Failure& failure) {
      // Somebody took it up, or dropped it, between the look and this.
      if (failure.sqlstate() != "55006" && failure.sqlstate() != "42704") throw;
      busy = failure;
    }
    if (!found->active && !busy) co_return;
    if (pg::Clock::now() >= give_up_at) {
      notes.push_back(fmt::format("slot {} is still read by pid {} and keeps WAL; repeat the command once that has ended", slot, found->active_pid));
      co_return;
    }
    co_await async::sleep_for(50ms);
  }
}

/// crossfade gives no table a replica identity, and takes none: v2.sql asked for it, and may have done so for more than the way back.
asio::awaitable<void> say_who_writes_whole_rows(pg::Connection& connection, const v1::Migration& file, std::vector<std::string>& notes) {
  const auto v2 = sides_of(file, mapping::Naming::kSwapped).v2;
  pg::Parameters names = {names_text(v2)};
  const auto rows = co_await connection.query(queries::identity_full, names);
  for (const auto row : pg::rows(rows)) {
    notes.push_back(fmt::format("{} goes on writing whole rows into the WAL; if they were for the way back alone: {}", row.text("relation"), row.text("statement")));
  }
}

asio::awaitable<void> say_what_stays(pg::Connection& connection, const std::string& migration, std::vector<std::string>& notes) {
  pg::Parameters name = {migration};
  const auto views = co_await connection.query(queries::stable_views_left, name);
  for (const auto row : pg::rows(views)) {
    notes.push_back(fmt::format("schema {0} stays, with its views over v2: {1}. A column that they show cannot change its type; once nobody reads them: drop schema {0} cascade",
                                row.text("schema"), row.text("views")));
  }
}

/// Nobody comes to finish them afterwards.
asio::awaitable<void> say_which_keys_are_open(pg::Connection& connection, const std::string& migration, std::vector<std::string>& notes) {
  pg::Parameters name = {migration};
  const auto keys = co_await connection.query(queries::keys_open, name);
  for (const auto key : pg::rows(keys)) {
    notes.push_back(fmt::format("foreign key {} of {} holds for new rows, and for old ones only after: {}", key.text("name"), key.text("relation"), key.text("statement")));
  }
}

}  // namespace

asio::awaitable<std::vector<std::string>> complete(pg::Connection& connection, const mapping::MigrationFile& file, bool drop_v1, std::string who) {
  const auto& name = file.yaml.migration();
  co_await setup::expect(connection, name, setup::Event::kComplete);
  const bool again = co_await setup::read_life(connection, name) == setup::Life::kCompleted;
  co_await refuse_other_flip(connection, name);
  std::vector<std::string> notes;
  const auto daemon = co_await clear_away(connection, file.yaml, drop_v1, again, std::move(who), notes);
  const auto slots = co_await mapping::find_slot_names(connection, name);
  for (const auto& slot : {slots.forward, slots.reverse}) co_await let_slot_go(connection, slot, notes);
  if (!daemon.empty()) notes.push_back(fmt::format("daemon {} was told, and ends by itself", daemon));
  co_await say_who_writes_whole_rows(connection, file.yaml, notes);
  co_await say_which_keys_are_open(connection, name, notes);
  co_await say_what_stays(connection, name, notes);
  co_return notes;
}

}  // namespace crossfade::cutover
