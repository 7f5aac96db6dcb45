#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
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

TEST_F(BackupTest, ARehearsalThatIsEndedLeavesNothingOnTheDisk) {
  const auto scratch = folder.string() + "-tmp";
  fs::create_directories(scratch);
  const auto said = [](Program& program, const std::string& text) {
    return eventually([&] { return program.output().find(text) != std::string::npos || !program.running(); }, kLimit) && program.running();
  };
  const auto left = [&] { return std::distance(fs::directory_iterator(scratch), fs::directory_iterator()); };
  // While a child of it waits that is not ours …
  Sql holder(move.conninfo());
  holder.exec("begin; lock table exercises in access exclusive mode");
  auto dumping = move.start({"rehearse", "--json"}, {{"TMPDIR", scratch}});
  ASSERT_TRUE(said(*dumping, R"("command":"rehearse","what":"pg_dump copies the source")")) << dumping->output();
  EXPECT_GE(left(), 1);
  dumping->signal(SIGINT);
  EXPECT_EQ(dumping->exit_within(kLimit), 130) << dumping->output();
  EXPECT_NE(dumping->output().find(R"({"command":"rehearse","complete":false,"ended_by":"hand")"), std::string::npos) << dumping->output();
  EXPECT_EQ(left(), 0);
  holder.exec("rollback");
  // … and while the copy is moved.
  auto moving = move.start({"rehearse"}, {{"TMPDIR", scratch}});
  ASSERT_TRUE(said(*moving, "$ crossfade run --prepare")) << moving->output();
  moving->signal(SIGTERM);
  EXPECT_EQ(moving->exit_within(kLimit), 130) << moving->output();
  EXPECT_NE(moving->output().find("ended before it was done: rehearse, "), std::string::npos) << moving->output();
  EXPECT_EQ(left(), 0);
  fs::remove_all(scratch);
}

TEST_F(BackupTest, ARehearsalLeavesOutWhatAnotherMigrationHasMade) {
  // One that owns its data by now, with a view of the application's on what it has made.
  move.start_daemon();
  move.expect_equal();
  EXPECT_EQ(move.call({"verify"}).first, 0);
  EXPECT_EQ(move.call({"account"}).first, 0);
  const auto [moved, why] = move.call({"cutover", "writes", "--confirm", "gym", "--evidence", (folder.string() + "-evidence")});
  ASSERT_EQ(moved, 0) << why;
  move.sql().exec("create view seen as select * from gym_map.plans; create view seen_again as select * from seen; create view asked as select crossfade.owner('gym') as owner");
  move.sql().exec("create table notes (id int primary key, note text); insert into notes values (1, 'a note')");
  const auto other = fs::path(folder.string() + "-other") / "notes";
  fs::create_directories(other);
  std::ofstream(other / "v2.sql") << "create table notes_v2.notes (id int primary key, note text)";
  std::ofstream(other / "mapping.sql") << "create view notes_map.notes as select id, note from public.notes";
  std::ofstream(other / "migration.yaml") << "migration: notes\nschemas: {shadow: notes_v2, mapping: notes_map}\nsources: {notes: {key: [id]}}\ntargets: {notes: {follow: {notes: {id: id}}}}\n";
  const auto [exit, text] = move.call({"rehearse", "--migration", other.string()});
  EXPECT_EQ(exit, 0) << text;
  EXPECT_NE(text.find("  reads flip "), std::string::npos) << text;
  move.stop_daemon();
  for (const auto* more : {"-other", "-evidence"}) fs::remove_all(folder.string() + more);
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
