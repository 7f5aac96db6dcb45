#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "base/exit_code.h"
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

}  // namespace
}  // namespace crossfade::test
