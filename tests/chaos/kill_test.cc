#include <fmt/format.h>

#include "support/move.h"
#include "support/writers.h"

namespace crossfade::test {
namespace {

constexpr int kIds = 20'000;

/// Enough rows that a backfill lasts longer than a kill takes.
void add_rows(Sql& sql) {
  sql.exec("insert into plans select n, 'owner ' || n % 7, n % 4 from generate_series(101, 60000) n;"
           "insert into exercises select n, 1 + n % 60000, 'exercise ' || n, n % 7 from generate_series(1001, 300000) n;"
           "analyze");
}

/// Kills the daemon ten times, five of them before it has filled its targets.
void kill_again_and_again(Move& move, Random& random) {
  for (int kill = 1; kill <= 10; ++kill) {
    const auto log_before = move.daemon_log().size();
    move.start_daemon();
    const std::string goal = kill <= 5 ? "leading" : "following";
    const auto reached = [&] { return move.daemon_log().find(goal, log_before) != std::string::npos; };
    // A daemon that had reached the goal before its last death does not say so again.
    eventually(reached, std::chrono::seconds(kill <= 6 ? 60 : 1));
    std::this_thread::sleep_for(std::chrono::milliseconds(draw(random, 0, 700)));
    ASSERT_TRUE(move.daemon().running()) << "kill " << kill;
    move.kill_daemon();
  }
}

TEST(KillTest, ADaemonKilledTenTimesUnderAWriterEndsEqual) {
  Move move(test_migration("gym"));
  add_rows(move.sql());
  Random random(seed());
  Writers writers(move.conninfo(), 2, [](Random& own) { return change_gym(own, kIds); });
  kill_again_and_again(move, random);
  move.start_daemon();
  writers.expect_progress(200);
  writers.stop();
  move.expect_equal();
  // Every chunk of a target was written once: nothing overlaps, and nothing is missing in between.
  EXPECT_EQ(move.sql().value("select count(*) from (select low::bigint > lag(high::bigint) over w or low::bigint < lag(high::bigint) over w as torn "
                             "from crossfade.chunk window w as (partition by target order by low::bigint nulls first)) c where torn"),
            "0");
  EXPECT_EQ(move.sql().value("select count(*) from crossfade.deferred where not built"), "0");
  move.stop_daemon();
}

}  // namespace
}  // namespace crossfade::test
