#include "cutover/complete.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/failure.h"
#include "base/sql_text.h"
#include "cutover/layout/tables.h"
#include "mapping/catalog/slot_names.h"
#include "setup/fence.h"
#include "setup/prepare.h"
#include "sync/state/store.h"
#include "wal/slot.h"

namespace crossfade::cutover {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;
using mapping::Direction;

Failure not_ready(ExitCode exit, std::string message, std::string advice) {
  Failure::Facts facts;
  facts.exit = exit;
  facts.message = std::move(message);
  facts.advice = std::move(advice);
  return Failure(std::move(facts));
}

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
  const auto empty = co_await connection.query(std::string(queries::schema_empty), shadow);
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
    const auto used = co_await connection.query(std::string(queries::schemas_in_use), parameters);
    for (std::size_t row = 0; row < used.size(); ++row) {
      notes.push_back(fmt::format("schema {} stays: {} uses what is in it", used.text(row, 0), used.text(row, 1)));
      std::erase(drop, std::string(used.text(row, 0)));
      fewer = true;
    }
  }
  co_return drop;
}

/// One transaction: all of it, or a table that something depends on keeps everything as it is.
asio::awaitable<std::vector<std::string>> clear_away(pg::Connection& connection, const v1::Migration& file, bool drop_v1, std::string who) {
  const auto& name = file.migration();
  pg::Parameters migration = {name};
  const auto rows = co_await connection.query(std::string(queries::migration_schemas), migration);
  std::vector<std::string> notes;
  auto made = parse_array(rows.text(0, 3));
  const auto schemas = co_await schemas_to_drop(connection, file, std::move(made), notes);
  const auto old_tables = sides_of(file, mapping::Places::kSwapped).v1;
  std::string script = "begin; set local lock_timeout = '5s';\n";
  const auto v1 = outline(file, Direction::kReverse);
  for (const auto& statement : sync::drop_fences(v1)) script += statement + ";\n";
  for (const auto& statement : sync::wake_triggers(v1)) script += statement + ";\n";
  for (const auto direction : {Direction::kForward, Direction::kReverse}) {
    script += fmt::format("drop publication if exists {};\n", quote_identifier(sync::publication_name(name, direction)));
  }
  for (const auto& schema : schemas) script += fmt::format("drop schema if exists {} cascade;\n", quote_identifier(schema));
  std::string tables;
  std::vector<std::optional<std::string>> dropped;
  for (const auto& table : old_tables) {
    if (!drop_v1) break;
    tables += (tables.empty() ? "" : ", ") + table.quoted();
    dropped.emplace_back(table.schema + "." + table.name);
  }
  // In one statement, so that foreign keys among them are no obstacle.
  if (drop_v1) script += fmt::format("drop table if exists {};\n", tables);
  co_await connection.script(std::move(script));
  pg::Parameters parameters = {name, std::move(who), array_text(dropped)};
  co_await connection.query(std::string(queries::complete_migration), parameters);
  co_await connection.script("commit");
  co_return notes;
}

}  // namespace

asio::awaitable<std::vector<std::string>> complete(pg::Connection& connection, const mapping::MigrationFile& file, bool drop_v1, std::string who) {
  const auto& name = file.yaml.migration();
  co_await sync::require_prepared(connection, name);
  const auto direction = co_await sync::store::read_direction(connection, name);
  if (direction != Direction::kReverse) {
    throw not_ready(ExitCode::kNotReady, fmt::format("v1 owns the data of migration {}; there is nothing to complete", name),
                    "crossfade cutover writes; or crossfade cancel, which leaves v1 as it was");
  }
  pg::Parameters holder = {name, "complete"};
  const auto lease = co_await connection.query(std::string(queries::lease_take), holder);
  if (lease.is_null(0, 0)) {
    throw not_ready(ExitCode::kNotLeader, fmt::format("a daemon is working on migration {}", name), "stop it (SIGTERM), then complete");
  }
  const auto notes = co_await clear_away(connection, file.yaml, drop_v1, std::move(who));
  const auto slots = co_await mapping::find_slot_names(connection, name);
  for (const auto& slot : {slots.forward, slots.reverse}) co_await wal::drop_slot(connection, slot);
  co_return notes;
}

}  // namespace crossfade::cutover
