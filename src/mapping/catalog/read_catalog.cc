#include "mapping/catalog/read_catalog.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/sql_text.h"
#include "embedded_sql.h"
#include "mapping/catalog/read_functions.h"
#include "mapping/catalog/server_text.h"
#include "mapping/catalog/slot_names.h"
#include "mapping/file/migration_file.h"
#include "mapping/file/surrogates.h"
#include "pg/row.h"
#include "pg/savepoint.h"

namespace crossfade::mapping {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;

asio::awaitable<void> empty_search_path(pg::Connection& connection) {
  const std::string set = "select pg_catalog.set_config('search_path', '', true)";
  co_await connection.query(set);
}

/// To plan one of these queries takes longer than to run it, and each is asked for every relation. Gives what was set before.
asio::awaitable<std::string> plan_once(pg::Connection& connection) {
  const std::string set = "select pg_catalog.current_setting('plan_cache_mode') as before, pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', true)";
  const auto result = co_await connection.query(set);
  co_return std::string(pg::first(result).text("before"));
}

asio::awaitable<void> plan_as(pg::Connection& connection, std::string mode) {
  pg::Parameters parameters = {std::move(mode)};
  co_await connection.execute("select pg_catalog.set_config('plan_cache_mode', $1, true)", std::move(parameters));
}

asio::awaitable<ServerCatalog> read_server(pg::Connection& connection, std::string migration) {
  const auto slots = co_await find_slot_names(connection, std::move(migration));
  std::vector<std::optional<std::string>> own{slots.forward, slots.reverse};
  pg::Parameters parameters = {array_text(own)};
  const auto result = co_await connection.execute(std::string(queries::catalog_server), std::move(parameters));
  const auto row = pg::first(result);
  ServerCatalog server;
  server.wal_level = row.text("wal_level");
  server.free_slots = row.number("free_slots");
  server.free_senders = row.number("free_senders");
  server.may_replicate = row.truth("may_replicate");
  server.may_create = row.truth("may_create");
  server.role = row.text("role");
  server.database = row.text("database");
  server.encoding = row.text("encoding");
  server.version = row.number("version");
  server.slotless_standby = row.truth("slotless_standby");
  co_return server;
}

asio::awaitable<RelationCatalog> read_relation(pg::Connection& connection, std::string schema, std::string name) {
  RelationCatalog relation;
  relation.schema = schema;
  relation.name = name;
  pg::Parameters by_name = {std::move(schema), std::move(name)};
  const auto found = co_await connection.execute(std::string(queries::catalog_relation), std::move(by_name));
  if (found.empty()) co_return relation;
  const auto itself = pg::first(found);
  relation.oid = static_cast<std::uint32_t>(itself.number("oid"));
  relation.kind = itself.text("relkind")[0];
  relation.persistence = itself.text("relpersistence")[0];
  relation.owned = itself.truth("owned");
  relation.readable = itself.truth("readable");
  relation.rows_hidden = itself.truth("rows_hidden");
  relation.has_children = itself.truth("has_children");
  relation.primary_key = array_in(itself, "primary_key");
  relation.owner = itself.text("owner");
  relation.deferrable_key = itself.truth("deferrable_key");
  relation.foreign_partitions = array_in(itself, "foreign_partitions");
  relation.unlogged_partitions = array_in(itself, "unlogged_partitions");

  pg::Parameters by_oid = {std::to_string(relation.oid)};
  const auto columns = co_await connection.execute(std::string(queries::catalog_columns), std::move(by_oid));
  for (const auto row : pg::rows(columns)) {
    ColumnCatalog column;
    column.name = row.text("attname");
    column.type = row.text("type");
    column.full_type = row.text("full_type");
    column.type_oid = static_cast<std::uint32_t>(row.number("atttypid"));
    column.modifier = row.number("atttypmod");
    column.required = row.truth("required");
    column.has_default = row.truth("has_default");
    column.generated = row.truth("is_generated");
    column.always_identity = row.truth("always_identity");
    column.expression = row.text("expression");
    column.made_of = array_in(row, "made_of");
    column.collation = row.text("collation");
    column.deterministic = row.truth("deterministic");
    column.operators.schema = row.text("operator_schema");
    if (!row.is_null("above")) column.operators.above = row.text("above");
    if (!row.is_null("up_to")) column.operators.up_to = row.text("up_to");
    column.image_varies = row.truth("image_varies");
    column.is_virtual = row.truth("is_virtual");
    column.is_row = row.truth("is_row");
    column.leads_index = row.truth("leads_index");
    relation.columns.push_back(std::move(column));
  }
  co_return relation;
}

asio::awaitable<void> read_identities(pg::Connection& connection, RelationCatalog& source) {
  pg::Parameters by_oid = {std::to_string(source.oid)};
  const auto result = co_await connection.execute(std::string(queries::catalog_identity), std::move(by_oid));
  for (const auto row : pg::rows(result)) {
    source.identities.push_back({std::string(row.text("name")), row.text("mode")[0], array_in(row, "columns")});
  }
}

asio::awaitable<void> read_foreign_keys(pg::Connection& connection, const DirectedMigration& directed, RelationCatalog& table) {
  pg::Parameters by_oid = {std::to_string(table.oid)};
  const auto result = co_await connection.execute(std::string(queries::catalog_foreign_keys), std::move(by_oid));
  for (const auto row : pg::rows(result)) {
    const TableName parent{std::string(row.text("schema")), std::string(row.text("parent"))};
    for (const auto& [name, of_target] : directed.tables) {
      if (of_target == parent) table.foreign_keys.push_back({name, array_in(row, "columns"), array_in(row, "parent_columns")});
    }
    if (parent.schema != table.schema) table.keys_outside.push_back(fmt::format("{} to {}.{}", row.text("conname"), parent.schema, parent.name));
  }
}

asio::awaitable<std::vector<ReadCatalog>> read_reads(pg::Connection& connection, std::string_view query, std::uint32_t oid) {
  pg::Parameters by_oid = {std::to_string(oid)};
  const auto result = co_await connection.execute(std::string(query), std::move(by_oid));
  std::vector<ReadCatalog> reads;
  for (const auto row : pg::rows(result)) {
    reads.push_back({std::string(row.text("nspname")), std::string(row.text("relname")), row.text("relkind")[0], row.truth("whole_row"),
                     array_in(row, "columns")});
  }
  co_return reads;
}

asio::awaitable<SurrogateCatalog> read_surrogate(pg::Connection& connection, const DirectedMigration& directed, std::string name) {
  SurrogateCatalog surrogate;
  const auto ids = surrogate_table(directed.yaml.migration(), name);
  surrogate.ids = co_await read_relation(connection, ids.schema, ids.name);
  surrogate.view = co_await read_relation(connection, directed.yaml.schemas().mapping(), std::move(name));
  if (surrogate.view.kind != 'v') co_return surrogate;
  surrogate.reads = co_await read_reads(connection, queries::catalog_view_reads, surrogate.view.oid);
  surrogate.functions = co_await read_functions(connection, surrogate.view.oid);
  co_return surrogate;
}

/// Ids are the engine's own and change with the natural keys alone: in the place of their tables the view reads what the
/// views of natural keys read. In the reverse direction none are given; what v2 says is what counts.
void look_through_surrogates(const DirectedMigration& directed, const std::map<std::string, SurrogateCatalog>& surrogates, TargetCatalog& target) {
  for (const auto& [name, surrogate] : surrogates) {
    const auto erased = std::erase_if(target.reads, [&, &ids = surrogate.ids](const ReadCatalog& read) {
      return read.schema == ids.schema && read.name == ids.name;
    });
    if (erased == 0 || directed.direction == Direction::kReverse) continue;
    target.surrogates.push_back(name);
    target.reads.insert(target.reads.end(), surrogate.reads.begin(), surrogate.reads.end());
    target.functions.insert(target.functions.end(), surrogate.functions.begin(), surrogate.functions.end());
  }
}

asio::awaitable<std::vector<TriggerCatalog>> read_triggers(pg::Connection& connection, const RelationCatalog& table) {
  pg::Parameters tables = {array_text({table.quoted()})};
  const auto result = co_await connection.execute(std::string(queries::waking_triggers), tables);
  std::vector<TriggerCatalog> triggers;
  for (const auto row : pg::rows(result)) {
    triggers.push_back({std::string(row.text("tgname")), std::string(row.text("tgrelid")), row.truth("on_purpose")});
  }
  co_return triggers;
}

asio::awaitable<TargetCatalog> read_target(pg::Connection& connection, const DirectedMigration& directed, std::string name) {
  TargetCatalog target;
  const auto& table = directed.tables.at(name);
  target.table = co_await read_relation(connection, table.schema, table.name);
  if (target.table.exists()) {
    co_await read_foreign_keys(connection, directed, target.table);
    target.triggers = co_await read_triggers(connection, target.table);
  }
  if (!directed.rejects_schema.empty()) {
    auto keeps = co_await read_relation(connection, directed.rejects_schema, rejects_name(name));
    if (keeps.exists()) target.keeps = std::move(keeps);
  }
  target.view = co_await read_relation(connection, directed.yaml.schemas().mapping(), name);
  if (target.view.kind != 'v') co_return target;
  target.reads = co_await read_reads(connection, queries::catalog_view_reads, target.view.oid);
  target.functions = co_await read_functions(connection, target.view.oid);
  auto lost = co_await read_lost_names(connection, target.view.oid, target.table.oid);
  for (auto& function : lost) target.functions.push_back(std::move(function));
  co_return target;
}

/// While a table is filled in bulk its keys are set aside, and a restart in the middle must find them all the same.
asio::awaitable<void> read_deferred_keys(pg::Connection& connection, const std::string& migration, Catalog& catalog) {
  const auto known = co_await connection.execute("select to_regclass('crossfade.deferred') is not null");
  if (!known.truth(0, 0)) co_return;
  pg::Parameters of_migration = {migration};
  const auto result = co_await connection.execute(std::string(queries::catalog_deferred), std::move(of_migration));
  for (std::size_t row = 0; row < result.size(); ++row) {
    const auto key = read_key_statement(result.text(row, 0));
    if (!key) continue;
    for (auto& [name, target] : catalog.targets) {
      if (target.table.schema != key->schema || target.table.name != key->table) continue;
      if (key->references) target.table.foreign_keys.push_back({key->parent, key->columns, key->parent_columns});
      if (!key->references) target.table.primary_key = key->columns;
    }
  }
}

/// The server reads the select as the body of a function: it qualifies the names, checks the type of a single result and
/// records which tables are read.
asio::awaitable<LookupCatalog> read_lookup_body(pg::Connection& connection, const WrittenRule& rule, const RelationCatalog& source,
                                                const RelationCatalog& view, std::string function, std::string set_path) {
  LookupCatalog lookup;
  std::vector<std::string> parameters;
  std::vector<std::string> results;
  for (const auto& name : rule.source_columns) {
    const auto* column = source.find(name);
    if (column == nullptr) co_return lookup;
    parameters.push_back(column->type + "[]");
  }
  for (const auto& name : rule.locator_columns) {
    const auto* column = view.find(name);
    if (column == nullptr) co_return lookup;
    results.push_back(column->type);
  }
  // Nothing is named, so that the parameters come back as $1 … $n.
  auto create = fmt::format("create function pg_temp.{}({}) returns setof {} language sql stable begin atomic {}; end", function,
                            fmt::join(parameters, ", "), results.size() == 1 ? results.front() : "record", rule.lookup);
  // The file names tables as its author would; what is read back has every name qualified.
  co_await connection.script(std::move(set_path));
  const auto created = co_await pg::try_in_savepoint(connection, std::move(create));
  co_await empty_search_path(connection);
  if (created.refused) {
    lookup.refusal = created.refused->what();
    co_return lookup;
  }
  pg::Parameters by_name = {std::move(function)};
  const auto body = co_await connection.execute(std::string(queries::catalog_lookup), std::move(by_name));
  const auto made = pg::first(body);
  lookup.sql = lookup_from_body(made.text("body"), parameters);
  lookup.reads = co_await read_reads(connection, queries::catalog_lookup_reads, static_cast<std::uint32_t>(made.number("oid")));
  co_return lookup;
}

asio::awaitable<void> read_lookups(pg::Connection& connection, const DirectedMigration& directed, Catalog& catalog) {
  for (std::size_t n = 0; n < catalog.rules.size(); ++n) {
    const auto& rule = catalog.rules[n];
    const auto& source = catalog.sources.at(rule.source);
    const auto& view = catalog.targets.at(rule.target).view;
    if (rule.lookup.empty() || !source.exists() || !view.exists()) continue;
    auto near = set_search_path({directed.yaml.schemas().source()});
    auto body = co_await read_lookup_body(connection, rule, source, view, fmt::format("crossfade_lookup_{}_{}", directed.section(), n), std::move(near));
    catalog.lookups[n] = std::move(body);
  }
}

}  // namespace

