#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <fstream>
#include <iostream>

#include "api/message.h"
#include "app/cli/context.h"
#include "app/commands/commands.h"
#include "base/failure.h"
#include "crossfade/v1/init.pb.h"
#include "mapping/scaffold/read_draft.h"

namespace crossfade::app {
namespace {

namespace fs = std::filesystem;
using Files = std::map<std::string, std::string>;

struct InitOptions {
  std::string name;
  std::string from_schema;
};

void declare(OptionSet& options, InitOptions& own) {
  options.word("NAME", own.name, "The migration's name; its folder is --migration, else a new one of that name here");
  options.text("--from-schema", own.from_schema, "SCHEMA", "Schema of the old tables").required();
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
  return reply;
}

std::string to_text(const v1::Init& reply) {
  auto text = fmt::format("{} takes {} tables, each as it is: {}\n", reply.folder(), reply.tables_size(), fmt::join(reply.tables(), ", "));
  for (const auto& table : reply.left_out()) text += fmt::format("left out: {}, {}\n", table.table(), table.reason());
  text += fmt::format("written: {}\n", fmt::join(reply.files(), ", "));
  for (const auto& statement : reply.first()) text += fmt::format("first, so that the WAL tells a row's old key: {}\n", statement);
  return text + fmt::format("next: make v2.sql and mapping.sql what you want, then crossfade plan --migration {}\n", reply.folder());
}

ExitCode init(const Options& options, const InitOptions& own) {
  const fs::path folder = options.migration.empty() ? fs::path(own.name) : options.migration;
  require_free(folder);
  asio::io_context io;
  const auto draft = run_to_end(io, read(options, own));
  const auto files = mapping::draft_files(draft);
  // Read back before it is written, so that a name the file could not have is told and nothing is left behind.
  mapping::read_migration_yaml("migration.yaml", files.at("migration.yaml"));
  write(folder, files);
  const auto reply = reply_of(draft, folder, files);
  std::cout << (options.json ? api::json_of(reply) + "\n" : to_text(reply));
  return ExitCode::kOk;
}

}  // namespace

Command init_command() {
  return {"init", "Begin", "Begin a migration: write its folder from what a schema has, every table as it is", with_options(declare, init)};
}

}  // namespace crossfade::app
