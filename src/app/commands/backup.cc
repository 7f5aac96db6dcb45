#include <embedded_sql.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <ctime>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>

#include "api/message.h"
#include "app/cli/context.h"
#include "app/commands/commands.h"
#include "app/ephemeral/server_programs.h"
#include "app/status/long_work.h"
#include "app/status/status_text.h"
#include "base/error/failure.h"
#include "base/text/human.h"
#include "base/text/sql_text.h"
#include "crossfade/v1/backup.pb.h"
#include "mapping/catalog/relations.h"
#include "pg/reading.h"
#include "pg/row.h"

namespace crossfade::app {
namespace {

namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;

constexpr auto kManifest = "backup.json";

struct BackupOptions {
  fs::path dir;
  bool full = false;
  bool verify = false;
};

void declare(OptionSet& options, BackupOptions& own) {
  options.path("--dir", own.dir, "DIR", "Folder; a new one here unless given");
  options.flag("--full", own.full, "The whole database and its roles too");
  options.flag("--verify", own.verify, "Restore into a scratch database and compare; also for a folder that has a backup");
}

std::string table_sql(const v1::Backup::Table& table) { return quote_qualified(table.schema(), table.name()); }

/// A restored copy has other settings than the database that it is a copy of, and values have to print alike.
constexpr const char* kPrintAlike =
    "set timezone = 'UTC'; set datestyle = 'ISO, MDY'; set intervalstyle = 'postgres'; set bytea_output = 'hex'";

/// Count and fingerprint of a table as it is in this session.
asio::awaitable<void> measure(pg::Connection& connection, v1::Backup::Table& table) {
  co_await connection.script(kPrintAlike);
  auto sql = fmt::format("select count(*) as rows, coalesce(sum(hashtextextended((t.*)::text, 0)::numeric), 0) as fingerprint from {} t", table_sql(table));
  const auto rows = co_await connection.query(std::move(sql));
  const auto row = pg::first(rows);
  table.set_rows(row.real("rows"));
  table.set_fingerprint(std::string(row.text("fingerprint")));
}

asio::awaitable<void> write_csv(pg::Connection& connection, const v1::Backup::Table& table, const fs::path& folder) {
  std::ofstream file(folder / table.csv(), std::ios::binary);
  auto sql = fmt::format("copy (select * from {}) to stdout (format csv, header)", table_sql(table));
  co_await connection.copy_out(std::move(sql), [&](std::string_view line) { file << line; });
  file.close();
  if (!file) throw precondition_failure(fmt::format("cannot write {}", (folder / table.csv()).string()), "look at the folder's rights and the disk's free space");
}

/// What long work of a backup is about.
struct Task {
  const Options& options;
  const fs::path& folder;
  LongWork& work;

