#include <fmt/format.h>

#include <fstream>

#include "amend_fixture.h"

namespace crossfade::test {
namespace {

/// Tables of ids of all migrations of a database, and crossfade's own, stand in one schema.
class IdsTakenTest : public AmendTest {
 protected:
  IdsTakenTest() : AmendTest("courts") {}

  /// The same migration by another name, whose ids are called otherwise and are in the same table or another one.
  void be_called(const std::string& migration, const std::string& surrogate, const std::string& schemas) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      const auto name = entry.path().filename().string();
      auto text = text_of(name);
      const auto replace = [&](const std::string& what, const std::string& by) {
        for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) text.replace(at, what.size(), by);
      };
      replace("crossfade.courts_court_id", fmt::format("crossfade.{}_{}", migration, surrogate));
      replace("migration: courts", "migration: " + migration);
      replace("  court_id: {of", fmt::format("  {}: {{of", surrogate));
      replace("courts_map.court_id", "courts_map." + surrogate);
      replace("courts_unmap.court_id", "courts_unmap." + surrogate);
      for (const auto* each : {"courts_v2", "courts_map", "courts_unmap"}) replace(each, schemas + (each + 6));
      std::ofstream(folder / name) << text;
    }
  }
  void expect_refused(const std::string& because, const std::string& advice) {
    for (const auto* command : {"plan", "prepare"}) {
      const auto [exit, text] = move->call({command});
      EXPECT_EQ(exit, static_cast<int>(ExitCode::kPrecondition)) << text;
      EXPECT_TRUE(names(text, because) && names(text, advice)) << command << ": " << text;
    }
  }
};

TEST_F(IdsTakenTest, OneThatIsCalledAsATableOfOursIsRefusedByName) {
  be_called("edition", "file", "courts");
  expect_refused("surrogate file: crossfade.edition_file cannot be its table of ids: crossfade itself has a table or an index of that name",
                 "Give surrogate file another name: in migration.yaml, its view in surrogates.sql and reverse.sql, and crossfade.edition_file where mapping.sql reads it.");
  EXPECT_EQ(value("select count(*) from pg_namespace where nspname = 'courts_v2'"), "0");
}

TEST_F(IdsTakenTest, OneThatIsCalledAsAnothersIsRefusedByName) {
  EXPECT_EQ(move->call({"prepare"}).first, 0);
  be_called("courts_court", "id", "others");
  expect_refused("surrogate id: crossfade.courts_court_id cannot be its table of ids: it has the ids of surrogate court_id of migration courts", "Give surrogate id another name");
}

TEST_F(IdsTakenTest, OneThatComesWithAnAmendIsRefusedByName) {
  follow();
  move->sql().exec("create table crossfade.courts_player_id (n int)");
  edit("migration.yaml", "  court_id: {of: [club, court]}\n", "  court_id: {of: [club, court]}\n  player_id: {of: [player]}\n");
  std::ofstream(folder / "surrogates.sql", std::ios::app) << "create view courts_map.player_id as select player, id from public.entries;\n";
  const auto told = amend({}, ExitCode::kPrecondition);
  EXPECT_TRUE(names(told, "surrogate player_id: crossfade.courts_player_id cannot be its table of ids")) << told;
}

}  // namespace
}  // namespace crossfade::test
