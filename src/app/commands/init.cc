#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <fstream>
#include <iostream>

#include "api/message.h"
#include "app/cli/context.h"
#include "app/commands/commands.h"
#include "app/status/status_text.h"
#include "base/error/failure.h"
#include "crossfade/v1/init.pb.h"
#include "mapping/plan/plan_text.h"
#include "mapping/scaffold/read_draft.h"
#include "mapping/scaffold/way_back.h"
#include "mapping/views/unsaid.h"

namespace crossfade::app {
namespace {

namespace fs = std::filesystem;
using Files = std::map<std::string, std::string>;

struct InitOptions {
  std::string name;
  std::string from_schema;
  bool reverse = false;
};

void declare(OptionSet& options, InitOptions& own) {
  options.word("NAME", own.name, "The migration's name; its folder is --migration, else a new one of that name here").optional();
  options.text("--from-schema", own.from_schema, "SCHEMA", "Schema of the old tables");
  options.flag("--reverse", own.reverse, "In a folder that has its views: draft reverse.sql from mapping.sql, and say what has no word in v2");
}

/// The folder is nobody's yet: what somebody has written there is not written over.
void require_free(const fs::path& folder) {
  if (!fs::exists(folder) || (fs::is_directory(folder) && fs::is_empty(folder))) return;
  throw usage_failure(fmt::format("{} is there already", folder.string()), "name another folder with --migration, or remove that one");
}

void write(const fs::path& folder, const Files& files) {
  for (const auto& [name, text] : files) {
    std::error_code error;
    fs::create_directories((folder / name).parent_path(), error);
    std::ofstream file(folder / name, std::ios::binary);
    file << text;
    file.close();
    if (!file) throw usage_failure(fmt::format("{} cannot be written", (folder / name).string()), "look at the rights of the folder, and at the disk");
  }
}

asio::awaitable<mapping::Draft> read(const Options& options, const InitOptions& own) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "init"));
  co_await connection.script("begin isolation level repeatable read read only");
  auto draft = co_await mapping::read_draft(connection, own.name, own.from_schema);
  co_await connection.script("commit");
  co_return draft;
}

v1::Init reply_of(const mapping::Draft& draft, const fs::path& folder, const Files& files) {
  v1::Init reply;
  reply.set_migration(draft.migration);
  reply.set_folder(folder.string());
  for (const auto& [name, text] : files) reply.add_files(name);
  for (const auto& table : draft.tables) {
    if (!table.taken()) {
      auto& left_out = *reply.add_left_out();
      left_out.set_table(table.name.plain);
      left_out.set_reason(table.problem);
      continue;
    }
    reply.add_tables(table.name.plain);
    if (!table.tell_key.empty()) reply.add_first(table.tell_key);
  }
  reply.add_next_steps(fmt::format("make v2.sql and mapping.sql what you want, then crossfade plan --migration {}", shell_word(reply.folder())));
  return reply;
}

std::string to_text(const v1::Init& reply) {
  auto text = fmt::format("{} takes {} tables, each as it is: {}\n", reply.folder(), reply.tables_size(), fmt::join(reply.tables(), ", "));
  for (const auto& table : reply.left_out()) text += fmt::format("left out: {}, {}\n", table.table(), table.reason());
  text += fmt::format("written: {}\n", fmt::join(reply.files(), ", "));
  for (const auto& statement : reply.first()) text += fmt::format("first, so that the WAL tells a row's old key: {}\n", statement);
  return text + fmt::format("next: {}\n", reply.next_steps(0));
}

fs::path folder_of(const Options& options, const InitOptions& own) {
  if (options.migration.empty() && own.name.empty()) throw usage_failure("no migration is named", "crossfade init NAME --from-schema SCHEMA");
  return options.migration.empty() ? fs::path(own.name) : options.migration;
}

