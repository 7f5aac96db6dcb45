#include <fmt/ranges.h>

#include <cstdlib>

#include "support/clients.h"
#include "support/flip.h"
#include "support/move.h"

namespace crossfade::test {
namespace {

/// CROSSFADE_FLIPS=100 is the long form.
int flips() {
  const char* given = std::getenv("CROSSFADE_FLIPS");
  return given == nullptr ? 6 : std::atoi(given);
}

void expect_done(Move& move, const std::vector<std::string>& words) {
  const auto [exit, text] = move.call(words);
  ASSERT_EQ(exit, 0) << fmt::format("{}: {}", fmt::join(words, " "), text);
}

void flip(Move& move, bool to_v2) {
  if (to_v2) {
    expect_done(move, {"verify"});
    expect_done(move, {"account"});
  }
  expect_done(move, {to_v2 ? "cutover" : "rollback", "writes", "--confirm", "gym", "--evidence", move.server().directory() / "evidence"});
}

/// kill -9, and another daemon leads.
void restart_daemon(Move& move) {
  const auto epoch = [&] { return std::stoi(move.sql().value("select epoch from crossfade.lease")); };
  move.kill_daemon();
  const auto before = epoch();
  move.start_daemon();
  ASSERT_TRUE(eventually([&] { return epoch() > before || !move.daemon().running(); }, kLimit));
  ASSERT_TRUE(move.daemon().running()) << "the daemon has ended by itself";
}

TEST(FlipTest, NoAcknowledgedWriteIsLostOrDoubledByFlipsThereAndBack) {
  Move move(test_migration("gym"));
  move.start_daemon();
  move.expect_equal();
  Clients clients(move.conninfo(), 8, 500);
  const int number = flips();
  for (int n = 1; n <= number && !testing::Test::HasFatalFailure(); ++n) {
    SCOPED_TRACE(n);
    clients.expect_progress(250);
    flip(move, n % 2 == 1);
    if (n % 3 == 0) restart_daemon(move);
    if (n % 2 == 0) move.expect_caught_up();
  }
  clients.expect_progress(250);
  clients.stop();
  const bool on_v2 = move.sql().value("select direction from crossfade.migration") == "reverse";
  if (on_v2) {
    expect_v1_follows(move);
  } else {
    move.expect_equal();
  }
  const auto times = clients.milliseconds();
  const auto at = [&](double share) { return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))]; };
  std::printf("%zu writes through %d flips: waited p50 %.1f ms, p99 %.1f ms, max %.1f ms\n", times.size(), number, at(0.5), at(0.99), times.back());
  std::printf("holds: %s ms\n", move.sql().value("select string_agg(round(hold)::text, ' ') from (select sum(milliseconds) as hold from crossfade.cutover_step "
                                                 "where step not in ('way back', 'quiet', 'tidy') group by flip, attempt order by min(id)) holds").c_str());
  for (const auto* table : {on_v2 ? "exercises_v1" : "exercises", on_v2 ? "exercises" : "gym_v2.exercises"}) {
    const auto numbers = fmt::format("{}", fmt::join(clients.written(), ","));
    EXPECT_EQ(move.sql().value(fmt::format("select count(*) from unnest('{{{}}}'::int[]) n where not exists (select from {} e where e.id = n)", numbers, table)), "0")
        << "lost in " << table;
    EXPECT_EQ(move.sql().value(fmt::format("select count(*) - count(distinct id) from {}", table)), "0") << "doubled in " << table;
  }
  EXPECT_LT(at(0.99), 1000) << "far beyond what a flip may cost";
}

TEST(FlipTest, TenCyclesThereAndBackUnderLoadLoseNothingAndBringNothingBack) {
  Move move(test_migration("gym"));
  move.start_daemon();
  move.expect_equal();
  Clients::Habits habits;
  habits.delete_too = true;
  Clients clients(move.conninfo(), 4, 200, habits);
  for (int cycle = 1; cycle <= 10 && !testing::Test::HasFatalFailure(); ++cycle) {
    SCOPED_TRACE(cycle);
    for (const bool to_v2 : {true, false}) {
      clients.expect_progress(20);
      flip(move, to_v2);
    }
    move.expect_caught_up();
  }
  clients.expect_progress(20);
  clients.stop();
  move.expect_equal();
  const auto gone = fmt::format("{}", fmt::join(clients.deleted(), ","));
  const auto all = fmt::format("{}", fmt::join(clients.written(), ","));
  ASSERT_GT(clients.deleted().size(), 20U);
  for (const auto* table : {"exercises", "gym_v2.exercises"}) {
    EXPECT_EQ(move.sql().value(fmt::format("select count(*) from unnest('{{{}}}'::int[]) n where n <> all ('{{{}}}') and not exists (select from {} e where e.id = n)", all, gone, table)), "0")
        << "lost in " << table;
    EXPECT_EQ(move.sql().value(fmt::format("select count(*) from {} where id = any ('{{{}}}')", table, gone)), "0") << "came back in " << table;
  }
}

}  // namespace
}  // namespace crossfade::test
