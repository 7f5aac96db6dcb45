#include <fmt/format.h>

#include <fstream>

#include "support/move.h"

namespace crossfade::test {
namespace {

namespace fs = std::filesystem;

/// A folder that is edited after the migration was prepared.
class ScriptChangesTest : public testing::Test {
 protected:
  ScriptChangesTest() {
    fs::remove_all(folder.parent_path());
    fs::create_directories(folder.parent_path());
    fs::copy(test_migration("gym"), folder);
    EXPECT_EQ(call("prepare").first, 0);
  }
  ~ScriptChangesTest() override { fs::remove_all(folder.parent_path()); }

  std::pair<int, std::string> call(const std::string& command) { return move.call({command, "--migration", folder.string()}); }
  static bool names(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

  const fs::path folder = fs::path(testing::TempDir()) / fmt::format("changes-{}", getpid()) / "gym";
  Move move{test_migration("gym")};
};

TEST_F(ScriptChangesTest, NothingIsSaidOfAFolderThatIsAsItWas) {
  for (const char* command : {"plan", "status"}) {
    const auto [exit, text] = call(command);
    EXPECT_EQ(exit, 0) << text;
    EXPECT_FALSE(names(text, "when the migration was prepared") || names(text, "migration was prepared with")) << text;
  }
}

TEST_F(ScriptChangesTest, PlanStatusAndRunSayWhichFileIsNotAsItWas) {
  std::ofstream(folder / "mapping.sql", std::ios::app) << "-- and more\n";
  std::ofstream(folder / "rejects.sql") << "create view gym_map.rejected_exercises as select id, 'no' as reason from public.exercises where false;\n";
  const auto [exit, text] = call("plan");
  EXPECT_EQ(exit, 0) << text;
  EXPECT_TRUE(names(text, "mapping.sql") && names(text, "it is not as it was when the migration was prepared, 20")) << text;
  EXPECT_TRUE(names(text, "rejects.sql") && names(text, "it was not in the folder when the migration was prepared, and is not installed")) << text;
  EXPECT_FALSE(names(text, "reverse.sql: it is not")) << text;
  const auto status = call("status").second;
  EXPECT_TRUE(names(status, "crossfade amend --dry-run: mapping.sql, rejects.sql are not what the migration was prepared with")) << status;
  const auto daemon = move.start({"run", "--migration", folder.string()});
  EXPECT_TRUE(eventually([&] { return names(daemon->output(), "the folder is not what the migration was prepared with") && names(daemon->output(), "rejects.sql"); }, kLimit))
      << daemon->output();
}

TEST_F(ScriptChangesTest, WhatWasAmendedIsSaidNoMore) {
  std::ofstream(folder / "mapping.sql", std::ios::app) << "-- and more\n";
  EXPECT_TRUE(names(call("plan").second, "crossfade amend --dry-run"));
  EXPECT_EQ(move.call({"amend", "--hold-limit", "5s", "--migration", folder.string()}).first, 0);
  EXPECT_FALSE(names(call("plan").second, "when the migration was prepared"));
  std::ofstream(folder / "mapping.sql", std::ios::app) << "-- and more again\n";
  EXPECT_TRUE(names(call("plan").second, "it is not as it was"));
}

}  // namespace
}  // namespace crossfade::test