/// What was read from the views, and nothing written; where they cannot be read, what keeps them from it.
mapping::Preflight read_views(const Options& options, const mapping::MigrationFile& file) {
  asio::io_context io;
  auto preflight = run_to_end(io, look(options, file));
  if (preflight.reading.views.empty() || preflight.model.direction != mapping::Direction::kForward) {
    // plan asks for the reverse.sql that is to be drafted here.
    if (!preflight.ok()) std::cerr << mapping::faults_text(preflight);
    throw usage_failure(fmt::format("the views of {} cannot be read as they are", file.folder.string()),
                        preflight.ok() ? "crossfade plan says what is to be mended first" : "mend first what is said above");
  }
  return preflight;
}

v1::Init reply_of(const mapping::MigrationFile& file, const std::vector<mapping::views::ReverseView>& drafted, const std::vector<mapping::views::Unsaid>& unsaid) {
  v1::Init reply;
  reply.set_migration(file.yaml.migration());
  reply.set_folder(file.folder.string());
  for (const auto* name : {"reverse.sql", "migration.yaml"}) reply.add_files(name);
  for (const auto& view : drafted) {
    if (!view.select.empty()) reply.add_tables(view.table.name);
  }
  for (const auto& each : unsaid) {
    const auto of = each.table.schema + "." + each.table.name;
    reply.add_lossy(each.column.empty() ? fmt::format("{}: {}", of, each.why) : fmt::format("{}.{} has no word in v2: {}", of, each.column, each.why));
  }
  reply.add_next_steps(fmt::format("read reverse.sql, then crossfade plan --migration {}", shell_word(reply.folder())));
  return reply;
}

std::string drafted_text(const v1::Init& reply) {
  auto text = fmt::format("{} has a way back for {} tables: {}\n", reply.folder(), reply.tables_size(), fmt::join(reply.tables(), ", "));
  for (const auto& each : reply.lossy()) text += fmt::format("lossy: {}\n", each);
  text += fmt::format("written: {}\n", fmt::join(reply.files(), ", "));
  return text + fmt::format("next: {}\n", reply.next_steps(0));
}

/// The way back of a migration whose way forward is written.
ExitCode reverse(const Options& options, const InitOptions& own) {
  const auto folder = folder_of(options, own);
  if (fs::exists(folder / "reverse.sql")) {
    throw usage_failure(fmt::format("{} is there already", (folder / "reverse.sql").string()), "give it another name if you want a draft beside it");
  }
  const auto file = mapping::load_without_way_back(folder);
  const auto preflight = read_views(options, file);
  const auto schema = mapping::reverse_schema(file.yaml_text);
  const auto drafted = mapping::views::reverse_views(preflight.reading, schema);
  const bool none = std::all_of(drafted.begin(), drafted.end(), [](const auto& view) { return view.select.empty(); });
  if (none) throw usage_failure("no old table can be made again from the views", "write reverse.sql by hand; crossfade plan says what v2 does not say");
  const auto yaml = mapping::with_way_back(file.yaml_text);
  write(folder, {{"reverse.sql", mapping::views::reverse_sql(drafted, schema)}, {"migration.yaml", yaml}});
  const auto reply = reply_of(file, drafted, mapping::views::not_in_v2(preflight.reading));
  std::cout << (options.json ? api::json_of(reply) + "\n" : drafted_text(reply));
  return ExitCode::kOk;
}

ExitCode init(const Options& options, const InitOptions& own) {
  if (own.reverse) return reverse(options, own);
  if (own.name.empty() || own.from_schema.empty()) throw usage_failure("init wants a name and --from-schema", "crossfade init NAME --from-schema SCHEMA");
  const auto folder = folder_of(options, own);
  require_free(folder);
  asio::io_context io;
  const auto draft = run_to_end(io, read(options, own));
  const auto files = mapping::draft_files(draft);
  // Read back before it is written, so that a name the file could not have is told and nothing is left behind.
  mapping::read_migration_yaml("migration.yaml", files.at("migration.yaml"), files);
  write(folder, files);
  const auto reply = reply_of(draft, folder, files);
  std::cout << (options.json ? api::json_of(reply) + "\n" : to_text(reply));
  return ExitCode::kOk;
}

}  // namespace

Command init_command() {
  return {"init", "Begin", "Begin a migration: write its folder from what a schema has, every table as it is; or draft its way back", with_options(declare, init)};
}

}  // namespace crossfade::app
