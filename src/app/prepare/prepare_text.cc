#include <fmt/format.h>

#include "app/prepare/install.h"
#include "base/sql_text.h"
#include "setup/fence.h"
#include "setup/prepare.h"
#include "setup/stable_views.h"

namespace crossfade::app {

std::string prepare_sql(const mapping::MigrationFile& file, const mapping::Model& model, const std::string& slot) {
  std::string sql = "begin;\n";
  for (const auto& script : sync::engine_scripts()) sql += script + "\n";
  for (const auto& script : install_scripts(file)) sql += fmt::format("-- {}\n{}\n", script.file, script.sql);
  if (!model.stable_schema.empty()) sql += fmt::format("create schema if not exists {};\n", quote_identifier(model.stable_schema));
  for (const auto& statement : cutover::create_stable_views(model)) sql += statement + ";\n";
  for (const auto& statement : sync::create_fences(model)) sql += statement + ";\n";
  sql += sync::create_publication(model) + ";\n";
  return sql + fmt::format("commit;\nselect pg_create_logical_replication_slot({}, 'pgoutput');\n",
                           quote_literal(slot));
}

std::string prepare_steps(const mapping::MigrationFile& file, const mapping::Model& model, const std::string& slot) {
  std::string text;
  int step = 1;
  const auto line = [&](const std::string& what) { text += fmt::format("{:2}. {}\n", step++, what); };
  line("create schema crossfade with its tables and functions, where it is not there");
  for (const auto& script : install_scripts(file)) line(fmt::format("run {} in schema {}, where that is not there", script.file, script.schema));
  for (const auto& target : model.targets) {
    line(fmt::format("fence {}.{} against writes from outside; its triggers rest", target.table.schema, target.table.name));
  }
  if (!model.stable_schema.empty()) {
    for (const auto& target : model.targets) line(fmt::format("create view {}.{} over the mapping, for applications", model.stable_schema, target.name));
  }
  line(fmt::format("create publication {} for the tables that are followed", sync::publication_name(model.name, model.direction)));
  line(fmt::format("create replication slot {}; this waits for all transactions that are running", slot));
  return text;
}

}  // namespace crossfade::app
