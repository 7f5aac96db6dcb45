#include "pg/cutover/gym_writes.h"

namespace crossfade::test {
namespace {

ThrowawayServer& vacuuming_server() {
  static ThrowawayServer server({.settings = {{"autovacuum", "on"}, {"autovacuum_naptime", "1s"}}});
  return server;
}

class VacuumTest : public GymWrites {
 protected:
  VacuumTest() : GymWrites(vacuuming_server()) {}
};

/// The server ends one that somebody has waited for longer than a second: longer than writers may be made to wait.
TEST_F(VacuumTest, AnAutovacuumGivesWayBeforeAnybodyWaits) {
  move.sql().exec("alter table exercises set (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0, "
                  "autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1); update exercises set day = 1");
  ASSERT_TRUE(eventually([&] { return move.sql().value("select count(*) from pg_stat_activity where query like 'autovacuum: %public.exercises%'") != "0"; }, kLimit));
  expect_done(flip("cutover"));
  EXPECT_EQ(move.sql().value("select count(*) from crossfade.cutover_step where step = 'quiet' and milliseconds > 500"), "1") << "it was waited for";
  EXPECT_EQ(move.sql().value("select string_agg(outcome, ', ') from crossfade.cutover_step where outcome like '%lock%'"), "");
}

}  // namespace
}  // namespace crossfade::test
