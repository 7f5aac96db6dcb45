#include "pg/cutover/workout.h"

namespace crossfade::test {
namespace {

class StableViewsTest : public Workout {
 protected:
  /// What the first user reads through a stable view, as the application does.
  std::string reads(const std::string& query) {
    Sql application(move.conninfo());
    application.exec(std::string("set role authenticated; set request.jwt.claim.sub = '") + kUser + "'");
    return application.value(query);
  }
};

constexpr auto kPlans = "select count(*) || ' ' || count(*) filter (where user_id <> auth.uid()) from workout_app.workout_plans";

TEST_F(StableViewsTest, AUserReadsTheSameRowsBeforeAndAfterTheFlipAndNobodyElses) {
  const auto own = move.sql().value(std::string("select count(*) || ' 0' from public.workout_plans where user_id = '") + kUser + "'");
  if (move.sql().value("select current_setting('server_version_num')::int < 150000") == "t") {
    // Views there read with their owner's rights: nobody is shown what row-level security hides.
    EXPECT_THROW(reads(kPlans), std::runtime_error);
    return;
  }
  EXPECT_EQ(reads(kPlans), own);
  expect_done({"cutover", "reads"});
  EXPECT_EQ(reads(kPlans), own);
  expect_done({"rollback", "reads"});
  EXPECT_EQ(reads(kPlans), own);
}

TEST_F(StableViewsTest, TheyShowV1UntilTheLastReaderHasGoneOver) {
  move.sql().exec("create view looks_at as select distinct n.nspname from pg_rewrite r join pg_depend d on d.classid = 'pg_rewrite'::regclass"
                  " and d.objid = r.oid and d.refclassid = 'pg_class'::regclass join pg_class c on c.oid = d.refobjid"
                  " join pg_namespace n on n.oid = c.relnamespace where r.ev_class = 'workout_app.exercises'::regclass and c.oid <> r.ev_class");
  EXPECT_EQ(move.sql().value("select * from looks_at"), "workout_map");
  expect_done({"cutover", "reads", "--percent", "50"});
  EXPECT_EQ(move.sql().value("select * from looks_at"), "workout_map");
  expect_done({"cutover", "reads"});
  EXPECT_EQ(move.sql().value("select * from looks_at"), "workout_v2");
  // What it shows is not made anew while writers wait.
  const auto turn = [&](const std::string& shown) { move.sql().exec("select crossfade.turn_view('workout_app.exercises', '" + shown + "', 'select 1 / 0')"); };
  EXPECT_NO_THROW(turn("workout_v2.exercises"));
  EXPECT_THROW(turn("workout_map.exercises"), std::runtime_error);
}

TEST_F(StableViewsTest, WhoGoesFirstReadsV2Throughout) {
  const auto canary = "select count(*) || ' ' || count(*) filter (where user_id <> auth.uid()) from workout_app_canary.workout_plans";
  const auto shown = "select string_agg(distinct d.refobjid::regclass::text, ' ') from pg_rewrite r join pg_depend d on d.objid = r.oid "
                     "where r.ev_class = 'workout_app_canary.exercises'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.ev_class";
  const auto own = move.sql().value(std::string("select count(*) || ' 0' from public.workout_plans where user_id = '") + kUser + "'");
  const bool with_own_rights = move.sql().value("select current_setting('server_version_num')::int >= 150000") == "t";
  for (const std::vector<std::string>& flip : {std::vector<std::string>{"cutover", "reads", "--percent", "10"}, {"cutover", "reads"}, {"rollback", "reads"}}) {
    EXPECT_EQ(move.sql().value(shown), "workout_v2.exercises");
    if (with_own_rights) EXPECT_EQ(reads(canary), own);
    else EXPECT_THROW(reads(canary), std::runtime_error);
    expect_done(flip);
  }
  EXPECT_EQ(move.sql().value(shown), "workout_v2.exercises");
}

TEST_F(StableViewsTest, WhoMayNotReadTheShadowTableMayNotReadTheView) {
  move.sql().exec("create role stranger_to_workouts");
  Sql stranger(move.conninfo());
  stranger.exec("set role stranger_to_workouts");
  EXPECT_THROW(stranger.value("select count(*) from workout_app.exercises"), std::runtime_error);
  EXPECT_THROW(stranger.value("select count(*) from workout_app_canary.exercises"), std::runtime_error);
  move.sql().exec("drop role stranger_to_workouts");
}

TEST_F(StableViewsTest, CancelTakesThemAway) {
  move.stop_daemon();
  expect_done({"cancel", "--confirm", "vagus_workout"});
  EXPECT_EQ(move.sql().value("select to_regnamespace('workout_app')"), "");
  EXPECT_EQ(move.sql().value("select to_regnamespace('workout_app_canary')"), "");
}

}  // namespace
}  // namespace crossfade::test
