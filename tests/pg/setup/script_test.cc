#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/error/exit_code.h"
#include "support/move.h"

namespace crossfade::test {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Scripts that would leave the transaction they are tried in.
class ScriptTest : public testing::Test {
 protected:
  ScriptTest() {
    fs::remove_all(folder);
    fs::create_directories(folder.parent_path());
    fs::copy(test_migration("gym"), folder);
    before = schemas();
  }
  ~ScriptTest() override { fs::remove_all(folder.parent_path()); }

  void append(const std::string& file, const std::string& text) { std::ofstream(folder / file, std::ios::app) << text << "\n"; }
  std::string schemas() { return move.sql().value("select string_agg(nspname, ' ' order by nspname) from pg_namespace where nspname !~ '^pg_'"); }
  std::pair<int, std::string> call(const std::string& command) { return move.call({command, "--migration", folder.string()}); }

  const fs::path folder = fs::path(testing::TempDir()) / fmt::format("scripts-{}", getpid()) / "gym";
  Move move{test_migration("gym")};
  std::string before;
};

TEST_F(ScriptTest, LeavesNothingBehindHoweverItEndsTheTransaction) {
  for (const char* ending : {"END;", "commit; -- all of it", "commit and chain;", "/* done */ commit;", "select 1; commit; select 2;", "rollback; create table public.stray ();",
                             "abort; create table public.stray ();", "savepoint one; release one;", "prepare transaction 'x';", "start transaction read only;", "do $$ begin commit; end $$;"}) {
    for (const char* file : {"v2.sql", "mapping.sql", "reverse.sql"}) {
      const auto text = text_of(folder / file);
      append(file, ending);
      for (const char* command : {"plan", "prepare"}) {
        const auto [exit, said] = call(command);
        EXPECT_EQ(exit, static_cast<int>(ExitCode::kUsage)) << ending << ": " << said;
        EXPECT_TRUE(said.find(std::string(file) + " does not run") != std::string::npos || said.find("the script controls its own transaction") != std::string::npos) << ending << ": " << said;
        EXPECT_EQ(schemas(), before) << ending;
        EXPECT_EQ(move.sql().value("select to_regclass('public.stray')"), "") << ending;
      }
      std::ofstream(folder / file) << text;
    }
  }
  EXPECT_EQ(call("plan").first, 0);
}

TEST_F(ScriptTest, TheStatementThatDoesNotRunIsToldWithItsLine) {
  std::ofstream(folder / "v2.sql", std::ios::app) << "\n-- a comment; with a sign\ncreate function gym_v2.two() returns int language sql begin atomic select 1; select 2; end;\n"
                                                  << "create table gym_v2.extra (id int primary key);\ncreate table\n  gym_v2.extra (id int);\nselect 1;\n";
  const auto text = text_of(folder / "v2.sql");
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(text.find("create table\n  gym_v2.extra")), '\n');
  const auto [exit, said] = call("plan");
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kUsage));
  EXPECT_NE(said.find(fmt::format("v2.sql does not run: line {}: relation \"extra\" already exists", line)), std::string::npos) << said;
  EXPECT_NE(said.find("statement: create table\n  gym_v2.extra (id int);"), std::string::npos) << said;
}

TEST_F(ScriptTest, RowsThatWouldGoWithoutAWordAreToldBefore) {
  EXPECT_EQ(call("plan").second.find("v2.sql puts rows"), std::string::npos);
  append("v2.sql", "insert into gym_v2.plans values (100000, 'nobody');");
  const auto [exit, said] = call("plan");
  EXPECT_EQ(exit, 0) << said;
  EXPECT_NE(said.find("v2.sql puts rows into it: those that its view does not give are gone after the backfill"), std::string::npos) << said;
}

}  // namespace
}  // namespace crossfade::test
