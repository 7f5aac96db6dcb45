#include "support/move.h"

namespace crossfade::test {
namespace {

/// Migration courts: entries name their court by club and number, v2 by an id that crossfade gives.
class SurrogateTest : public testing::Test {
 protected:
  SurrogateTest() {
    move.start_daemon();
    move.expect_equal();
  }

  std::string value(const std::string& query) { return move.sql().value(query); }
  std::string ids() { return value("select string_agg(concat_ws(' ', id, club, court), ', ' order by id) from crossfade.courts_court_id"); }
  std::string court_of(int entry) { return value("select court_id from courts_v2.bookings where id = " + std::to_string(entry)); }
  void expect_bookings_at_their_courts() {
    move.expect_equal();
    EXPECT_EQ(value("select count(*) from courts_v2.bookings b join courts_v2.courts c on c.id = b.court_id join entries e on e.id = b.id"
                    " where (e.club, e.court) is distinct from (c.club, c.court)"), "0");
    EXPECT_EQ(value("select count(*) from courts_v2.bookings"), value("select count(*) from entries where club is not null"));
  }

  Move move{test_migration("courts")};
};

TEST_F(SurrogateTest, EachNaturalKeyHasOneId) {
  expect_bookings_at_their_courts();
  EXPECT_EQ(value("select count(*) from crossfade.courts_court_id"), value("select count(distinct (club, court)) from entries"));
}

TEST_F(SurrogateTest, ARowThatGoesAndComesBackHasTheIdItHad) {
  const auto before = court_of(7);
  move.sql().exec("create temp table gone as select * from entries where club = 'club 7'; delete from entries where club = 'club 7'");
  move.expect_equal();
  EXPECT_EQ(value("select count(*) from courts_v2.courts where club = 'club 7'"), "0");
  move.sql().exec("insert into entries values (9001, 'another club', 1, 'p'); insert into entries select * from gone");
  expect_bookings_at_their_courts();
  EXPECT_EQ(court_of(7), before);
}

TEST_F(SurrogateTest, IdsOutliveTheDaemonAndItsSlot) {
  const auto before = ids();
  move.kill_daemon();
  ASSERT_TRUE(eventually([&] { return value("select count(*) from pg_replication_slots where active") == "0"; }, kLimit));
  move.sql().exec("select pg_drop_replication_slot('" + move.slot() + "'); update entries set court = court + 1 where id = 5");
  move.start_daemon();
  expect_bookings_at_their_courts();
  EXPECT_TRUE(ids().starts_with(before)) << "reconciled: " << ids() << "\nbefore: " << before;
}

TEST_F(SurrogateTest, AnEntryThatMovesToACourtThatIsNew) {
  move.sql().exec("update entries set club = 'club of its own', court = 12 where id = 5");
  expect_bookings_at_their_courts();
  EXPECT_EQ(court_of(5), value("select max(id) from crossfade.courts_court_id"));
}

TEST_F(SurrogateTest, AReadGivesNoId) {
  move.stop_daemon();
  const std::string state = "select concat_ws(' ', (select count(*) from crossfade.courts_court_id), (select last_value from crossfade.courts_court_id_id_seq))";
  const auto before = value(state);
  move.sql().exec("insert into entries values (9001, 'unheard of', 1, 'p')");
  EXPECT_EQ(value("select count(*) from courts_map.bookings where id = 9001"), "0");
  for (const auto& words : std::vector<std::vector<std::string>>{{"plan"}, {"verify"}, {"account"}, {"status"}}) move.call(words);
  EXPECT_EQ(value(state), before);
  move.start_daemon();
  expect_bookings_at_their_courts();
  EXPECT_NE(value(state), before);
}

TEST_F(SurrogateTest, TheRulesAreTriedWithIdsThatNobodyKeeps) {
  const auto before = ids();
  const auto [exit, output] = move.call({"lint", "--samples", "2"});
  EXPECT_EQ(exit, 0) << output;
  EXPECT_EQ(ids(), before);
  move.sql().exec("insert into entries values (9001, 'after the trial', 1, 'p')");
  expect_bookings_at_their_courts();
}

TEST_F(SurrogateTest, ABacklogGetsItsIds) {
  move.stop_daemon();
  move.sql().exec("insert into entries select n, 'club ' || n % 3000, n % 7, 'p' from generate_series(10001, 16000) n");
  move.start_daemon();
  expect_bookings_at_their_courts();
}

TEST_F(SurrogateTest, AnIdThatAnotherSessionGivesMeanwhileIsTheOne) {
  Sql other(move.conninfo());
  other.exec("begin; insert into crossfade.courts_court_id (club, court, id) values ('disputed', 1, 777)");
  move.sql().exec("insert into entries values (9001, 'disputed', 1, 'p')");
  ASSERT_TRUE(eventually([&] {
    return value("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%courts_court_id%'") == "1";
  }, kLimit)) << "the refresh waits for what the other session does";
  other.exec("commit");
  expect_bookings_at_their_courts();
  EXPECT_EQ(court_of(9001), "777");
}

TEST_F(SurrogateTest, ANaturalKeyWithoutAValueIsSetAside) {
  move.sql().exec("insert into entries values (9001, null, 1, 'p'), (9002, 'club 1', 1, 'p')");
  move.expect_caught_up();
  EXPECT_EQ(value("select string_agg(target || ' ' || sqlstate, ', ' order by target) from crossfade.quarantine"), "bookings 23502, courts 23502");
  EXPECT_NE(court_of(9002), "") << "the others go on";
  move.sql().exec("update entries set club = 'club 2' where id = 9001");
  expect_bookings_at_their_courts();
}

TEST_F(SurrogateTest, CancelTakesTheIdsAway) {
  move.stop_daemon();
  const auto [exit, output] = move.call({"cancel", "--confirm", "courts"});
  EXPECT_EQ(exit, 0) << output;
  EXPECT_EQ(value("select count(*) from pg_class where relname like 'courts_court_id%'"), "0");
}

}  // namespace
}  // namespace crossfade::test
