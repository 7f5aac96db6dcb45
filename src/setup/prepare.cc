#include "setup/prepare.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/failure.h"
#include "base/sql_text.h"
#include "mapping/catalog/slot_names.h"
#include "setup/fence.h"
#include "sync/state/incarnation.h"
#include "sync/state/store.h"

namespace crossfade::sync {
namespace {

namespace queries = sql::queries;
namespace engine = sql::engine;

asio::awaitable<bool> truth(pg::Connection& connection, std::string_view sql, pg::Parameters parameters) {
  const auto rows = co_await connection.query(std::string(sql), std::move(parameters));
  co_return !rows.empty() && rows.truth(0, 0);
}

/// Tables that were there before crossfade stay, without the fence and with the keys that a bulk load took off. They were
/// empty when that began, and are so again if it was broken off: half of the rows may not satisfy the keys.
asio::awaitable<void> give_back(pg::Connection& connection, std::string migration, std::string shadow_schema) {
  pg::Parameters shadow = {shadow_schema};
  const auto fences_there = co_await connection.query(std::string(queries::fences_of_schema), shadow);
  for (std::size_t row = 0; row < fences_there.size(); ++row) co_await connection.script(std::string(fences_there.text(row, 0)));
  pg::Parameters name = {migration};
  co_await connection.query(std::string(queries::wake_all_triggers), name);
  const auto unfinished = co_await connection.query(std::string(queries::cancel_truncate), name);
  if (!unfinished.is_null(0, 0)) co_await connection.script(std::string(unfinished.text(0, 0)));
  for (const auto* stage : {"1", "2"}) {
    pg::Parameters taken_off = {migration, stage};
    const auto pieces = co_await connection.query(std::string(queries::deferred_list), taken_off);
    for (std::size_t row = 0; row < pieces.size(); ++row) {
      co_await connection.script(std::string(pieces.text(row, 2)));
      if (!pieces.is_null(row, 3)) co_await connection.script(std::string(pieces.text(row, 3)));
    }
  }
}

asio::awaitable<void> refuse_to_cancel_v2(pg::Connection& connection, std::string migration) {
  const auto goes = co_await store::read_direction(connection, migration);
  if (goes != mapping::Direction::kReverse) co_return;
  throw precondition_failure(fmt::format("v2 owns the data of migration {}: its tables are not crossfade's to drop", migration),
                             "bring the writes back first: `crossfade rollback writes`");
}

asio::awaitable<bool> drop_slots(pg::Connection& connection, std::string migration) {
  const auto names = co_await mapping::find_slot_names(connection, migration);
  bool any = false;
  for (const auto& slot : {names.forward, names.reverse}) {
    const auto there = co_await wal::inspect_slot(connection, slot);
    any = any || there;
    co_await wal::drop_slot(connection, slot);
  }
  co_return any;
}

asio::awaitable<bool> drop_publications(pg::Connection& connection, std::string migration) {
  bool any = false;
  for (const auto direction : {mapping::Direction::kForward, mapping::Direction::kReverse}) {
    const auto publication = publication_name(migration, direction);
    pg::Parameters name = {publication};
    const bool there = co_await truth(connection, queries::publication_exists, name);
    any = any || there;
    auto drop = "drop publication if exists " + quote_identifier(publication);
    co_await connection.script(std::move(drop));
  }
  co_return any;
}

/// What the migration's row names, and then the row.
asio::awaitable<void> forget(pg::Connection& connection, std::string migration) {
  pg::Parameters name = {migration};
  const auto rows = co_await connection.query(std::string(queries::migration_schemas), name);
  const auto made = parse_array(rows.text(0, 3));
  const bool ours = std::find(made.begin(), made.end(), rows.optional_text(0, 0)) != made.end();
  if (!ours) co_await give_back(connection, migration, std::string(rows.text(0, 0)));
  for (const auto& schema : made) {
    auto drop = fmt::format("drop schema if exists {} cascade", quote_identifier(schema.value()));
    co_await connection.script(std::move(drop));
  }
  const auto drops = co_await connection.query(std::string(queries::surrogate_drops), name);
  for (std::size_t row = 0; row < drops.size(); ++row) co_await connection.script(std::string(drops.text(row, 0)));
  co_await connection.query(std::string(queries::migration_forget), name);
  const auto left = co_await connection.query(std::string(queries::migration_count));
  if (left.number(0, 0) == 0) co_await connection.script("drop schema crossfade cascade");
}

}  // namespace

std::vector<std::string> engine_scripts() {
  return {std::string(engine::schema), std::string(engine::uuid), std::string(engine::cutover), std::string(engine::functions)};
}

asio::awaitable<Prepared> how_prepared(pg::Connection& connection, std::string migration) {
  const bool engine_there = co_await truth(connection, queries::engine_exists, {});
  if (!engine_there) co_return Prepared::kNot;
  pg::Parameters name = {migration};
  const auto rows = co_await connection.query(std::string(queries::migration_schemas), name);
  if (rows.empty()) co_return Prepared::kNot;
  const auto checkpoint = co_await store::read_checkpoint(connection, migration);
  co_return checkpoint ? Prepared::kWhole : Prepared::kHalf;
}

asio::awaitable<bool> is_prepared(pg::Connection& connection, std::string migration) {
  const auto prepared = co_await how_prepared(connection, std::move(migration));
  co_return prepared == Prepared::kWhole;
}

asio::awaitable<void> prepare_alone(pg::Connection& connection, std::string migration) {
  pg::Parameters name = {migration};
  const auto rows = co_await connection.query(std::string(queries::prepare_alone), name);
  if (rows.truth(0, 0)) co_return;
  Failure::Facts facts;
  facts.exit = ExitCode::kNotLeader;
  facts.message = fmt::format("migration {} is being prepared or cancelled in this database: {}", migration, rows.text(0, 1));
  facts.advice = fmt::format("wait for it; if its command was killed: {}", rows.text(0, 2));
  throw Failure(std::move(facts));
}

asio::awaitable<std::vector<std::string>> install(pg::Connection& connection, const mapping::MigrationFile& file) {
  for (auto script : engine_scripts()) co_await connection.script(std::move(script));
  std::vector<std::string> made;
  std::vector<std::string> there;
  for (const auto& script : install_scripts(file)) {
    const bool ours = std::find(made.begin(), made.end(), script.schema) != made.end();
    if (!ours && std::find(there.begin(), there.end(), script.schema) == there.end()) {
      pg::Parameters name = {script.schema};
      const bool exists = co_await truth(connection, queries::schema_exists, std::move(name));
      (exists ? there : made).push_back(script.schema);
      auto create = "create schema " + quote_identifier(script.schema);
      if (!exists) co_await connection.script(std::move(create));
    }
    // A schema that is there already is the user's own; it is checked like any other, and left as it is.
    if (std::find(made.begin(), made.end(), script.schema) == made.end()) continue;
    std::optional<Failure> failure;
    try {
      co_await connection.script(script.sql);
    } catch (const Failure& caught) {
      if (caught.connection_lost()) throw;
      auto facts = caught.facts();
      facts.doing = script.file;
      facts.message = fmt::format("{} does not run: {}", script.file, facts.message);
      facts.exit = caught.sqlstate() == "42501" ? ExitCode::kPermission : ExitCode::kUsage;
      facts.advice = "mend the script; it was run in a transaction that is rolled back";
      failure = Failure(std::move(facts));
    }
    if (failure) throw *failure;
  }
  co_return made;
}

asio::awaitable<void> enter(pg::Connection& connection, const mapping::Model& model, std::vector<std::string> made_schemas) {
  std::vector<std::optional<std::string>> made(made_schemas.begin(), made_schemas.end());
  pg::Parameters migration = {model.name, model.shadow_schema, model.mapping_schema, model.stable_schema, array_text(made)};
  co_await connection.query(std::string(queries::prepare_migration), migration);
  pg::Parameters name = {model.name};
  co_await connection.query(std::string(queries::prepare_rows), name);
  co_await store::write_touchable(connection, model);
  for (const auto& surrogate : model.surrogates) {
    pg::Parameters of_migration = {model.name, surrogate.name, surrogate.ids.name};
    co_await connection.query(std::string(queries::surrogate_put), of_migration);
  }
  for (const auto& target : model.targets) {
    // Into an empty table rows are loaded in bulk; what is there already is merged.
    auto any = fmt::format("select not exists (select from {})", target.table.quoted());
    const bool empty = co_await truth(connection, any, {});
    pg::Parameters begin = {model.name, target.name, empty ? "true" : "false",
                            std::to_string(static_cast<std::int64_t>(target.estimated_rows))};
    co_await connection.query(std::string(queries::backfill_begin), begin);
    pg::Parameters filled = {model.name, target.name};
    if (target.lazy) co_await connection.query(std::string(queries::backfill_finish), filled);
  }
}

asio::awaitable<void> begin_stream(pg::Connection& connection, std::string migration, const Settings& settings) {
  co_await wal::drop_slot(connection, settings.slot);
  const auto incarnation = co_await make_slot(connection, settings);
  co_await store::begin_checkpoint(connection, migration, incarnation);
}

asio::awaitable<bool> cancel(pg::Connection& connection, std::string migration) {
  const auto prepared = co_await how_prepared(connection, migration);
  const bool entered = prepared != Prepared::kNot;
  if (entered) co_await refuse_to_cancel_v2(connection, migration);
  // Once the migration's row is gone, nobody would look for its slots any more: they go first.
  const bool slots = co_await drop_slots(connection, migration);
  co_await connection.script("begin");
  const bool publications = co_await drop_publications(connection, migration);
  if (entered) co_await forget(connection, migration);
  co_await connection.script("commit");
  co_return entered || slots || publications;
}

}  // namespace crossfade::sync
