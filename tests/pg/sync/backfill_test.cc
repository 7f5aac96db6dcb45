#include "support/move.h"

namespace crossfade::test {
namespace {

/// Chunks end while others are being cut off; none of them may swallow the rest.
TEST(BackfillTest, AChunkIsNeverMoreThanTwiceAsLargeAsWhatWasLearnedBeforeIt) {
  Move move(test_migration("ledger"));
  move.sql().exec("insert into entries select n, n % 100, n from generate_series(1, 100000) n; analyze entries");
  move.start_daemon();
  move.expect_equal();
  EXPECT_EQ(move.sql().value("select sum(rows) from crossfade.chunk where target = 'entries'"), "100000");
  EXPECT_EQ(move.sql().value("select count(*) from (select rows, row_number() over (order by low::int nulls first) as place from crossfade.chunk "
                             "where target = 'entries') chunk where rows > 500 * 2 ^ (place - 1)"),
            "0");
}

/// A daemon may end between building a foreign key, which is quick, and validating it.
TEST(BackfillTest, AForeignKeyThatAnEarlierLifeLeftUnvalidatedIsValidated) {
  Move move(test_migration("gym"));
  move.start_daemon();
  move.expect_equal();
  move.stop_daemon();
  move.sql().exec("alter table gym_v2.exercises drop constraint exercises_plan_id_fkey;"
                  "alter table gym_v2.exercises add constraint exercises_plan_id_fkey foreign key (plan_id) references gym_v2.plans not valid");
  move.start_daemon();
  EXPECT_TRUE(eventually([&] { return move.sql().value("select convalidated from pg_constraint where conname = 'exercises_plan_id_fkey'") == "t"; }, kLimit));
  move.expect_equal();
  move.stop_daemon();
}

/// After a gap the keys of a child may be tried before the comparison has brought its parent.
TEST(BackfillTest, WhatIsSetAsideIsTriedAsSoonAsAllTargetsAreFilledAnew) {
  Move move(test_migration("gym"));
  move.start_daemon();
  move.expect_equal();
  move.stop_daemon();
  move.sql().exec("insert into crossfade.quarantine (migration, target, locator, key, sqlstate, message, next_at) "
                  "values ('gym', 'exercises', 'id', '{7}', '23503', 'ran ahead of its parent', now() + interval '1 hour');"
                  "select pg_drop_replication_slot('" + move.slot() + "')");
  move.start_daemon();
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.quarantine") == "0"; }, kLimit));
  move.expect_equal();
  move.stop_daemon();
}

}  // namespace
}  // namespace crossfade::test
