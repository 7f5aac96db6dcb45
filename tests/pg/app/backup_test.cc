#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "app/ephemeral/server_programs.h"
#include "base/error/exit_code.h"
#include "base/error/failure.h"
#include "support/move.h"

namespace crossfade::test {
namespace {

namespace fs = std::filesystem;

class BackupTest : public testing::Test {
 protected:
  void SetUp() override { CROSSFADE_NEEDS("pg_dump"); }
  BackupTest() {
    move.sql().exec("create type mood as enum ('fine', 'not so fine'); alter table plans add mood mood default 'not so fine';"
                    "insert into plans (id, owner, duration) select n, 'o,w\"ner ' || n, 4 from generate_series(1001, 1050) n");
  }
  ~BackupTest() override { fs::remove_all(folder); }

  std::string read(const std::string& file) const {
    std::ifstream in(folder / file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::pair<int, std::string> backup(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"backup", "--dir", folder.string()});
    return move.call(more);
  }

  const fs::path folder = fs::path(testing::TempDir()) / ("backup-" + std::to_string(getpid()));
  Move move{test_migration("gym")};
};

TEST_F(BackupTest, IsRestoredAndComparedRowByRow) {
  const auto [exit, text] = backup({"--verify"});
  EXPECT_EQ(exit, 0) << text;
  EXPECT_NE(text.find("public.plans: " + move.sql().value("select count(*) from plans") + " rows, restored: equal"), std::string::npos) << text;
  EXPECT_EQ(move.sql().value("select count(*) from pg_database where datname like 'crossfade_backup%'"), "0");
  EXPECT_NE(read("sources.list").find("TABLE DATA public plans"), std::string::npos);
  EXPECT_NE(read("public.plans.csv").find("\"o,w\"\"ner 1001\""), std::string::npos);
}

TEST_F(BackupTest, IsProvedAgainLaterWhateverTheSourceHasBecome) {
  EXPECT_EQ(backup().first, 0);
  move.sql().exec("delete from exercises; delete from plans");
  EXPECT_EQ(backup().first, static_cast<int>(ExitCode::kUsage)) << "a backup is not written over";
  const auto [exit, text] = backup({"--verify"});
  EXPECT_EQ(exit, 0) << text;
}

TEST_F(BackupTest, ARestoredCopyReadsTheSameWhateverTheSettingsOfItsDatabase) {
  move.sql().exec("do $$ begin execute format('alter database %I set timezone = ''Asia/Tokyo''', current_database());"
                  " execute format('alter database %I set intervalstyle = ''iso_8601''', current_database()); end $$;"
                  "alter table plans add t text, add seen timestamptz default '2024-05-01 12:00Z', add took interval default '1 day 2 hours'");
  const auto [exit, text] = backup({"--verify"});
  EXPECT_EQ(exit, 0) << text;
  EXPECT_NE(read("public.plans.csv").find("2024-05-01 12:00:00+00,1 day 02:00:00"), std::string::npos) << "any program reads that";
}

TEST_F(BackupTest, ARowThatIsNotTheSameIsNoticed) {
  EXPECT_EQ(backup().first, 0);
  auto manifest = read("backup.json");
  const auto at = manifest.find("\"fingerprint\":\"") + 15;
  manifest[at + 1] = manifest[at + 1] == '1' ? '2' : '1';
  std::ofstream(folder / "backup.json") << manifest;
  const auto [exit, text] = backup({"--verify"});
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kMismatch)) << text;
  EXPECT_NE(text.find("differs"), std::string::npos) << text;
}

TEST_F(BackupTest, TheWholeMoveIsRehearsedOnItsCopy) {
  EXPECT_EQ(backup({"--full"}).first, 0);
  // The day on which somebody wants to rehearse is one after prepare.
  EXPECT_EQ(move.call({"prepare"}).first, 0);
  for (const auto& more : {std::vector<std::string>{"rehearse"}, {"rehearse", "--from", (folder / "full.dump").string()}}) {
    const auto [exit, text] = move.call(more);
    EXPECT_EQ(exit, 0) << text;
    for (const char* line : {"  backfill   ", "  WAL        ", "  disk       ", "  verify     ", "  reads flip "}) {
      EXPECT_NE(text.find(line), std::string::npos) << text;
    }
  }
  EXPECT_EQ(move.sql().value("select phase from crossfade.migration"), "prepared") << "the source is left alone";
}

TEST(ConnectionEnvironmentTest, HasWhatAProgramMayNotBeGivenAsArguments) {
  const auto environment = connection_environment("postgresql://app:s%20cret@db.example:5433/shop?sslmode=verify-full");
  const Environment expected = {{"PGUSER", "app"}, {"PGPASSWORD", "s cret"}, {"PGDATABASE", "shop"}, {"PGHOST", "db.example"}, {"PGPORT", "5433"}, {"PGSSLMODE", "verify-full"}};
  for (const auto& each : expected) EXPECT_NE(std::find(environment.begin(), environment.end(), each), environment.end()) << each.first;
  EXPECT_EQ(environment.size(), expected.size());
}

TEST(ConnectionEnvironmentTest, AnotherDatabaseOfTheSameServer) {
  EXPECT_EQ(with_database("dbname=shop host=db", "other").find("shop"), std::string::npos);
  EXPECT_EQ(connection_environment(with_database(R"(host=db password='it\'s \\ so' dbname=shop)", "other")),
            (Environment{{"PGPASSWORD", R"(it's \ so)"}, {"PGDATABASE", "other"}, {"PGHOST", "db"}}));
}

TEST(ConnectionEnvironmentTest, APasswordInAStringThatIsNotUnderstoodIsNotRepeated) {
  try {
    connection_environment("host=db passwort=secret");
    FAIL() << "it was understood";
  } catch (const Failure& failure) {
    EXPECT_EQ(std::string(failure.what()).find("secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace crossfade::test
