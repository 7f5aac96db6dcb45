#include "support/standby.h"

#include <fstream>

#include "app/ephemeral/temporary_directory.h"
#include "support/program.h"

namespace crossfade::test {

namespace fs = std::filesystem;

std::unique_ptr<ThrowawayServer> standby_of(ThrowawayServer& primary, const std::string& dbname, std::vector<ThrowawayServer::Setting> settings) {
  const TemporaryDirectory scratch;
  fs::permissions(scratch.path, fs::perms::all);
  const auto copy = scratch.path / "data";
  Sql backup(primary.conninfo());
  const bool since_15 = backup.value("select current_setting('server_version_num')::int >= 150000") == "t";
  backup.exec(since_15 ? "select pg_backup_start('copy', true)" : "select pg_start_backup('copy', true, false)");
  Program copying({"/bin/cp", "-a", primary.directory() / "data", copy}, scratch.path / "output");
  // Files of the server's own come and go meanwhile: cp says so, and is right all the same.
  copying.exit_within(std::chrono::minutes(1));
  const auto label = backup.value(since_15 ? "select labelfile from pg_backup_stop(false)" : "select labelfile from pg_stop_backup(false, false)");
  std::ofstream(copy / "backup_label") << label;
  std::ofstream(copy / "standby.signal").flush();
  fs::remove(copy / "postmaster.pid");
  for (const auto* of_its_own : {"pg_replslot", "pg_wal"}) {
    for (const auto& entry : fs::directory_iterator(copy / of_its_own)) {
      if (entry.path().filename() != "archive_status" && entry.path().filename() != "summaries") fs::remove_all(entry.path());
    }
  }
  settings.emplace_back("primary_conninfo", primary.conninfo(dbname));
  return std::make_unique<ThrowawayServer>(ThrowawayServer::Options{.durable = true, .settings = std::move(settings), .copy_of = copy});
}

}  // namespace crossfade::test
