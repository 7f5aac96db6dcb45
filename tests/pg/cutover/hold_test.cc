#include <csignal>
#include <fstream>
#include <tuple>

#include "pg/cutover/gym_writes.h"

namespace crossfade::test {
namespace {

/// The hold keeps its limit, whatever takes longer.
class HoldTest : public GymWrites {
 protected:
  /// From now on a refresh of an exercise that is on its way takes longer than a second.
  void slow_down() {
    move.sql().exec("create function slow(text) returns text immutable language plpgsql as $$ begin perform pg_sleep(1.2) where $1 = 'on its way'; return $1; end $$;"
                    "create or replace view gym_map.exercises as select e.id, e.plan_id, p.owner, public.slow(e.title) as title "
                    "from public.exercises e join public.plans p on p.id = e.plan_id");
  }
  std::string outcomes() { return move.sql().value("select string_agg(concat_ws(' ', attempt, step, outcome), '; ' order by id) from crossfade.cutover_step"); }
};

TEST_F(HoldTest, ADrainThatOutlastsTheLimitLetsGoUnchangedAndIsTriedAgain) {
  const auto gate = move.server().directory() / "hold_gate";
  std::ofstream(gate).put('1');
  auto command = move.start(flip("cutover", {"--hold-limit", "400ms"}), {{"CROSSFADE_FAILPOINT", "hold:" + gate.string()}});
  ASSERT_TRUE(eventually([&] { return command->output().find("failpoint") != std::string::npos; }, kLimit)) << command->output();
  move.daemon().signal(SIGSTOP);
  move.sql().exec("update exercises set title = 'on its way' where id = 3");
  std::filesystem::remove(gate);
  ASSERT_TRUE(eventually([&] { return command->output().find("attempt gave way") != std::string::npos; }, kLimit)) << command->output();
  move.daemon().signal(SIGCONT);
  ASSERT_EQ(command->exit_within(kLimit), 0) << command->output();
  EXPECT_NE(outcomes().find("1 drain the other side was not there within the limit of the hold; 2 "), std::string::npos) << outcomes();
  EXPECT_EQ(move.sql().value("select title from exercises where id = 3"), "on its way");
}

TEST_F(HoldTest, ADrainThatIsNeverThereInTimeGivesUpAfterAllAttemptsAndLeavesNothing) {
  const auto [exit, text] = move.call(flip("cutover", {"--hold-limit", "1ms"}));
  EXPECT_EQ(exit, 10) << text;
  EXPECT_NE(text.find("the writes were not flipped, nothing has changed: the other side was not there within the limit of the hold (attempt 20, step "), std::string::npos) << text;
  EXPECT_NE(text.find("allow a longer hold than 1 ms: --hold-limit"), std::string::npos) << text;
  EXPECT_EQ(direction(), "forward");
  EXPECT_EQ(move.sql().rows("select slot_name from pg_replication_slots where database = current_database()"), std::vector<std::string>{move.slot()});
  EXPECT_EQ(move.sql().value("select string_agg(pubname, ' ') from pg_publication"), "crossfade_gym");
  EXPECT_EQ(move.sql().value("select concat_ws(' ', detail ->> 'attempts', detail ->> 'because') from crossfade.audit where action = 'cutover writes gave up'"),
            "20 the other side was not there within the limit of the hold");
  EXPECT_EQ(move.sql().value("select count(distinct attempt) from crossfade.cutover_step where outcome = 'the other side was not there within the limit of the hold'"), "20");
  EXPECT_EQ(move.call({"doctor"}).first, 0);
  move.sql().exec("update exercises set title = 'goes on' where id = 3");
  move.expect_equal();
  expect_done(flip("cutover"));
}

TEST_F(HoldTest, WhatIsHeldIsWhatGoesOnFromTheLockToTheCommit) {
  const auto steps = [&](const std::string& which) {
    return move.sql().value("select string_agg(step, ', ' order by id) from crossfade.cutover_step where flip = (select detail ->> 'flip' from crossfade.audit "
                            "where detail ? 'flip' order by id desc limit 1) and " + which);
  };
  for (const auto* group : {"cutover", "rollback"}) {
    expect_done(flip(group, {"--lock-timeout", "5s"}));
    const auto held = steps("held");
    EXPECT_TRUE(held.starts_with("hold, barrier, ") && held.ends_with(", state, commit")) << held;
    EXPECT_EQ(steps("not held"), "way back, quiet, tidy");
  }
  // What of the reads readers wait for: there are no stable views here.
  expect_done({"verify"});
  expect_done({"account"});
  expect_done({"cutover", "reads"});
  EXPECT_EQ(steps("held"), "");
}

TEST_F(HoldTest, AnEstimateBeyondTheLimitIsInTheWayOfADryRun) {
  const auto [fits, fine] = move.call({"cutover", "writes", "--dry-run", "--hold-limit", "9s"});
  EXPECT_EQ(fits, 0) << fine;
  EXPECT_NE(fine.find("✓ hold: estimated at "), std::string::npos) << fine;
  slow_down();
  std::string text;
  const auto in_the_way = [&] {
    move.sql().exec("update exercises set title = 'on its way' where id = 3");
    int exit = 0;
    std::tie(exit, text) = move.call({"cutover", "writes", "--dry-run", "--hold-limit", "100ms"});
    return exit == 5 && text.find("ms, and is let go after 100 ms\n  mend: --hold-limit ") != std::string::npos;
  };
  // The daemon begins anew, because the view is another.
  EXPECT_TRUE(eventually(in_the_way, kLimit)) << text;
}

/// Everybody would wait while all of it is read.
TEST_F(HoldTest, AColumnWithoutAnIndexWhoseHighestValueIsLookedForInMuchIsInTheWay) {
  move.sql().exec("alter table gym_v2.exercises add number int generated by default as identity; insert into exercises select n, 1, repeat('x', 40), 1 from generate_series(10001, 20000) n");
  move.expect_caught_up();
  prove();
  const auto [exit, text] = move.call({"cutover", "writes", "--dry-run", "--hold-limit", "3ms"});
  EXPECT_EQ(exit, 5) << text;
  EXPECT_NE(text.find("✗ sequence: the highest value of gym_v2.exercises.number is looked for in "), std::string::npos) << text;
  EXPECT_NE(text.find("create index concurrently on gym_v2.exercises (number)"), std::string::npos) << text;
  move.sql().exec("create index concurrently on gym_v2.exercises (number)");
  const auto indexed = move.call({"cutover", "writes", "--dry-run", "--hold-limit", "3ms"}).second;
  EXPECT_EQ(indexed.find("✗ sequence"), std::string::npos) << indexed;
}

TEST_F(HoldTest, ARehearsalHoldsDrainsAndLetsGoAndNothingHasChanged) {
  const auto made = [&] { return move.sql().value("select concat_ws(' ', (select count(*) from pg_replication_slots where database = current_database()), (select count(*) from pg_publication))"); };
  const auto before = made();
  const auto [exit, text] = move.call({"cutover", "writes", "--rehearse"});
  EXPECT_EQ(exit, 0) << text;
  EXPECT_NE(text.find("Rehearsed: writers waited "), std::string::npos) << text;
  EXPECT_EQ(direction(), "forward");
  EXPECT_EQ(made(), before) << "no way back was made";
  EXPECT_EQ(outcomes(), "") << "the next flip is estimated by flips";
  EXPECT_EQ(move.sql().value("select detail ->> 'because' like 'writers waited % ms, and nothing was changed' from crossfade.audit where action = 'cutover writes rehearsed'"), "t");
  move.sql().exec("update exercises set title = 'goes on' where id = 3");
  move.expect_equal();
  move.daemon().signal(SIGSTOP);
  const auto [late, refused] = move.call({"cutover", "writes", "--rehearse", "--hold-limit", "100ms"});
  move.daemon().signal(SIGCONT);
  EXPECT_NE(late, 0) << refused;
  EXPECT_EQ(made(), before);
  expect_done(flip("cutover"));
  expect_done({"rollback", "writes", "--rehearse"});
  EXPECT_EQ(direction(), "reverse");
}

/// The session that looks goes on being used: what broke it off within a transaction must not outlast the attempt.
TEST_F(HoldTest, ALookThatIsBrokenOffLeavesNoTransactionBehind) {
  Sql holder(move.conninfo());
  const auto looking = [&] {
    return move.sql().value("select pid from pg_stat_activity where datname = current_database() and application_name = 'crossfade gym cutover writes look' and wait_event_type = 'Lock' "
                            "and xact_start < query_start");
  };
  holder.exec("begin; lock table gym_v2.weeks in access exclusive mode");
  auto command = move.start(flip("cutover"));
  std::string pid;
  ASSERT_TRUE(eventually([&] { return !(pid = looking()).empty(); }, kLimit)) << command->output();
  move.sql().exec("select pg_cancel_backend(" + pid + ")");
  ASSERT_TRUE(eventually([&] { return command->output().find("attempt gave way") != std::string::npos || !command->running(); }, kLimit)) << command->output();
  holder.exec("rollback");
  EXPECT_EQ(command->exit_within(kLimit), 0) << command->output();
  EXPECT_EQ(direction(), "reverse");
}

TEST_F(HoldTest, AFlipThatGivesUpLeavesNoSlotAndIsWrittenDown) {
  Sql reader(move.conninfo());
  reader.exec("begin; select count(*) from exercises");
  const auto [exit, text] = move.call(flip("cutover", {"--lock-timeout", "10ms"}));
  EXPECT_NE(exit, 0) << text;
  reader.exec("commit");
  EXPECT_EQ(move.sql().value("select count(*) from pg_replication_slots where database = current_database() and slot_name like '%reverse%'"), "0");
  EXPECT_EQ(move.sql().value("select count(*) from pg_publication where pubname = 'crossfade_gym_reverse'"), "0");
  EXPECT_EQ(move.sql().value("select (detail ->> 'attempts')::int > 1 and detail ->> 'because' <> '' from crossfade.audit where action = 'cutover writes gave up'"), "t");
  EXPECT_NE(outcomes().find("1 exclusive lock"), std::string::npos) << outcomes();
  EXPECT_EQ(move.call({"doctor"}).first, 0);
  expect_done(flip("cutover"));
}

/// Whoever has one table and wants another waits for the flip, which waits for him; the server is about to look who is to give way.
TEST_F(HoldTest, WhoeverHasOneTableAndWantsAnotherIsNoDeadlocksVictim) {
  move.sql().exec("do $$ begin execute format('alter database %I set deadlock_timeout = 400', current_database()); end $$");
  const auto waiting = [&](const std::string& mode) {
    return move.sql().value("select count(*) from pg_locks l join pg_stat_activity a using (pid) where not l.granted and l.mode = '" + mode +
                            "' and a.datname = current_database() and a.application_name like 'crossfade gym %'") != "0";
  };
  for (const auto& [has, mode, wants] : {std::tuple{"create index on exercises (day)", "ShareUpdateExclusiveLock", "lock table plans in access exclusive mode"},
                                         std::tuple{"update exercises set day = day where id = 3", "ShareRowExclusiveLock", "update plans set owner = owner where id = 3"}}) {
    Sql application(move.conninfo());
    application.exec(std::string("begin; ") + has);
    auto command = move.start({"cutover", "writes", "--rehearse", "--lock-timeout", "5s"});
    EXPECT_TRUE(eventually([&] { return waiting(mode) || !command->running(); }, kLimit)) << command->output();
    EXPECT_NO_THROW(application.exec(wants)) << mode;
    application.exec("rollback");
    EXPECT_EQ(command->exit_within(kLimit), 0) << command->output();
  }
}

}  // namespace
}  // namespace crossfade::test
