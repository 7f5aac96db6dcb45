#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fstream>
#include <iterator>
#include <regex>

#include "base/error/exit_code.h"
#include "support/move.h"

namespace crossfade::test {
namespace {

namespace fs = std::filesystem;

/// How the program leads in what mends it.
constexpr auto kAdvice = "what to do: |→ ";

/// A copy of migration gym with one thing wrong, and what the program says to it.
struct Mistake {
  std::string name;
  std::string file;     ///< in which `what` is replaced by `by`; "sql": `by` is run in the database instead
  std::string what;
  std::string by;
  ExitCode exit;
  std::string message;  ///< regular expression
};

void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.name; }

std::string read(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool matches(const std::string& text, const std::string& regex) { return std::regex_search(text, std::regex(regex)); }

/// The folder of a migration that a test may change.
struct Folder {
  explicit Folder(const fs::path& of) {
    fs::remove_all(path.parent_path());
    fs::create_directories(path.parent_path());
    fs::copy(of, path, fs::copy_options::recursive);
  }
  ~Folder() { fs::remove_all(path.parent_path()); }
  void replace(const std::string& file, const std::string& what, const std::string& by) const {
    auto text = read(path / file);
    const auto at = text.find(what);
    ASSERT_NE(at, std::string::npos) << what;
    text.replace(at, what.size(), by);
    std::ofstream(path / file) << text;
  }

  fs::path path = fs::path(testing::TempDir()) / fmt::format("crossfade-refusal-{}", getpid()) / "gym";
};

class MistakeTest : public testing::TestWithParam<Mistake> {};

TEST_P(MistakeTest, IsNamedWithAdviceAndAnExitCodeAndNothingIsLeftBehind) {
  const auto& mistake = GetParam();
  const Folder folder(test_migration("gym"));
  Move move(folder.path);
  if (mistake.file == "sql") {
    move.sql().exec(mistake.by);
  } else {
    folder.replace(mistake.file, mistake.what, mistake.by);
  }
  for (const char* command : {"plan", "prepare", "run"}) {
    const auto [exit, output] = move.call(std::string(command) == "run" ? std::vector<std::string>{"run", "--prepare"} : std::vector<std::string>{command});
    EXPECT_EQ(exit, static_cast<int>(mistake.exit)) << command << ": " << output;
    EXPECT_TRUE(matches(output, mistake.message)) << command << ": " << output;
    EXPECT_TRUE(matches(output, kAdvice)) << command << ": " << output;
  }
  EXPECT_EQ(move.sql().value("select count(*) from pg_namespace where nspname in ('crossfade', 'gym_v2', 'gym_map')"), "0");
  EXPECT_EQ(move.sql().value("select count(*) from pg_publication"), "0");
  EXPECT_EQ(move.sql().value("select count(*) from pg_replication_slots where database = current_database()"), "0");
}

const Mistake kMistakes[] = {
    {"UnknownKey", "migration.yaml", "schemas:", "schemata: {}\nschemas:", ExitCode::kUsage, "migration.yaml:\\d+:\\d+.*schemata"},
    {"DuplicateKey", "migration.yaml", "  plans:     {key: [id]}", "  plans:     {key: [id]}\n  plans:     {key: [id]}", ExitCode::kUsage, "migration.yaml:\\d+:\\d+.*plans"},
    {"MissingView", "mapping.sql", "create view gym_map.weeks as", "create view gym_map.other as", ExitCode::kPrecondition, "weeks"},
    {"MissingColumn", "mapping.sql", "select id, owner from", "select id from", ExitCode::kPrecondition, "plans.*owner"},
    {"WrongType", "mapping.sql", "select id, owner from", "select id::text as id, owner from", ExitCode::kPrecondition, "plans.*id.*(text|integer)"},
    {"ViewNotUniqueOnTheKey", "mapping.sql", "as w(number)", "as w(number), generate_series(1, 2) twice", ExitCode::kPrecondition, "weeks.*unique|weeks.*several|weeks.*twice"},
    {"VolatileFunction", "mapping.sql", "select id, owner from", "select id, owner || random() as owner from", ExitCode::kPrecondition, "random"},
    {"RuleOutsideTheReplicaIdentity", "migration.yaml", "exercises: {id: id}, plans", "exercises: [{id: id}, {plan_id: plan_id}], plans", ExitCode::kPrecondition,
     "replica identity full"},
    {"ColumnGoneFromV1", "sql", "", "alter table plans rename column duration to weeks", ExitCode::kUsage, "mapping.sql.*duration"},
    {"SyntaxErrorInASqlFile", "v2.sql", "create table gym_v2.weeks", "create tabel gym_v2.weeks", ExitCode::kUsage, "v2.sql.*tabel"},
    {"UnloggedSource", "sql", "", "alter table exercises set unlogged", ExitCode::kPrecondition, "not logged"},
};

INSTANTIATE_TEST_SUITE_P(Of, MistakeTest, testing::ValuesIn(kMistakes), [](const auto& mistake) { return mistake.param.name; });

class RefusalTest : public testing::Test {
 protected:
  static void expect_refused(const std::pair<int, std::string>& answer, ExitCode exit, const std::string& message) {
    EXPECT_EQ(answer.first, static_cast<int>(exit)) << answer.second;
    EXPECT_TRUE(matches(answer.second, message)) << answer.second;
    EXPECT_TRUE(matches(answer.second, kAdvice)) << answer.second;
  }
};

TEST_F(RefusalTest, AServerWhoseWalHasNoRowChanges) {
  ThrowawayServer::Options options;
  options.settings = {{"wal_level", "replica"}};
  ThrowawayServer server(std::move(options));
  Move move(test_migration("gym"), server);
  expect_refused(move.call({"plan"}), ExitCode::kPrecondition, "wal_level is replica.*\n?.*alter system set wal_level");
  expect_refused(move.call({"run", "--prepare"}), ExitCode::kPrecondition, "wal_level");
}

TEST_F(RefusalTest, ARoleWithoutPrivileges) {
  ThrowawayServer server;
  Sql(server.conninfo()).exec("create role guest login");
  Move guest(test_migration("gym"), server);
  guest.source(guest.conninfo() + " user=guest");
  expect_refused(guest.call({"plan"}), ExitCode::kPermission, "guest|permission denied");
  expect_refused(guest.call({"run", "--prepare"}), ExitCode::kPermission, "guest|permission denied");
}

TEST_F(RefusalTest, AServerThatCannotBeReached) {
  Move move(test_migration("gym"));
  move.source("host=/nowhere dbname=postgres connect_timeout=2");
  expect_refused(move.call({"plan"}), ExitCode::kSourceUnreachable, "/nowhere");
  expect_refused(move.call({"run"}), ExitCode::kSourceUnreachable, "/nowhere");
}

TEST_F(RefusalTest, AWrongPasswordWhichIsNotShown) {
  ThrowawayServer::Options options;
  options.tcp = true;
  ThrowawayServer server(std::move(options));
  Move move(test_migration("gym"), server);
  move.sql().exec("set password_encryption = 'scram-sha-256'; create role app login superuser password 'right'");
  std::ofstream(server.directory() / "data" / "pg_hba.conf") << "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
  server.reload();
  const auto source = [&](const std::string& password) {
    return fmt::format("host=127.0.0.1 port={} dbname={} user=app password={}", server.port(), move.sql().value("select current_database()"), password);
  };
  move.source(source("secret-guess"));
  ASSERT_TRUE(eventually([&] { return move.call({"plan"}).first == static_cast<int>(ExitCode::kPermission); }));
  for (const char* command : {"plan", "run"}) {
    const auto answer = move.call({command});
    expect_refused(answer, ExitCode::kPermission, "password authentication failed");
    EXPECT_EQ(answer.second.find("secret-guess"), std::string::npos) << answer.second;
  }
  move.source(source("right"));
  EXPECT_EQ(move.call({"plan"}).first, 0);
}

TEST_F(RefusalTest, ASecondDaemon) {
  Move move(test_migration("gym"));
  move.start_daemon();
  move.expect_equal();
  const auto socket = (fs::path(testing::TempDir()) / fmt::format("second-{}.sock", getpid())).string();
  expect_refused(move.call({"run", "--control", socket}), ExitCode::kNotLeader, "another daemon leads migration gym");
  move.expect_equal();
}

TEST_F(RefusalTest, ASocketThatAnotherDaemonAnswersOn) {
  Move move(test_migration("gym"));
  move.start_daemon();
  move.expect_equal();
  const auto answer = move.call({"run"});
  expect_refused(answer, ExitCode::kNotLeader, "serves the socket");
  EXPECT_EQ(move.call({"status"}).first, 0) << "the first one answers no longer";
}

TEST_F(RefusalTest, AMigrationThatIsNotPreparedIsToldAlikeByEveryCommand) {
  Move move(test_migration("gym"));
  const fs::path queries = move.control().string() + ".queries";
  std::ofstream(queries) << "-- keys\nselect 1\n-- v1\nselect $1\n-- v2\nselect $1\n";
  const std::vector<std::vector<std::string>> commands = {
      {"run"}, {"status"}, {"verify"}, {"account"}, {"explain", "plans", "1"}, {"refresh", "plans", "1"}, {"quarantine"}, {"quarantine", "retry"},
      {"quarantine", "accept", "1"}, {"throttle"}, {"report"}, {"cutover", "reads"}, {"cutover", "reads", "--dry-run"}, {"rollback", "reads"},
      {"cutover", "writes", "--confirm", "gym"}, {"cutover", "writes", "--dry-run"}, {"rollback", "writes", "--confirm", "gym"},
      {"rollback", "writes", "--dry-run"}, {"complete", "--confirm", "gym"}, {"compare", "--query", queries}};
  // Before any migration has made the schema crossfade, and beside another migration that has.
  for (const bool engine_there : {false, true}) {
    if (engine_there) {
      ASSERT_EQ(move.call({"prepare"}).first, 0);
      move.sql().exec("delete from crossfade.checkpoint");
    }
    for (const auto& command : commands) {
      const auto answer = move.call(command);
      SCOPED_TRACE(fmt::format("{}", fmt::join(command, " ")));
      expect_refused(answer, ExitCode::kNotReady, "migration gym is not prepared in this database.*\n.*crossfade prepare");
    }
  }
}

TEST_F(RefusalTest, ACommandLineThatIsWrong) {
  Move move(test_migration("gym"));
  EXPECT_EQ(move.call({"plan", "--no-such-option"}).first, static_cast<int>(ExitCode::kUsage));
  EXPECT_EQ(move.call({"wait", "--lsn", "nonsense"}).first, static_cast<int>(ExitCode::kUsage));
  EXPECT_EQ(move.call({"cancel"}).first, static_cast<int>(ExitCode::kUsage)) << "not confirmed";
  EXPECT_EQ(move.call({"run"}).first, static_cast<int>(ExitCode::kNotReady)) << "not prepared";
}

}  // namespace
}  // namespace crossfade::test