  void says(const std::string& what, int done, int all) const { work.at({what, static_cast<double>(done), static_cast<double>(all)}); }
  std::string run(const std::string& program, Arguments arguments, const std::string& conninfo) const {
    return run_server_program(program, std::move(arguments), conninfo, [this] { work.go_on(); });
  }
};

void dump(const Task& task, const std::string& file, const std::string& snapshot, Arguments what) {
  what.insert(what.end(), {"--format=custom", "--snapshot=" + snapshot, "--file=" + (task.folder / file).string()});
  task.run("pg_dump", std::move(what), task.options.source);
}

/// Everything at one snapshot: the dumps join that of the session that counts and writes the CSV files.
asio::awaitable<void> take(Task task, bool full, const mapping::MigrationFile& file, v1::Backup& backup) {
  const auto& folder = task.folder;
  pg::Connection connection = co_await pg::Connection::open(endpoint(task.options, "backup"));
  pg::Reading reading;
  reading.relations = co_await mapping::tables_there(connection, file.yaml);
  reading.read_only = true;
  reading.then = sql::queries::backup_snapshot;
  const auto rows = co_await pg::await_reading(connection, std::move(reading));
  const auto now = pg::first(rows);
  const std::string snapshot(now.text("snapshot"));
  backup.set_migration(file.yaml.migration());
  backup.set_taken_at(std::string(now.text("taken_at")));
  backup.set_lsn(std::string(now.text("lsn")));
  backup.set_server_version(std::string(now.text("server_version")));
  backup.set_full(full);
  Arguments sources;
  const int tables = file.yaml.sources_size();
  const int steps = tables + (full ? 3 : 2);
  int step = 0;
  for (const auto& [written, unused] : file.yaml.sources()) {
    const auto named = mapping::source_table(file.yaml, written);
    auto& table = *backup.add_tables();
    table.set_schema(named.schema);
    table.set_name(named.name);
    table.set_csv(fmt::format("{}.{}.csv", named.schema, named.name));
    task.says(fmt::format("table {} of {}: {}.{}, counted and written as CSV", step + 1, tables, named.schema, named.name), step, steps);
    ++step;
    co_await measure(connection, table);
    co_await write_csv(connection, table, folder);
    sources.push_back("--table=" + table_sql(table));
  }
  task.says("pg_dump writes sources.dump", step++, steps);
  dump(task, "sources.dump", snapshot, sources);
  // Types, functions and tables without their rows: what the sources need around them to be restored.
  const auto without_ours = co_await dumped_without_ours(connection, &file);
  auto schema = without_ours;
  schema.insert(schema.end(), {"--schema-only", "--section=pre-data"});
  task.says("pg_dump writes schema.dump", step++, steps);
  dump(task, "schema.dump", snapshot, std::move(schema));
  if (full) {
    task.says("pg_dump writes full.dump", step, steps);
    dump(task, "full.dump", snapshot, without_ours);
    task.run("pg_dumpall", {"--roles-only", "--no-role-passwords", "--file=" + (folder / "roles.sql").string()}, task.options.source);
  }
  std::ofstream(folder / "sources.list") << task.run("pg_restore", {"--list", (folder / "sources.dump").string()}, "");
  co_await connection.script("rollback");
  std::ofstream(folder / kManifest) << api::json_of(backup) << "\n";
}

/// A database of its own for the time of a proof.
class Scratch {
 public:
  Scratch(const Options& options, pg::Connection& connection)
      : conninfo_(options.source), name_(fmt::format("crossfade_backup_{}", getpid())), connection_(connection) {}

  asio::awaitable<void> create() { co_await run("create database {} template template0"); }
  asio::awaitable<void> drop() { co_await run("drop database if exists {} with (force)"); }

  void restore(const Task& task, Arguments arguments) const {
    arguments.insert(arguments.end(), {"--dbname=" + name_, "--no-owner", "--no-privileges", "--exit-on-error"});
    task.run("pg_restore", std::move(arguments), conninfo_);
  }
  std::string conninfo() const { return with_database(conninfo_, name_); }

 private:
  asio::awaitable<void> run(const char* statement) {
    auto sql = fmt::format(fmt::runtime(statement), quote_identifier(name_));
    co_await connection_.query(std::move(sql));
  }

  const std::string conninfo_;
  const std::string name_;
  pg::Connection& connection_;
};

asio::awaitable<void> compare_restored(Task task, const Scratch& scratch, v1::Backup& backup) {
  const int steps = backup.tables_size() + 2;
  task.says("schema.dump is restored into a scratch database", 0, steps);
  scratch.restore(task, {(task.folder / "schema.dump").string()});
  task.says("sources.dump is restored into a scratch database", 1, steps);
  scratch.restore(task, {"--data-only", (task.folder / "sources.dump").string()});
  auto there = endpoint(task.options, "backup");
  there.conninfo = scratch.conninfo();
  there.unreachable = ExitCode::kTargetUnreachable;
  pg::Connection connection = co_await pg::Connection::open(there);
  int step = 2;
  for (auto& table : *backup.mutable_tables()) {
    task.says(fmt::format("{}.{} is compared by the hash of each row", table.schema(), table.name()), step++, steps);
    v1::Backup::Table restored = table;
    co_await measure(connection, restored);
    const bool equal = restored.rows() == table.rows() && restored.fingerprint() == table.fingerprint();
    table.set_restored(equal ? "equal" : fmt::format("differs: {} rows instead of {}", restored.rows(), table.rows()));
  }
}

/// Restores the sources into a database made for it, and compares every row by its hash.
asio::awaitable<void> prove(Task task, v1::Backup& backup) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(task.options, "backup"));
  Scratch scratch(task.options, connection);
  co_await scratch.create();
  std::exception_ptr thrown;
  try {
    co_await compare_restored(task, scratch, backup);
  } catch (...) {
    thrown = std::current_exception();
  }
  // Also where somebody has ended this.
  co_await asio::this_coro::reset_cancellation_state();
  co_await scratch.drop();
  if (thrown) std::rethrow_exception(thrown);
}

