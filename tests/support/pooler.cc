#include "support/pooler.h"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

namespace crossfade::test {

namespace fs = std::filesystem;

Pooler::Pooler(ThrowawayServer& server, const std::string& mode, const std::string& ignored)
    : mode_(mode), directory_(server.directory() / ("pooler-" + mode)) {
  fs::create_directories(directory_);
  fs::permissions(directory_, fs::perms::all);
  std::ofstream(directory_ / "users.txt") << "\"postgres\" \"\"\n";
  std::ofstream(directory_ / "pgbouncer.ini") << fmt::format(
      "[databases]\n* = host={} port=5432\n[pgbouncer]\nunix_socket_dir = {}\nlisten_port = {}\nlisten_addr =\nauth_type = trust\nadmin_users = postgres\nauth_file = {}\n"
      "pool_mode = {}\nignore_startup_parameters = {}\n",
      server.directory().string(), directory_.string(), kPort, (directory_ / "users.txt").string(), mode, ignored);
  std::vector<std::string> command = {"/usr/sbin/pgbouncer"};
  // As the server, it refuses root.
  if (geteuid() == 0) command.emplace_back("--user=postgres");
  command.push_back((directory_ / "pgbouncer.ini").string());
  const auto log = directory_ / "log";
  program_ = std::make_unique<Program>(command, log);
  const auto answers = [&] {
    try {
      Sql session(conninfo("postgres"));
      return true;
    } catch (const std::runtime_error&) {
      return false;
    }
  };
  EXPECT_TRUE(eventually(answers)) << program_->output();
}

std::string Pooler::conninfo(const std::string& dbname) const {
  return fmt::format("host={} port={} user=postgres dbname={}", directory_.string(), kPort, dbname);
}

}  // namespace crossfade::test
