#include "setup/prepare/prepare.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "async/when_all.h"
#include "base/error/failure.h"
#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "mapping/plan/fixes.h"
#include "mapping/preflight/check_target.h"
#include "mapping/preflight/inspect.h"
#include "pg/row.h"
#include "pg/savepoint.h"
#include "setup/objects/fence.h"
#include "setup/prepare/life.h"
#include "setup/prepare/prepare_apart.h"
#include "setup/prepare/short_waits.h"
#include "setup/state/editions.h"
#include "setup/state/ids_taken.h"
#include "setup/state/rights.h"
#include "setup/state/servers.h"
#include "setup/state/state_schema.h"
#include "sync/state/checkpoint.h"
#include "sync/state/incarnation.h"
#include "sync/state/store.h"
#include "wal/foreign_slot.h"

namespace crossfade::setup {
namespace {

namespace queries = sql::queries;

asio::awaitable<bool> truth(pg::Connection& connection, std::string_view sql, pg::Parameters parameters) {
  const auto rows = co_await connection.query(std::string(sql), std::move(parameters));
  co_return !rows.empty() && rows.truth(0, 0);
}

asio::awaitable<bool> schema_exists(pg::Connection& connection, std::string schema) {
  pg::Parameters name = {std::move(schema)};
  co_return co_await truth(connection, queries::schema_exists, std::move(name));
}

}  // namespace

asio::awaitable<There> look_around(pg::Connection& connection, const mapping::MigrationFile& file) {
  There there;
  there.layout = co_await read_layout(connection);
  co_await refuse_foreign_state(connection);
  for (const auto& script : install_scripts(file)) {
    if (std::find(there.schemas.begin(), there.schemas.end(), script.schema) != there.schemas.end()) continue;
    const bool exists = co_await schema_exists(connection, script.schema);
    if (exists) there.schemas.push_back(script.schema);
  }
  co_return there;
}

namespace {

}  // namespace

asio::awaitable<OutwardKeys> perform(pg::Connection& connection, PrepareSteps steps) {
  OutwardKeys left_out;
  for (const auto& step : steps) {
    if (step.sql.empty()) continue;
    if (!step.file.empty()) {
      auto keys = co_await run_without_outward_keys(connection, step.file, step.sql, step.schema);
      std::move(keys.begin(), keys.end(), std::back_inserter(left_out));
      continue;
    }
    const auto done = co_await connection.script(step.sql);
    if (!step.unless_true.empty() && !done.truth(0, 0)) log::warn(step.unless_true, {});
  }
  co_return left_out;
}

namespace {

/// A publication of our name that is there is taken where it fits, so that the tables' owner may have made it. One that does not fit
/// is against the preparation, and so is none where we cannot make it.
asio::awaitable<bool> publication_fits(pg::Connection& connection, mapping::Preflight& preflight) {
  const auto& model = preflight.model;
  const auto name = publication_name(model.name, model.direction);
  std::vector<std::optional<std::string>> tables;
  for (const auto& source : followed_sources(model)) tables.emplace_back(source);
  pg::Parameters parameters = {name, array_text(tables), model.streams_generated ? "true" : "false"};
  const auto rows = co_await connection.query(queries::publication_state, parameters);
  mapping::Findings found(preflight.findings, "publication " + name);
  if (rows.empty()) {
    pg::Parameters of = {array_text(tables)};
    const auto others = co_await connection.query(queries::tables_of_others, of);
    const auto foreign = pg::first(others);
    if (foreign.text("tables").empty()) co_return false;
    found.fail(fmt::format("only the owner of the tables can make it, and we do not own {}", foreign.text("tables")),
               fmt::format("{0}; alter publication {1} owner to {2};  -- as their owner, who has to be a member of {2} for it, or as a superuser", create_publication(model), quote_identifier(name),
                           quote_identifier(foreign.text("role"))),
               ExitCode::kPermission);
    co_return false;
  }
  const auto there = pg::first(rows);
  if (there.truth("fits")) co_return true;
  found.fail(fmt::format("it is there already and is not what it must be: it has {}", there.text("tables")),
             fmt::format("drop publication {}; {};", quote_identifier(name), create_publication(model)));
  co_return false;
}

/// A target is what its view says. Rows that stand there before it is filled go without a word, so somebody has to hear of them now.
asio::awaitable<void> warn_of_rows(pg::Connection& connection, const There& there, mapping::Preflight& preflight) {
  for (const auto& target : preflight.model.targets) {
    if (target.lazy) continue;
    auto any = fmt::format("select exists (select from {})", target.table.quoted());
    pg::Parameters none;
    const bool rows = co_await truth(connection, any, std::move(none));
    if (!rows) continue;
    mapping::Findings found(preflight.findings, "target " + target.name);
    const bool ours = std::find(there.schemas.begin(), there.schemas.end(), target.table.schema) == there.schemas.end();
    if (ours) {
      found.warn("v2.sql puts rows into it: those that its view does not give are gone after the backfill",
                 "Let the view in mapping.sql give them too (union all); or leave the table out of targets, if no change of v1 concerns it.");
    } else {
      found.warn(fmt::format("{} is not empty: rows that the view does not give are gone after the backfill", target.table.quoted()),
                 fmt::format("Look whether they are needed; if not: truncate {};", target.table.quoted()));
    }
  }
}

/// As of those that are there by now (mapping::check_target).
void say_outward_keys(Preparation& preparation) {
  std::map<std::string, std::vector<std::string>> keys;
  for (const auto& key : preparation.outward_keys) keys[key.target].push_back(fmt::format("{} to {}", key.name, key.refers_to));
  for (const auto& target : preparation.preflight.model.targets) {
    const auto of_target = keys.find(target.table.name);
    if (of_target == keys.end()) continue;
    mapping::Findings(preparation.preflight.findings, "target " + target.name).note(mapping::left_out_until_the_writes_move(of_target->second));
  }
}

/// The tables are there for this look only: what mends one is no statement for now.
void leave_to_v2_sql(const std::string& shadow, std::vector<mapping::Finding>& findings) {
  // The server writes quotes where a name needs them, we always do.
  const auto quoted = fmt::format("alter table {}.", quote_identifier(shadow));
  const auto bare = fmt::format("alter table {}.", shadow);
  for (auto& finding : findings) {
    const bool of_v2 = finding.fix.starts_with(quoted) || finding.fix.starts_with(bare);
    if (of_v2 && mapping::is_statement(finding.fix)) finding.fix += mapping::kInV2;
  }
}

}  // namespace

asio::awaitable<Preparation> lay_out(pg::Connection& connection, const mapping::MigrationFile& file, There there, std::string slot) {
  Preparation preparation;
  preparation.preflight.model.name = file.yaml.migration();
  preparation.preflight.findings = co_await missing_rights(connection, file);
  if (!preparation.preflight.ok()) co_return preparation;
  preparation.steps.together = install_steps(file, there);
  preparation.performed = preparation.steps.together.size();
  auto& together = preparation.steps.together;
  // Schema crossfade first, and nothing but our own SQL: then whose tables of ids are there can be asked.
  PrepareSteps ours(together.begin(), together.begin() + 1);
  co_await perform(connection, std::move(ours));
  const bool is_made = std::find(there.schemas.begin(), there.schemas.end(), file.yaml.schemas().mapping()) != there.schemas.end();
  if (!is_made) preparation.preflight.findings = co_await taken_ids(connection, file);
  if (!preparation.preflight.ok()) co_return preparation;
  PrepareSteps rest(together.begin() + 1, together.end());
  preparation.outward_keys = co_await perform(connection, std::move(rest));
  const std::function<asio::awaitable<mapping::Preflight>()> inspect = [&] { return mapping::inspect(connection, file); };
  preparation.preflight = co_await pg::look_in_savepoint(connection, inspect);
  say_outward_keys(preparation);
  const auto& shadow = file.yaml.schemas().shadow();
  if (std::find(there.schemas.begin(), there.schemas.end(), shadow) == there.schemas.end()) leave_to_v2_sql(shadow, preparation.preflight.findings);
  if (!preparation.preflight.ok()) co_return preparation;
  co_await warn_of_rows(connection, there, preparation.preflight);
  const auto& model = preparation.preflight.model;
  Found found;
  found.made = schemas_made(file, there);
  found.publication = co_await publication_fits(connection, preparation.preflight);
  for (const auto& schema : schemas_of_views(model)) {
    const bool exists = co_await schema_exists(connection, schema);
    if (exists) found.schemas_of_views.push_back(schema);
  }
  found.texts = mapping::texts_of(file);
  for (auto& step : enter_steps(model, found)) preparation.steps.together.push_back(std::move(step));
  preparation.steps.alone = stream_steps(model.name, slot, connection.server_version());
  co_return preparation;
}

namespace {

/// Its waiting wants a snapshot a statement.
asio::awaitable<void> begin_stream(pg::Connection& connection, std::string migration, std::string slot) {
  co_await connection.script("begin isolation level read committed");
  auto steps = stream_steps(migration, slot, connection.server_version());
  co_await perform(connection, std::move(steps));
  co_await connection.script("commit");
}

asio::awaitable<mapping::Preflight> install_and_enter(pg::Connection& connection, const mapping::MigrationFile& file, std::string slot) {
  co_await connection.script(kBriefly);
  auto there = co_await look_around(connection, file);
  auto preparation = co_await lay_out(connection, file, std::move(there), slot);
  if (!preparation.preflight.ok()) {
    co_await connection.script("rollback");
    co_return std::move(preparation.preflight);
  }
  const auto& all = preparation.steps.together;
  PrepareSteps rest(all.begin() + static_cast<std::ptrdiff_t>(preparation.performed), all.end());
  co_await perform(connection, std::move(rest));
  co_await add_outward_keys(connection, preparation.outward_keys);
  co_await connection.script("commit");
  co_return std::move(preparation.preflight);
}

}  // namespace

asio::awaitable<Prepared> how_prepared(pg::Connection& connection, std::string migration) {
  const auto layout = co_await read_layout(connection);
  if (layout == 0) co_return Prepared::kNot;
  pg::Parameters name = {migration};
  const auto rows = co_await connection.query(queries::migration_schemas, name);
  if (rows.empty()) co_return Prepared::kNot;
  co_await expect_servers(connection, migration);
  const auto checkpoint = co_await sync::store::read_checkpoint(connection, migration);
  co_return checkpoint ? Prepared::kWhole : Prepared::kHalf;
}

asio::awaitable<bool> is_prepared(pg::Connection& connection, std::string migration) {
  co_await bring_up_to_date(connection);
  if (connection.apart()) co_await bring_up_to_date(connection.source());
  const auto prepared = co_await how_prepared(connection, std::move(migration));
  co_return prepared == Prepared::kWhole;
}

asio::awaitable<void> prepare_alone(pg::Connection& connection, std::string migration) {
  pg::Parameters name = {migration};
  const auto rows = co_await connection.query(queries::prepare_alone, name);
  const auto lock = pg::first(rows);
  if (lock.truth("alone")) co_return;
  Failure::Facts facts;
  facts.exit = ExitCode::kNotLeader;
  facts.message = fmt::format("migration {} is being prepared, amended or cancelled in this database: {}", migration, lock.text("others"));
  facts.advice = fmt::format("wait for it; if its command was killed: {}", lock.text("ended_by"));
  throw Failure(std::move(facts));
}

Failure not_prepared(const std::string& migration) { return refusal(Life::kAbsent, Event::kAmend, migration); }

asio::awaitable<void> require_prepared(pg::Connection& connection, std::string migration) {
  const bool prepared = co_await is_prepared(connection, migration);
  if (!prepared) throw not_prepared(migration);
}

asio::awaitable<mapping::DirectedMigration> directed_now(pg::Connection& connection, const mapping::MigrationFile& file) {
  const auto direction = co_await sync::store::read_direction(connection, file.yaml.migration());
  if (direction == mapping::Direction::kReverse) co_return mapping::reverse_migration(file.yaml, mapping::Naming::kSwapped);
  co_return mapping::forward_migration(file.yaml);
}

asio::awaitable<void> install(pg::Connection& connection, const mapping::MigrationFile& file) {
  const auto there = co_await look_around(connection, file);
  auto steps = install_steps(file, there);
  co_await perform(connection, std::move(steps));
}

namespace {

asio::awaitable<Preparation> lay_out_and_roll_back(pg::Connection& connection, const mapping::MigrationFile& file, std::string slot) {
  co_await connection.script(kBriefly);
  auto there = co_await look_around(connection, file);
  auto preparation = co_await lay_out(connection, file, std::move(there), slot);
  co_await connection.script("rollback");
  co_return preparation;
}

}  // namespace

asio::awaitable<Preparation> plan_preparation(pg::Connection& connection, const mapping::MigrationFile& file, std::string slot) {
  Preparation preparation;
  const auto prepared = co_await how_prepared(connection, file.yaml.migration());
  if (prepared == Prepared::kHalf) preparation.steps.alone = stream_steps(file.yaml.migration(), slot, connection.server_version());
  if (prepared != Prepared::kNot) co_return preparation;
  const std::function<asio::awaitable<Preparation>()> all = [&] { return lay_out_and_roll_back(connection, file, slot); };
  co_return co_await in_short_waits(connection, all);
}

asio::awaitable<mapping::Preflight> prepare(pg::Connection& connection, const mapping::MigrationFile& file, const sync::Settings& settings) {
  if (connection.apart()) co_return co_await prepare_apart(connection, file, settings);
  const auto& name = file.yaml.migration();
  co_await prepare_alone(connection, name);
  co_await wal::refuse_foreign_slot(connection, settings.slot);
  co_await bring_up_to_date(connection);
  mapping::Preflight preflight;
  const auto prepared = co_await how_prepared(connection, name);
  if (prepared == Prepared::kWhole) co_return preflight;
  const std::function<asio::awaitable<mapping::Preflight>()> all = [&] { return install_and_enter(connection, file, settings.slot); };
  if (prepared == Prepared::kNot) preflight = co_await in_short_waits(connection, all);
  if (!preflight.ok()) co_return preflight;
  auto stream = begin_stream(connection, name, settings.slot);
  co_await sync::tell_what_is_waited_for(settings, std::move(stream));
  log::info("prepared", {{"migration", name}, {"targets", file.yaml.targets().size()}, {"slot", settings.slot}});
  co_return preflight;
}

namespace {

/// As look(), once.
asio::awaitable<mapping::Preflight> look_once(pg::Connection& connection, const mapping::MigrationFile& file, const Further& further) {
  const auto prepared = co_await how_prepared(connection, file.yaml.migration());
  mapping::Preflight preflight;
  bool forward = true;
  // What is further looked at wants the functions of our layout, and plan brings nothing up to date.
  const auto layout = co_await read_layout(connection);
  co_await connection.script(kBriefly);
  if (prepared == Prepared::kNot) {
    auto there = co_await look_around(connection, file);
    const std::string no_slot;
    auto preparation = co_await lay_out(connection, file, std::move(there), no_slot);
    preflight = std::move(preparation.preflight);
  } else {
    // What the folder says instead is a matter for amend.
    auto installed = file;
    if (layout == kLayout) installed = co_await as_installed(connection, file);
    auto directed = co_await directed_now(connection, installed);
    forward = directed.direction == mapping::Direction::kForward;
    if (forward) preflight = co_await mapping::inspect(connection, installed);
    else preflight = co_await mapping::inspect_directed(connection, std::move(directed));
  }
  const bool ours = prepared == Prepared::kNot || layout == kLayout;
  if (forward && ours && preflight.ok()) {
    auto looking = further(preflight);
    co_await std::move(looking);
  }
  co_await connection.script("rollback");
  co_return preflight;
}

}  // namespace

asio::awaitable<mapping::Preflight> look(pg::Connection& connection, const mapping::MigrationFile& file, Further further) {
  if (connection.apart()) co_return co_await look_apart(connection, file);
  const std::function<asio::awaitable<mapping::Preflight>()> once = [&] { return look_once(connection, file, further); };
  auto preflight = co_await in_short_waits(connection, once);
  const auto changes = co_await script_changes(connection, file);
  for (const auto& change : changes) mapping::Findings(preflight.findings, change.file).warn(change.message, change.fix);
  co_return preflight;
}

}  // namespace crossfade::setup
