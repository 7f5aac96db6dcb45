#include "setup/prepare/prepare_steps.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text/sql_text.h"
#include "mapping/file/canary_schema.h"
#include "setup/objects/fence.h"
#include "setup/objects/stable_views.h"
#include "setup/state/editions.h"
#include "setup/state/state_schema.h"
#include "wal/slot.h"

namespace crossfade::setup {
namespace {

bool has(const std::vector<std::string>& names, const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); }

std::string array_literal(const std::vector<std::string>& names) {
  const std::vector<std::optional<std::string>> elements(names.begin(), names.end());
  return quote_literal(array_text(elements));
}

void add_fences(PrepareSteps& steps, const mapping::Model& model) {
  const auto fences = create_fences(model);
  for (const auto n : model.targets.ids()) {
    const auto& table = model.targets[n].table;
    steps.push_back({fmt::format("fence {}.{} against writes from outside", table.schema, table.name), fences[n] + ";\n"});
  }
}

void add_publication(PrepareSteps& steps, const mapping::Model& model, bool there) {
  const auto name = publication_name(model.name, model.direction);
  if (there) steps.push_back({fmt::format("publication {} is there already and has the tables that are followed", name), ""});
  else steps.push_back({fmt::format("create publication {} for the tables that are followed", name), create_publication(model) + ";\n", "publication " + quote_identifier(name)});
}

void add_stable_views(PrepareSteps& steps, const mapping::Model& model, const std::vector<std::string>& missing) {
  const auto& schema = model.stable_schema;
  if (schema.empty()) return;
  for (const auto& each : missing) steps.push_back({"create schema " + each, fmt::format("create schema {};\n", quote_identifier(each))});
  const auto views = create_stable_views(model);
  for (const auto n : model.targets.ids()) {
    const auto& name = model.targets[n].name;
    auto closed = fmt::format("stable view {}.{} is closed to applications until all read v2: its mapping would show them rows that row-level security "
                              "hides; alter view {} set (security_invoker = true), and so the views it reads. PostgreSQL 14 cannot: there it stays closed",
                              schema, name, quote_qualified(model.mapping_schema, name));
    steps.push_back({fmt::format("create view {0}.{1} over the mapping, for applications, and {2}.{1} over v2, for those that go first", schema, name, mapping::canary_schema(schema)), views[n] + ";\n", "", "", "", std::move(closed)});
  }
}

/// The engine's own and those of the views: v2's tables are v2.sql's, and the stable views are shared by who may read those.
std::string close_what_was_made(const mapping::Model& model, std::vector<std::string> made) {
  auto shared = schemas_of_views(model);
  shared.push_back(model.shadow_schema);
  std::erase_if(made, [&](const std::string& schema) { return has(shared, schema); });
  made.emplace_back("crossfade");
  return close_schemas(made) + ";\n";
}

/// The migration's own rows.
std::string enter(const mapping::Model& model, const std::vector<std::string>& made, const mapping::Texts& texts) {
  const auto name = quote_literal(model.name);
  auto sql = fmt::format("select crossfade.enter_migration({}, {}, {}, {}, {});\n", name, quote_literal(model.shadow_schema), quote_literal(model.mapping_schema),
                         quote_literal(model.stable_schema), array_literal(made));
  if (!texts.empty()) sql += enter_edition(model.name, {}, texts) + know_sources(model);
  for (const auto& surrogate : model.surrogates) {
    sql += fmt::format("select crossfade.enter_surrogate({}, {}, {});\n", name, quote_literal(surrogate.name), quote_literal(surrogate.ids.name));
  }
  for (const auto& target : model.targets) sql += enter_target(model, target);
  return sql + close_what_was_made(model, made);
}

}  // namespace

std::string close_schemas(const std::vector<std::string>& schemas) { return fmt::format("select crossfade.close_schemas({})", array_literal(schemas)); }

std::string know_sources(const std::string& migration, const std::vector<mapping::TableName>& tables) {
  std::vector<std::string> schemas;
  std::vector<std::string> names;
  for (const auto& table : tables) {
    schemas.push_back(table.schema);
    names.push_back(table.name);
  }
  return fmt::format("select crossfade.know_sources({}, {}, {});\n", quote_literal(migration), array_literal(schemas), array_literal(names));
}

std::string know_sources(const mapping::Model& model) {
  std::vector<mapping::TableName> tables;
  for (const auto& source : model.sources) tables.push_back({source.schema, source.name});
  return know_sources(model.name, tables);
}

std::string enter_target(const mapping::Model& model, const mapping::Target& target) {
  const auto& first = target.locators.front();
  return fmt::format("select crossfade.enter_target({}, {}, {}, {}, {}, {}, {});\n", quote_literal(model.name), quote_literal(target.name),
                     quote_literal(target.table.quoted()), static_cast<std::int64_t>(target.estimated_rows), target.lazy, quote_literal(first.name()),
                     array_literal(first.types));
}

