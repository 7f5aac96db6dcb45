#include <filesystem>
#include <fstream>

#include "pg/cutover/gym_writes.h"
#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// Migration gym, which says that views of others may stay with its old tables.
std::filesystem::path gym_that_keeps_views() {
  const auto folder = std::filesystem::path(testing::TempDir()) / fmt::format("crossfade-side-by-side-{}", getpid()) / "gym";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder.parent_path());
  std::filesystem::copy(test_migration("gym"), folder, std::filesystem::copy_options::recursive);
  std::ofstream(folder / "migration.yaml", std::ios::app) << "cutover: {inventory: {view: keep}}\n";
  return folder;
}

const SmallMigration kBeside = {"", "create table small_v2.copies (id int primary key, title text)",
                                "create view small_map.copies as select id, title from public.exercises",
                                "sources: {exercises: {key: [id]}}\ntargets: {copies: {follow: {exercises: {id: id}}}}\n"};

/// Two migrations of one table, each with its daemon, in one database.
class SideBySideTest : public GymWrites {
 protected:
  SideBySideTest() : GymWrites(shared_server(), gym_that_keeps_views()) {
    beside.source(move.conninfo());
    beside.start_daemon();
    expect_followed();
  }
  ~SideBySideTest() override { beside.stop_daemon(); }
  void expect_followed() {
    const auto [waited, said] = beside.call({"wait", "--phase", "following", "--lag", "5s", "--timeout", "20s"});
    EXPECT_EQ(waited, 0) << said;
    const auto [exit, text] = beside.call({"verify"});
    EXPECT_EQ(exit, 0) << text;
  }

  SmallMove beside{kBeside};
};

TEST_F(SideBySideTest, TheOneThatIsOvertakenSaysByWhomAndGoesOnAfterTheWayBack) {
  move.sql().exec("update exercises set title = 'of both' where id = 1");
  expect_followed();
  EXPECT_EQ(move.sql().value("select title from small_v2.copies where id = 1"), "of both");
  const auto plan = beside.call({"plan"}).second;
  EXPECT_NE(plan.find("crossfade complete, or crossfade cancel, of migration gym first"), std::string::npos) << plan;
  expect_done(flip("cutover"));
  std::string shape;
  EXPECT_TRUE(eventually([&] {
    shape = move.sql().value("select fix from crossfade.shape_changes('small') where in_the_way");
    return !shape.empty();
  }, kLimit));
  EXPECT_EQ(shape, "migration gym has moved it: crossfade rollback writes of that one, or crossfade cancel of this one, and begin it anew");
  EXPECT_NE(beside.call({"verify"}).first, 0);
  move.sql().exec("update exercises set title = 'written in v2' where id = 2");
  expect_done(flip("rollback"));
  expect_followed();
  EXPECT_EQ(move.sql().value("select title from small_v2.copies where id = 2"), "written in v2");
}

}  // namespace
}  // namespace crossfade::test
