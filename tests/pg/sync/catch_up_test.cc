#include <fmt/format.h>

#include "support/move.h"
#include "support/writers.h"

namespace crossfade::test {
namespace {

/// Migration gym with a daemon that is away while much happens.
class CatchUpTest : public testing::Test {
 protected:
  CatchUpTest() {
    sql.exec("insert into exercises select n, 1 + n % 100, 'exercise ' || n, 1 from generate_series(1001, 40000) n");
    move.start_daemon();
    move.expect_equal();
    move.stop_daemon();
    // Forty transactions of a thousand rows.
    sql.exec("do $$ begin for part in 0 .. 39 loop update exercises set title = 'changed ' || id where id % 40 = part; commit; end loop; end $$");
  }

  std::string lanes_at_work(const std::string& where = "true") {
    return sql.value("select count(*) from pg_stat_activity where application_name like 'crossfade gym catch-up %' and " + where);
  }

  Move move{test_migration("gym")};
  Sql& sql = move.sql();
};

TEST_F(CatchUpTest, ABacklogIsSharedByLanesUntilItIsGone) {
  Sql locker(move.conninfo());
  locker.exec("begin; select from gym_v2.exercises where title not like 'changed%' for update");
  move.start_daemon();
  EXPECT_TRUE(eventually([&] { return lanes_at_work("wait_event_type = 'Lock'") == "2"; }, kLimit));
  locker.exec("commit");
  move.expect_equal();
  EXPECT_EQ(lanes_at_work(), "0");
}

TEST_F(CatchUpTest, ParentsChildrenAndRowsThatMoveOrGo) {
  sql.exec(R"(do $$ begin
    for part in 0 .. 19 loop
      insert into plans values (200 + part, 'new', 3);
      insert into exercises select 100000 + 1000 * part + n, 200 + part, 'new', 1 from generate_series(1, 500) n;
      commit;
      update exercises set plan_id = 200 + part where id % 400 = part;
      delete from exercises where id % 400 = 30 + part;
      delete from plans where id = 2 * part + 1;
      commit;
      update plans set duration = 1 + part % 5, owner = 'renamed' where id % 20 = part;
      update exercises set id = -id where id between 39000 + part and 39000 + part;
      commit;
    end loop; end $$)");
  move.start_daemon();
  move.expect_equal();
}

TEST_F(CatchUpTest, ItIsStoppedUnderWritersAgainAndAgain) {
  Writers writers(move.conninfo(), 2, [](Random& random) {
    return fmt::format("update exercises set title = 'written {}' where id = {}", draw(random, 1, 1000), draw(random, 1, 40000));
  });
  for (int round = 0; round < 4; ++round) {
    move.start_daemon();
    move.expect_caught_up();
    move.stop_daemon();
  }
  writers.stop();
  move.start_daemon();
  move.expect_equal();
}

TEST_F(CatchUpTest, ABadRowStandsAlone) {
  sql.exec("update exercises set title = repeat('long ', 20) where id = 5");
  move.start_daemon();
  move.expect_caught_up();
  EXPECT_EQ(sql.value("select concat_ws(' ', target, locator, key, sqlstate) from crossfade.quarantine"), "exercises id {5} 22001");
  EXPECT_EQ(sql.value("select count(*) from gym_v2.exercises where title like 'changed%'"), "39999");
  sql.exec("update exercises set title = 'short' where id = 5");
  move.expect_equal();
}

}  // namespace
}  // namespace crossfade::test