const ColumnCatalog* RelationCatalog::find(const std::string& column) const {
  for (const auto& candidate : columns) {
    if (candidate.name == column) return &candidate;
  }
  return nullptr;
}

std::vector<Operators> RelationCatalog::operators_of(const std::vector<std::string>& names) const {
  std::vector<Operators> operators;
  for (const auto& each : names) {
    const auto* column = find(each);
    operators.push_back(column == nullptr ? Operators{} : column->operators);
  }
  return operators;
}

std::string RelationCatalog::quoted() const { return quote_qualified(schema, name); }

namespace {

/// What both sides use is a source of the way back where a view of it says so, or the file.
void leave_out_unread(const DirectedMigration& directed, Catalog& catalog) {
  std::erase_if(catalog.sources, [&](const auto& source) {
    const auto followed = std::any_of(catalog.rules.begin(), catalog.rules.end(), [&](const WrittenRule& rule) { return rule.source == source.first; });
    return directed.yaml.sources().at(source.first).shared() && !followed;
  });
}

/// All but the rules' selects.
asio::awaitable<Catalog> read_relations(pg::Connection& connection, const DirectedMigration& directed) {
  const auto& yaml = directed.yaml;
  co_await empty_search_path(connection);
  auto planned = co_await plan_once(connection);
  Catalog catalog;
  catalog.rules = written_rules(yaml, directed.section());
  catalog.server = co_await read_server(connection, yaml.migration());
  for (const auto& [written, key] : yaml.sources()) {
    const auto table = source_table(yaml, written);
    auto source = co_await read_relation(connection, table.schema, table.name);
    if (source.exists()) co_await read_identities(connection, source);
    catalog.sources[written] = std::move(source);
  }
  for (const auto& [name, surrogate] : yaml.surrogates()) {
    // In the reverse direction the views are another schema's, and the ids alone matter.
    auto read = co_await read_surrogate(connection, directed, name);
    catalog.surrogates[name] = std::move(read);
  }
  for (const auto& [name, target] : yaml.targets()) {
    auto read = co_await read_target(connection, directed, name);
    look_through_surrogates(directed, catalog.surrogates, read);
    catalog.targets[name] = std::move(read);
  }
  co_await read_deferred_keys(connection, yaml.migration(), catalog);
  co_await derive_rules(connection, directed, catalog);
  co_await plan_as(connection, std::move(planned));
  if (directed.direction == Direction::kReverse) leave_out_unread(directed, catalog);
  co_return catalog;
}

}  // namespace

asio::awaitable<Catalog> read_catalog(pg::Connection& connection, const DirectedMigration& directed) {
  auto catalog = co_await read_relations(connection, directed);
  co_await read_lookups(connection, directed, catalog);
  co_return catalog;
}

asio::awaitable<RulesInForce> rules_in_force(pg::Connection& connection, const v1::Migration& file, Places places) {
  RulesInForce rules;
  const auto forward = forward_migration(file, places);
  auto there = co_await read_relations(connection, forward);
  rules.forward = std::move(there.rules);
  std::map<std::string, std::string> words;
  for (const auto& [written, source] : file.sources()) words[source_word(file, written, places)] = written;
  for (auto& rule : rules.forward) rule.source = words.at(rule.source);
  if (file.reverse().empty()) co_return rules;
  const auto reverse = reverse_migration(file, places);
  auto back = co_await read_relations(connection, reverse);
  rules.reverse = std::move(back.rules);
  co_return rules;
}

}  // namespace crossfade::mapping
