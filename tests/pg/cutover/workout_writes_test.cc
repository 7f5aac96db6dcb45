#include "base/error/exit_code.h"
#include "pg/cutover/workout.h"
#include "support/flip.h"

namespace crossfade::test {
namespace {

/// A real migration: shared tables, stable views, row-level security, tables of v2 that v1 has no counterpart of.
class WorkoutWritesTest : public Workout {
 protected:
  void flip(const char* group) {
    expect_done({group, "writes", "--confirm", "vagus_workout", "--evidence", (move.server().directory() / "evidence").string()});
  }
  /// Which tables the stable view of exercises reads.
  std::string shown() {
    return move.sql().value("select string_agg(distinct d.refobjid::regclass::text, ' ') from pg_rewrite r join pg_depend d on d.objid = r.oid "
                            "where r.ev_class = 'workout_app.exercises'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.ev_class");
  }
};

TEST_F(WorkoutWritesTest, GoesThereAndBackWithItsStableViews) {
  const auto before = shown();
  flip("cutover");
  EXPECT_EQ(shown(), "exercises");
  // v1 has no word for a tempo.
  move.sql().exec("update exercises set name = name || ' (v2)', tempo = '3010' where id = (select min(id::text)::uuid from exercises)");
  expect_v1_follows(move);
  EXPECT_EQ(move.sql().value("select count(*) from workout_app.exercises where name like '% (v2)'"), "1");
  EXPECT_EQ(move.sql().value("select count(*) from workout_app_canary.exercises where name like '% (v2)'"), "1");
  flip("rollback");
  EXPECT_EQ(shown(), before);
  EXPECT_EQ(move.sql().value("select count(*) from workout_app.exercises where name like '% (v2)'"), "1");
  EXPECT_EQ(move.sql().value("select count(*) from workout_app_canary.exercises where name like '% (v2)'"), "1");
  EXPECT_EQ(move.sql().value("select count(*) from workout_v2.exercises where tempo = '3010'"), "1") << "nobody has said that it may go";
  EXPECT_EQ(move.call({"verify"}).first, static_cast<int>(ExitCode::kMismatch));
  expect_done({"verify", "--repair"});
  expect_done({"verify"});
  move.expect_equal();
}

/// Dropped by somebody, or with a column of v2 that went with all that read it.
TEST_F(WorkoutWritesTest, AStableViewThatIsGoneIsSaidAndMadeAgainByTheFlip) {
  const auto columns = [&] {
    return move.sql().value("select string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attnum) from pg_attribute where attrelid = to_regclass('workout_app.exercises') and attnum > 0");
  };
  const auto before = columns();
  const auto of_v1 = shown();
  move.sql().exec("drop view workout_app.exercises");
  for (const auto* group : {"cutover", "rollback"}) {
    const auto [exit, text] = move.call({group, "writes", "--dry-run"});
    EXPECT_EQ(exit, 0) << text;
    EXPECT_NE(text.find("view workout_app.exercises, is gone, and whoever reads it is told so"), std::string::npos) << text;
    EXPECT_EQ(text.find("is parked"), std::string::npos) << "every table of v2 fits its view: " << text;
    flip(group);
    if (std::string(group) == "cutover") expect_v1_follows(move);
    EXPECT_EQ(columns(), before);
    EXPECT_EQ(shown(), std::string(group) == "cutover" ? "exercises" : of_v1);
    EXPECT_EQ(move.sql().value("select has_table_privilege('authenticated', 'workout_app.exercises', 'select')"), "t");
    move.sql().exec("drop view workout_app.exercises");
  }
}

}  // namespace
}  // namespace crossfade::test
