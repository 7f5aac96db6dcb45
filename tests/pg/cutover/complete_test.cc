#include "base/exit_code.h"
#include "pg/cutover/gym_writes.h"

namespace crossfade::test {
namespace {

class CompleteTest : public GymWrites {
 protected:
  void cut_over() {
    expect_done(flip("cutover"));
    expect_v1_follows(move);
  }
  std::string left_of_crossfade() {
    return move.sql().value("select concat_ws(' ', (select count(*) from pg_replication_slots where database = current_database()), "
                            "(select count(*) from pg_publication), (select count(*) from pg_trigger where tgname = 'crossfade_fence'), "
                            "(select count(*) from pg_namespace where nspname like 'gym%'))");
  }
};

TEST_F(CompleteTest, EndsTheWayBackAndKeepsTheOldTables) {
  cut_over();
  EXPECT_EQ(move.call({"complete", "--confirm", "gym"}).first, static_cast<int>(ExitCode::kNotLeader)) << "a daemon is at work";
  move.stop_daemon();
  expect_done({"complete", "--confirm", "gym"});
  EXPECT_EQ(left_of_crossfade(), "0 0 0 0");
  EXPECT_EQ(move.sql().value("select count(*) from plans_v1"), "100");
  EXPECT_EQ(move.sql().value("select crossfade.route('gym', 1)"), "v2") << "applications go on asking";
  expect_done({"complete", "--confirm", "gym"});
  expect_done({"doctor"});
}

TEST_F(CompleteTest, DropsTheOldTablesWhereThatIsSaid) {
  cut_over();
  move.stop_daemon();
  expect_done({"complete", "--drop-v1", "--confirm", "gym"});
  EXPECT_EQ(left_of_crossfade(), "0 0 0 0");
  EXPECT_EQ(move.sql().value("select to_regclass('plans_v1') is null and to_regclass('exercises_v1') is null"), "t");
  EXPECT_EQ(move.sql().value("select detail ->> 'dropped' from crossfade.audit where action = 'complete'"), R"(["public.exercises_v1", "public.plans_v1"])");
}

TEST_F(CompleteTest, ATableThatSomethingDependsOnKeepsEverythingAsItIs) {
  cut_over();
  move.stop_daemon();
  move.sql().exec("create view reports as select * from plans_v1");
  const auto [exit, text] = move.call({"complete", "--drop-v1", "--confirm", "gym"});
  EXPECT_NE(exit, 0);
  EXPECT_NE(text.find("reports"), std::string::npos) << text;
  EXPECT_EQ(move.sql().value("select phase from crossfade.migration"), "following");
  EXPECT_EQ(left_of_crossfade(), "1 2 2 3");
}

TEST_F(CompleteTest, IsRefusedWhileV1OwnsTheData) {
  EXPECT_EQ(move.call({"complete", "--confirm", "gym"}).first, static_cast<int>(ExitCode::kNotReady));
  EXPECT_EQ(move.call({"complete", "--no-input"}).first, static_cast<int>(ExitCode::kUsage)) << "wants to be confirmed";
}

TEST_F(CompleteTest, CancelIsRefusedOnceV2OwnsTheData) {
  cut_over();
  move.stop_daemon();
  EXPECT_EQ(move.call({"cancel", "--confirm", "gym"}).first, static_cast<int>(ExitCode::kPrecondition));
  EXPECT_EQ(direction(), "reverse");
}

}  // namespace
}  // namespace crossfade::test