v1::Backup read_manifest(const fs::path& folder) {
  std::ifstream file(folder / kManifest);
  std::ostringstream text;
  text << file.rdbuf();
  v1::Backup backup;
  if (!google::protobuf::util::JsonStringToMessage(text.str(), &backup).ok()) {
    throw usage_failure(fmt::format("{} is not the manifest of a backup", (folder / kManifest).string()), "name the folder of one with --dir");
  }
  return backup;
}

fs::path folder_of(const BackupOptions& own, const std::string& migration) {
  if (!own.dir.empty()) return own.dir;
  return fmt::format("backup-{}-{:%Y%m%dT%H%M%SZ}", migration, fmt::gmtime(std::time(nullptr)));
}

std::string text_of(const v1::Backup& backup, const fs::path& folder) {
  auto text = fmt::format("{}: taken {} at {}\n", folder.string(), backup.taken_at(), backup.lsn());
  for (const auto& table : backup.tables()) {
    text += fmt::format("  {}.{}: {} rows{}\n", table.schema(), table.name(), human_count(table.rows()),
                        table.restored().empty() ? "" : ", restored: " + table.restored());
  }
  text += fmt::format("  sources.dump {}{}\n", human_bytes(static_cast<double>(fs::file_size(folder / "sources.dump"))),
                      backup.full() ? ", full.dump " + human_bytes(static_cast<double>(fs::file_size(folder / "full.dump"))) : "");
  for (const auto& step : backup.next_steps()) text += fmt::format("next: {}\n", step);
  return text;
}

bool is_tried(const v1::Backup::Table& table) { return !table.restored().empty(); }
bool differs(const v1::Backup::Table& table) { return is_tried(table) && table.restored() != "equal"; }

void add_next_steps(v1::Backup& backup, const fs::path& folder) {
  const auto& tables = backup.tables();
  if (std::any_of(tables.begin(), tables.end(), differs)) {
    backup.add_next_steps("crossfade backup --verify: take another one; what this one restores is not what was there");
  } else if (!std::all_of(tables.begin(), tables.end(), is_tried)) {
    backup.add_next_steps(fmt::format("crossfade backup --verify --dir {}: nobody has restored it yet", shell_word(folder.string())));
  }
}

ExitCode backup(const Options& options, const BackupOptions& own) {
  const auto file = load(options);
  const auto folder = folder_of(own, file.yaml.migration());
  const bool there = fs::exists(folder / kManifest);
  if (there && !own.verify) throw usage_failure(fmt::format("{} has a backup", folder.string()), "name another folder, or prove that one with --verify");
  fs::create_directories(folder);
  fs::permissions(folder, fs::perms::owner_all);
  v1::Backup backup;
  LongWork work(options, "backup");
  const Task task{options, folder, work};
  if (there) {
    backup = read_manifest(folder);
  } else if (const auto ended = work.to_end(take(task, own.full, file, backup)); ended != LongWork::Ended::kByItself) {
    return work.show_known(ended);
  }
  if (own.verify) {
    const auto ended = work.to_end(prove(task, backup));
    if (ended != LongWork::Ended::kByItself) return work.show_known(ended);
  }
  add_next_steps(backup, folder);
  std::cout << (options.json ? api::json_of(backup) + "\n" : text_of(backup, folder));
  return std::any_of(backup.tables().begin(), backup.tables().end(), differs) ? ExitCode::kMismatch : ExitCode::kOk;
}

}  // namespace

Command backup_command() {
  return {"backup", "Data", "Dump the sources, as pg_restore reads them and as CSV, at one snapshot", with_options(declare, backup)};
}

}  // namespace crossfade::app
