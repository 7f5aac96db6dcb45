#include "app/ephemeral/throwaway_server.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "base/error/failure.h"
#include "support/server.h"

namespace crossfade::test {
namespace {

TEST(ThrowawayServerTest, TwoAtOnceDoNotMeet) {
  ThrowawayServer other;
  Sql(other.conninfo()).exec("create table only_here ()");
  EXPECT_EQ(Sql(shared_server().conninfo()).value("select to_regclass('only_here')"), "");
}

TEST(ThrowawayServerTest, CanBeDecodedFrom) {
  Database database;
  Sql sql(database.conninfo());
  EXPECT_EQ(sql.value("show wal_level"), "logical");
  EXPECT_EQ(sql.value("show listen_addresses"), "");
  sql.exec("select pg_create_logical_replication_slot('left_behind', 'pgoutput')");
}

TEST(ThrowawayServerTest, LeavesNothingBehind) {
  std::filesystem::path directory;
  {
    ThrowawayServer server;
    directory = server.directory();
    EXPECT_TRUE(std::filesystem::exists(directory));
  }
  EXPECT_FALSE(std::filesystem::exists(directory));
}

TEST(ThrowawayServerTest, KeepsCommittedRowsThroughACrash) {
  ThrowawayServer server({.durable = true, .settings = {{"checkpoint_timeout", "1h"}}});
  Sql(server.conninfo()).exec("create table kept as select 42 as answer");
  server.restart(ThrowawayServer::Stop::kImmediate);
  EXPECT_EQ(Sql(server.conninfo()).value("select answer from kept"), "42");
}

TEST(ThrowawayServerTest, TakesNewSettingsOnReload) {
  ThrowawayServer server;
  server.set("application_name", "it's new");
  server.reload();
  EXPECT_TRUE(eventually([&] { return Sql(server.conninfo()).value("show application_name") == "it's new"; }));
}

TEST(ThrowawayServerTest, ListensOnTcpWhenAsked) {
  ThrowawayServer server({.tcp = true});
  Sql sql(fmt::format("host=127.0.0.1 port={} user=postgres dbname=postgres", server.port()));
  EXPECT_EQ(sql.value("select 1"), "1");
}

TEST(ThrowawayServerTest, SaysWhyItDidNotStart) {
  try {
    ThrowawayServer server({.settings = {{"no_such_setting", "1"}}});
    FAIL() << "it started";
  } catch (const Failure& failure) {
    EXPECT_NE(std::string(failure.what()).find("no_such_setting"), std::string::npos) << failure.what();
    EXPECT_EQ(failure.exit(), ExitCode::kPrecondition);
  }
}

/// True once the server in `directory` has put away the file that says it runs.
bool nobody_serves(const std::filesystem::path& directory) {
  return !std::filesystem::exists(directory / "data/postmaster.pid");
}

TEST(ThrowawayServerTest, EndsWhenItsOwnerIsKilled) {
  const std::filesystem::path note = std::filesystem::temp_directory_path() / fmt::format("crossfade-note-{}", getpid());
  const pid_t owner = fork();
  if (owner == 0) {
    ThrowawayServer server;
    std::ofstream(note) << server.directory().string() << std::endl;
    for (;;) pause();
  }
  std::string directory;
  ASSERT_TRUE(eventually([&] {
    std::ifstream file(note);
    return std::getline(file, directory) && !file.eof();  // with its newline: written to the end
  }));
  kill(owner, SIGKILL);
  waitpid(owner, nullptr, 0);
  EXPECT_TRUE(eventually([&] { return nobody_serves(directory); }));
  std::filesystem::remove_all(directory);
  std::filesystem::remove(note);
}

}  // namespace
}  // namespace crossfade::test
