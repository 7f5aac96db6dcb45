#include <fmt/format.h>

#include <chrono>
#include <set>

#include "support/move.h"
#include "support/writers.h"

namespace crossfade::test {
namespace {

/// Things that happen to a stream, each told to a daemon that follows.
class StreamTest : public testing::Test {
 protected:
  void follow(Move& move) {
    move.start_daemon();
    ASSERT_TRUE(move.logged("following migration=")) << "keys that were off for the backfill are back";
    move.expect_equal();
  }
};

TEST_F(StreamTest, AnImpatientServerAndARefresherThatWaitsForALock) {
  ThrowawayServer::Options options;
  options.settings = {{"wal_sender_timeout", "1s"}};
  ThrowawayServer server(std::move(options));
  Move move(test_migration("gym"), server);
  follow(move);
  const std::string walsender = "select pid from pg_stat_replication";
  const auto pid = move.sql().value(walsender);
  Sql locker(move.conninfo());
  locker.exec("begin; lock table gym_v2.plans in access exclusive mode");
  move.sql().exec("update plans set owner = 'late' where id < 50");
  // The server has heard from the stream when its patience was long over.
  EXPECT_TRUE(eventually([&] { return locker.value("select clock_timestamp() - xact_start > '3s' and reply_time > xact_start + interval '2500ms' "
                                                   "from pg_stat_activity, pg_stat_replication where pg_stat_activity.pid = pg_backend_pid()") == "t"; }));
  EXPECT_EQ(move.sql().value(walsender), pid) << "the stream was broken off";
  locker.exec("commit");
  move.expect_equal();
}

TEST_F(StreamTest, WhatTheDaemonWritesItselfDoesNotKeepItBusy) {
  Move move(test_migration("gym"));
  follow(move);
  // A beat and its lease each second, what they reached a few times; each commit used to call for the next one.
  const std::string committed = "select c.xmin from crossfade.checkpoint c";
  std::set<std::string> seen;
  const auto began = std::chrono::steady_clock::now();
  eventually([&] {
    seen.insert(move.sql().value(committed));
    return std::chrono::steady_clock::now() - began > std::chrono::seconds(3);
  });
  EXPECT_GE(seen.size(), 3U) << "it beats";
  EXPECT_LE(seen.size(), 40U);
}

TEST_F(StreamTest, ATableIsTruncated) {
  Move move(test_migration("gym"));
  follow(move);
  move.sql().exec("begin; update exercises set title = 'soon gone'; truncate exercises; insert into exercises values (7, 7, 'after', 1); commit");
  move.expect_equal();
  move.sql().exec("truncate plans cascade");
  move.expect_equal();
  EXPECT_EQ(move.sql().value("select (select count(*) from gym_v2.plans) + (select count(*) from gym_v2.weeks)"), "0");
  move.sql().exec("insert into plans values (1, 'again', 2); insert into exercises values (1, 1, 'again', 1)");
  move.expect_equal();
}

TEST_F(StreamTest, SavepointsThatAreRolledBack) {
  Move move(test_migration("gym"));
  follow(move);
  move.sql().exec("begin; update plans set owner = 'a' where id = 1; savepoint s; delete from plans where id = 2; savepoint t;"
                  "insert into plans values (900, 'never', 1); rollback to t; update plans set owner = 'b' where id = 3; release s;"
                  "savepoint u; truncate exercises; rollback to u; update plans set duration = 5 where id = 4; commit");
  move.expect_equal();
  EXPECT_EQ(move.sql().value("select count(*) from gym_v2.plans"), "99");
}

TEST_F(StreamTest, KeysThatSwap) {
  Move move(test_migration("gym"));
  follow(move);
  move.sql().exec("begin; update exercises set id = -1 where id = 1; update exercises set id = 1 where id = 2; update exercises set id = 2 where id = -1; commit");
  move.sql().exec("begin; delete from exercises where id in (3, 4); insert into exercises values (3, 50, 'was 4', 1), (4, 51, 'was 3', 1); commit");
  move.expect_equal();
}

TEST_F(StreamTest, ValuesOfASecondUniqueKeyThatSwap) {
  Move move(test_migration("seats"));
  follow(move);
  move.sql().exec("begin; update seats set place = 5 where hall_id = 1 and place = 4 and id = 80; update seats set place = 4 where id = 100; commit");
  move.expect_equal();
  // All places of a hall move on by one.
  move.sql().exec("update seats set place = (place + 1) % 20 where hall_id = 2");
  move.expect_equal();
  EXPECT_EQ(move.sql().value("select count(*) from seats_v2.bookings"), "1000") << "children of rows that were replaced";
}

TEST_F(StreamTest, ValuesOfASecondUniqueKeyThatSwapInRowsThatWouldTakeOthersAlong) {
  Move move(test_migration("seats"));
  follow(move);
  move.sql().exec("alter table seats_v2.bookings drop constraint bookings_seat_id_fkey, add foreign key (seat_id) references seats_v2.seats on delete cascade");
  move.sql().exec("begin; update seats set place = 5 where hall_id = 1 and place = 4 and id = 80; update seats set place = 4 where id = 100; commit");
  move.expect_equal();
  move.sql().exec("update seats set place = (place + 1) % 20 where hall_id = 2");
  move.expect_equal();
  EXPECT_EQ(move.sql().value("select count(*) from seats_v2.bookings"), "1000");
}

TEST_F(StreamTest, AValueOfASecondUniqueKeyThatMovesOnDuringTheBackfill) {
  Move move(test_migration("seats"));
  move.sql().exec("insert into halls select n, 'hall ' || n from generate_series(21, 2000) n; insert into seats select n, 1 + n % 2000, n / 2000 + 1000 from generate_series(400, 60000) n");
  Writers writers(move.conninfo(), 2, [](Random& random) {
    return fmt::format("update seats set place = (select max(place) + min(place) from seats where hall_id = {0}) - place where hall_id = {0}",
                       draw(random, 1, 2000));
  });
  writers.expect_progress(10);
  move.start_daemon();
  ASSERT_TRUE(move.logged("name=seats_hall_id_place_key"));
  writers.stop();
  move.expect_equal();
}

TEST_F(StreamTest, ParentAndChildDeletedInOneTransactionBehindALookup) {
  Move move(test_migration("seats"));
  follow(move);
  move.sql().exec("delete from halls where id = 3");
  move.sql().exec("begin; update halls set name = 'renamed' where id = 4; delete from seats where hall_id = 4 and place < 10; update seats set hall_id = 5, place = place + 100 where hall_id = 4; delete from halls where id = 4; commit");
  move.sql().exec("begin; update halls set name = 'renamed' where id = 6; update bookings set seat_id = 0 where seat_id in (select id from seats where hall_id = 6); commit");
  move.expect_equal();
}

TEST_F(StreamTest, ALookupUnderWriters) {
  Move move(test_migration("seats"));
  follow(move);
  Writers writers(move.conninfo(), 2, [](Random& random) {
    const int hall = draw(random, 1, 20);
    const int seat = draw(random, 0, 399);
    switch (draw(random, 0, 6)) {
      case 0: return fmt::format("update halls set name = 'hall {}' where id = {}", seat, hall);
      case 1: return fmt::format("update seats set hall_id = {}, place = (select max(place) + 1 from seats) where id = {}", hall, seat);
      case 2: return fmt::format("delete from halls where id = {0}; insert into halls values ({0}, 'new')", hall);
      case 3: return fmt::format("insert into seats select {}, {}, max(place) + 1 from seats on conflict (id) do nothing", seat, hall);
      case 4: return fmt::format("insert into bookings select {0}, {1}, 'guest' from seats where id = {1} on conflict (id) do nothing", draw(random, 1, 2000), seat);
      case 5: return fmt::format("update bookings set seat_id = s.id from seats s where s.id = {} and bookings.id = {}", seat, draw(random, 1, 2000));
      default: return fmt::format("update seats set place = -1 - place where hall_id = {}", hall);
    }
  });
  writers.expect_progress(1000);
  writers.stop();
  move.expect_equal();
}

TEST_F(StreamTest, AColumnAddedToV1BetweenTwoChangesOfOneTransaction) {
  Move move(test_migration("gym"));
  follow(move);
  move.sql().exec("begin; update plans set owner = 'before' where id = 1; alter table plans add column note text default 'new' not null;"
                  "update plans set owner = 'after', note = 'x' where id = 2; alter table exercises drop column day; update exercises set title = 'without' where id = 3; commit");
  move.sql().exec("insert into plans (id, owner, note) values (700, 'with a note', 'n'); alter table plans drop column note; update plans set owner = 'last' where id = 4");
  move.expect_equal();
}

TEST_F(StreamTest, ManyRowsByCopy) {
  Move move(test_migration("gym"));
  follow(move);
  const auto file = move.server().directory() / "data" / "rows.copy";
  move.sql().exec(fmt::format("copy (select n, 1 + n % 100, 'copied', 1 from generate_series(10001, 110000) n) to '{}'", file.string()));
  move.sql().exec(fmt::format("copy exercises from '{}'", file.string()));
  move.expect_equal();
  EXPECT_EQ(move.sql().value("select count(*) from gym_v2.exercises"), "101000");
}

}  // namespace
}  // namespace crossfade::test
