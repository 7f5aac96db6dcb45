#include "mapping/catalog/read_catalog.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/text/sql_text.h"
#include "embedded_sql.h"
#include "mapping/catalog/derive_rules.h"
#include "mapping/catalog/read_functions.h"
#include "mapping/catalog/relations.h"
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

asio::awaitable<ServerCatalog> read_server(pg::Connection& connection, std::string migration) {
  const auto slots = co_await find_slot_names(connection, std::move(migration));
  std::vector<std::optional<std::string>> own{slots.forward, slots.reverse};
  pg::Parameters parameters = {array_text(own)};
  const auto result = co_await connection.execute(queries::catalog_server, std::move(parameters));
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

using ByOid = std::map<std::uint32_t, RelationCatalog*>;

std::string oids_of(const ByOid& tables) {
  std::vector<std::uint32_t> oids;
  for (const auto& [oid, table] : tables) oids.push_back(oid);
  return oids_text(oids);
}

asio::awaitable<void> read_identities(pg::Connection& connection, std::map<std::string, RelationCatalog>& sources) {
  ByOid there;
  for (auto& [written, source] : sources) {
    if (source.exists()) there[source.oid] = &source;
  }
  pg::Parameters by_oid = {oids_of(there)};
  const auto result = co_await connection.execute(queries::catalog_identity, std::move(by_oid));
  for (const auto row : pg::rows(result)) {
    there.at(oid_in(row, "source"))->identities.push_back({std::string(row.text("name")), row.text("mode")[0], array_in(row, "columns")});
  }
}

asio::awaitable<void> read_foreign_keys(pg::Connection& connection, const DirectedMigration& directed, const ByOid& tables) {
  pg::Parameters by_oid = {oids_of(tables)};
  const auto result = co_await connection.execute(queries::catalog_foreign_keys, std::move(by_oid));
  for (const auto row : pg::rows(result)) {
    auto& table = *tables.at(oid_in(row, "conrelid"));
    const TableName parent{std::string(row.text("schema")), std::string(row.text("parent"))};
    for (const auto& [name, of_target] : directed.tables) {
      if (of_target == parent) table.foreign_keys.push_back({name, array_in(row, "columns"), array_in(row, "parent_columns"), row.truth("condeferred"),
                                                             row.truth("acts_on_update") ? std::string(row.text("conname")) : ""});
    }
    if (parent.schema != table.schema) table.keys_outside.push_back(fmt::format("{} to {}.{}", row.text("conname"), parent.schema, parent.name));
  }
}

/// By view or function.
using Reads = std::map<std::uint32_t, std::vector<ReadCatalog>>;

asio::awaitable<Reads> read_reads(pg::Connection& connection, std::string_view query, std::vector<std::uint32_t> oids) {
  pg::Parameters by_oid = {oids_text(oids)};
  const auto result = co_await connection.execute(std::string(query), std::move(by_oid));
  Reads reads;
  for (const auto row : pg::rows(result)) {
    reads[oid_in(row, "reader")].push_back({std::string(row.text("nspname")), std::string(row.text("relname")), row.text("relkind")[0],
                                            row.truth("whole_row"), array_in(row, "columns")});
  }
  co_return reads;
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

/// What is known of the tables that v2 has already.
asio::awaitable<void> look_at_tables(pg::Connection& connection, const DirectedMigration& directed, Catalog& catalog) {
  ByOid there;
  std::map<std::string, TargetCatalog*> by_name;
  std::vector<std::optional<std::string>> names;
  for (auto& [name, target] : catalog.targets) {
    if (!target.table.exists()) continue;
    there[target.table.oid] = &target.table;
    by_name[target.table.quoted()] = &target;
    names.emplace_back(target.table.quoted());
  }
  co_await read_foreign_keys(connection, directed, there);
  pg::Parameters tables = {array_text(names)};
  const auto triggers = co_await connection.execute(queries::firing_triggers, tables);
  for (const auto row : pg::rows(triggers)) {
    by_name.at(std::string(row.text("whole")))->triggers.push_back({std::string(row.text("tgname")), std::string(row.text("tgrelid")), row.truth("on_purpose")});
  }
  const auto rewrites = co_await connection.execute(queries::rewriting_rules, std::move(tables));
  for (const auto row : pg::rows(rewrites)) {
    by_name.at(std::string(row.text("whole")))->rewrites.push_back({std::string(row.text("rulename")), std::string(row.text("relation")), row.truth("refused")});
  }
}

/// What the views read, and by which functions.
asio::awaitable<void> look_into_views(pg::Connection& connection, const DirectedMigration& directed, Catalog& catalog) {
  std::vector<std::uint32_t> views;
  std::vector<ViewOfTable> filling;
  for (const auto& [name, surrogate] : catalog.surrogates) {
    if (surrogate.view.kind == 'v') views.push_back(surrogate.view.oid);
  }
  for (const auto& [name, target] : catalog.targets) {
    if (target.view.kind != 'v') continue;
    views.push_back(target.view.oid);
    filling.push_back({target.view.oid, target.table.oid});
  }
  auto reads = co_await read_reads(connection, queries::catalog_view_reads, views);
  auto functions = co_await read_functions(connection, std::move(views));
  auto lost = co_await read_lost_names(connection, std::move(filling));
  for (auto& [name, surrogate] : catalog.surrogates) {
    surrogate.reads = reads[surrogate.view.oid];
    surrogate.functions = functions[surrogate.view.oid];
  }
  for (auto& [name, target] : catalog.targets) {
    target.reads = reads[target.view.oid];
    target.functions = functions[target.view.oid];
    for (auto& function : lost[target.view.oid]) target.functions.push_back(std::move(function));
    look_through_surrogates(directed, catalog.surrogates, target);
  }
}

/// A key that a bulk load has taken off, by the statement that brings it back, and whether that has been done.
using KeysSetAside = std::map<std::string, bool>;

asio::awaitable<KeysSetAside> read_keys_set_aside(pg::Connection& connection, const std::string& migration) {
  KeysSetAside keys;
  const auto known = co_await connection.execute("select to_regclass('crossfade.deferred') is not null");
  if (!known.truth(0, 0)) co_return keys;
  pg::Parameters of_migration = {migration};
  const auto result = co_await connection.execute(queries::catalog_deferred, std::move(of_migration));
  for (const auto row : pg::rows(result)) keys.emplace(row.text("create_sql"), row.truth("built"));
  co_return keys;
}

/// While a table is filled in bulk its keys are set aside, and a restart in the middle must find them all the same.
void put_back(const KeysSetAside& keys, Catalog& catalog) {
  for (const auto& [statement, built] : keys) {
    const auto key = built ? std::nullopt : read_key_statement(statement);
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
  const auto body = co_await connection.execute(queries::catalog_lookup, std::move(by_name));
  const auto made = pg::first(body);
  lookup.sql = lookup_from_body(made.text("body"), parameters);
  const std::vector<std::uint32_t> itself = {oid_in(made, "oid")};
  auto reads = co_await read_reads(connection, queries::catalog_lookup_reads, itself);
  lookup.reads = std::move(reads[itself.front()]);
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

/// What both sides use is a source of the way back where a view of it says so, or the file.
void leave_out_unread(const DirectedMigration& directed, Catalog& catalog) {
  std::erase_if(catalog.sources, [&](const auto& source) {
    const auto followed = std::any_of(catalog.rules.begin(), catalog.rules.end(), [&](const WrittenRule& rule) { return rule.source == source.first; });
    return directed.yaml.sources().at(source.first).shared() && !followed;
  });
}

/// What there is under the names that the file says.
asio::awaitable<void> look_for_relations(pg::Connection& connection, const DirectedMigration& directed, Catalog& catalog) {
  const auto& yaml = directed.yaml;
  const auto& views = yaml.schemas().mapping();
  std::vector<TableName> names;
  for (const auto& [written, key] : yaml.sources()) names.push_back(source_table(yaml, written));
  for (const auto& [name, surrogate] : yaml.surrogates()) {
    names.push_back(surrogate_table(yaml.migration(), name));
    names.push_back({views, name});
  }
  for (const auto& [name, target] : yaml.targets()) {
    names.push_back(directed.tables.at(name));
    names.push_back({views, name});
    if (!directed.rejects_schema.empty()) names.push_back({directed.rejects_schema, rejects_name(name)});
  }
  const auto relations = co_await find_relations(connection, std::move(names));
  for (const auto& [written, key] : yaml.sources()) catalog.sources[written] = relations.named(source_table(yaml, written));
  for (const auto& [name, surrogate] : yaml.surrogates()) {
    // In the reverse direction the views are another schema's, and the ids alone matter.
    catalog.surrogates[name].ids = relations.named(surrogate_table(yaml.migration(), name));
    catalog.surrogates[name].view = relations.named({views, name});
  }
  for (const auto& [name, target] : yaml.targets()) {
    auto& read = catalog.targets[name];
    read.table = relations.named(directed.tables.at(name));
    read.view = relations.named({views, name});
    if (directed.rejects_schema.empty()) continue;
    auto keeps = relations.named({directed.rejects_schema, rejects_name(name)});
    if (keeps.exists()) read.keeps = std::move(keeps);
  }
}

asio::awaitable<Catalog> read_tables(pg::Connection& connection, const DirectedMigration& directed) {
  Catalog catalog;
  catalog.rules = written_rules(directed.yaml, directed.section());
  catalog.server = co_await read_server(connection, directed.yaml.migration());
  co_await look_for_relations(connection, directed, catalog);
  co_await read_identities(connection, catalog.sources);
  co_await look_at_tables(connection, directed, catalog);
  co_return catalog;
}

asio::awaitable<bool> was_made(pg::Connection& connection, std::string migration, std::string schema) {
  const auto state = co_await connection.query(queries::state_there);
  if (!pg::first(state).truth("there")) co_return false;
  pg::Parameters parameters = {std::move(migration), std::move(schema)};
  const auto made = co_await connection.query(queries::schema_made, std::move(parameters));
  co_return pg::first(made).truth("made");
}

/// Views that are not there, and were.
asio::awaitable<void> find_dropped(pg::Connection& connection, const DirectedMigration& directed, Catalog& catalog) {
  const auto lacks = [](const auto& each) { return each.second.view.kind != 'v'; };
  const bool any = std::any_of(catalog.targets.begin(), catalog.targets.end(), lacks) || std::any_of(catalog.surrogates.begin(), catalog.surrogates.end(), lacks);
  if (!any) co_return;
  const bool made = co_await was_made(connection, directed.yaml.migration(), directed.yaml.schemas().mapping());
  for (auto& [name, target] : catalog.targets) target.dropped = made && target.view.kind != 'v';
  for (auto& [name, surrogate] : catalog.surrogates) surrogate.dropped = made && surrogate.view.kind != 'v';
}

/// All but the rules' selects.
asio::awaitable<Catalog> read_relations(pg::Connection& connection, const DirectedMigration& directed) {
  co_await empty_search_path(connection);
  const auto& migration = directed.yaml.migration();
  auto set_aside = co_await read_keys_set_aside(connection, migration);
  auto catalog = co_await read_tables(connection, directed);
  // A key that is taken off or built between two of these looks would be seen by neither, or by both.
  for (auto after = co_await read_keys_set_aside(connection, migration); after != set_aside; after = co_await read_keys_set_aside(connection, migration)) {
    set_aside = std::move(after);
    catalog = co_await read_tables(connection, directed);
  }
  co_await find_dropped(connection, directed, catalog);
  put_back(set_aside, catalog);
  co_await look_into_views(connection, directed, catalog);
  co_await derive_rules(connection, directed, catalog);
  if (directed.direction == Direction::kReverse) leave_out_unread(directed, catalog);
  co_return catalog;
}

}  // namespace

asio::awaitable<Catalog> read_catalog(pg::Connection& connection, const DirectedMigration& directed) {
  auto catalog = co_await read_relations(connection, directed);
  co_await read_lookups(connection, directed, catalog);
  co_return catalog;
}

asio::awaitable<RulesInForce> rules_in_force(pg::Connection& connection, const v1::Migration& file, Naming naming, derive::Reading* views_back) {
  RulesInForce rules;
  const auto forward = forward_migration(file, naming);
  auto there = co_await read_relations(connection, forward);
  rules.forward = std::move(there.rules);
  std::map<std::string, std::string> words;
  for (const auto& [written, source] : file.sources()) words[source_word(file, written, naming)] = written;
  for (auto& rule : rules.forward) rule.source = words.at(rule.source);
  if (file.reverse().empty()) co_return rules;
  const auto reverse = reverse_migration(file, naming);
  auto back = co_await read_relations(connection, reverse);
  rules.reverse = std::move(back.rules);
  if (views_back != nullptr) *views_back = std::move(back.reading);
  co_return rules;
}

}  // namespace crossfade::mapping