PrepareSteps install_steps(const mapping::MigrationFile& file, const There& there) {
  PrepareSteps steps;
  const auto engine = there.layout == 0 ? "create schema crossfade with its tables and functions" : "bring schema crossfade up to date, which is there already";
  steps.push_back({engine, engine_sql(there.layout)});
  std::vector<std::string> told;
  for (const auto& script : install_scripts(file)) {
    const bool first = !has(told, script.schema);
    told.push_back(script.schema);
    if (has(there.schemas, script.schema)) {
      if (first) steps.push_back({fmt::format("schema {} is there already and is left as it is", script.schema), ""});
      continue;
    }
    if (first) steps.push_back({"create schema " + script.schema, fmt::format("create schema {};\n", quote_identifier(script.schema))});
    steps.push_back({fmt::format("run {} in schema {}", script.file, script.schema), script.sql, "", script.file, script.schema});
  }
  return steps;
}

std::vector<std::string> schemas_of_views(const mapping::Model& model) {
  if (model.stable_schema.empty()) return {};
  return {model.stable_schema, mapping::canary_schema(model.stable_schema)};
}

std::vector<std::string> schemas_made(const mapping::MigrationFile& file, const There& there) {
  std::vector<std::string> made;
  for (const auto& script : install_scripts(file)) {
    if (!has(there.schemas, script.schema) && !has(made, script.schema)) made.push_back(script.schema);
  }
  return made;
}

PrepareSteps enter_steps(const mapping::Model& model, const Found& found) {
  PrepareSteps steps;
  add_fences(steps, model);
  add_publication(steps, model, found.publication);
  std::vector<std::string> missing;
  for (const auto& schema : schemas_of_views(model)) {
    if (!has(found.schemas_of_views, schema)) missing.push_back(schema);
  }
  add_stable_views(steps, model, missing);
  auto made = found.made;
  made.insert(made.end(), missing.begin(), missing.end());
  steps.push_back({"write down the migration, its targets and how each is to be filled", enter(model, made, found.texts)});
  std::string rest;
  for (const auto& statement : disable_triggers(model)) rest += statement + ";\n";
  steps.push_back({"disable the triggers of the new tables for as long as crossfade alone writes them", std::move(rest)});
  return steps;
}

PrepareSteps enter_target_steps(const mapping::Model& model, const Found& found) {
  auto alone = model;
  alone.stable_schema.clear();
  alone.sources.clear();
  alone.surrogates.clear();
  PrepareSteps steps;
  add_fences(steps, alone);
  steps.push_back({"write down the migration, its targets and how each is to be filled", enter(alone, found.made, found.texts)});
  std::string rest;
  for (const auto& statement : disable_triggers(alone)) rest += statement + ";\n";
  steps.push_back({"disable the triggers of the new tables for as long as crossfade alone writes them", std::move(rest)});
  return steps;
}

PrepareSteps stream_steps(const std::string& migration, const std::string& slot, int server_version) {
  // A slot that a preparation which was broken off left is made anew.
  auto sql = fmt::format(
      "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = {1} and database = current_database();\n"
      "select {2};\n"
      "select crossfade.begin_stream({0}, {1});\n",
      quote_literal(migration), quote_literal(slot), wal::slot_call(quote_literal(slot), server_version));
  return {{fmt::format("create replication slot {}; this waits for all transactions that are running", slot), std::move(sql)}};
}

namespace {

/// `role`: which all is to belong to; "" to whoever runs it.
std::string numbered(const PrepareSteps& steps, int& number, const std::string& role) {
  const auto become = role.empty() ? "" : fmt::format("set local role {};\n", quote_identifier(role));
  std::string sql = become;
  for (const auto& step : steps) {
    sql += fmt::format("-- {}. {}\n", number++, step.says);
    const bool by_owner = !role.empty() && !step.of_owner.empty();
    sql += by_owner ? fmt::format("set local role none;\n{}alter {} owner to {};\n{}", step.sql, step.of_owner, quote_identifier(role), become) : step.sql;
    sql += "\n";
  }
  return sql;
}

std::string whole(const PrepareLists& lists, const std::string& role, const std::string& grants) {
  constexpr auto kBegin = "begin isolation level read committed;\n";
  int number = 1;
  std::string sql;
  // The slot waits for all transactions, and for no lock of a table.
  constexpr auto kBriefly = "set local lock_timeout = '100ms';  -- no writer of a table that v2 refers to waits longer; where one is not to be had, run it again\n";
  if (!lists.together.empty()) sql += fmt::format("{}{}", kBegin, kBriefly) + grants + numbered(lists.together, number, role) + "commit;\n";
  return sql + kBegin + numbered(lists.alone, number, role) + "commit;\n";
}

}  // namespace

std::string to_sql(const PrepareLists& lists) { return "-- To be run as it stands, in one session: psql -v ON_ERROR_STOP=1 -f FILE\n" + whole(lists, "", ""); }

std::string to_sql_for(const PrepareLists& lists, const std::string& role, const std::string& grants) {
  return fmt::format("-- To be run as it stands, in one session, by a superuser or a member of {} that owns the tables of v1: psql -v ON_ERROR_STOP=1 -f FILE\n", role) +
         whole(lists, role, grants);
}

std::string to_text(const PrepareLists& lists) {
  std::string text;
  int number = 1;
  for (const auto* steps : {&lists.together, &lists.alone}) {
    for (const auto& step : *steps) text += fmt::format("{:2}. {}\n", number++, step.says);
  }
  return text;
}

}  // namespace crossfade::setup
