#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

#include "support/flip.h"
#include "support/move.h"
#include "support/writers.h"

namespace crossfade::test {
namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Migration gym, followed, then moved; from there on v2 owns the data.
class ReverseTest : public testing::Test {
 protected:
  ReverseTest() {
    move.start_daemon();
    move.expect_equal();
  }

  void flip() {
    flip_writes(move);
    EXPECT_TRUE(move.logged("direction has turned"));
  }

  /// What every row of v2 would lose if anybody wrote it again.
  std::string fingerprint_of_v2() {
    return move.sql().value(
        "select md5(string_agg(line, ' ' order by line)) from (select format('p %s %s', ctid, xmin) as line from plans "
        "union all select format('w %s %s', ctid, xmin) from weeks union all select format('e %s %s', ctid, xmin) from exercises) rows");
  }

  Move move{test_migration("gym")};
};

TEST_F(ReverseTest, V1EqualsTheReverseViewsUnderWritersOfV2) {
  Writers before(move.conninfo(), 2, [](Random& random) { return change_gym(random, 1000); });
  before.expect_progress(50);
  flip();
  before.stop();
  Writers after(move.conninfo(), 3, [](Random& random) { return change_gym_v2(random, 1000); });
  after.expect_progress(300);
  after.stop();
  expect_v1_follows(move);
  EXPECT_NE(move.sql().value("select count(*) from exercises_v1 where day is not null"), "0") << "columns that the view lacks are kept";
}

TEST_F(ReverseTest, ARunningDaemonTurnsWithTheFlip) {
  flip();
  move.sql().exec("insert into plans values (5000, 'of v2')");
  expect_v1_follows(move);
  EXPECT_EQ(move.sql().value("select owner || ' ' || duration from plans_v1 where id = 5000"), "of v2 0");
  EXPECT_EQ(move.sql().rows("select slot_name, active from pg_replication_slots where database = current_database()"),
            std::vector<std::string>{move.slot() + "_reverse|t"});
  const auto [exit, status] = move.call({"status", "--json"});
  EXPECT_EQ(exit, 0);
  EXPECT_NE(status.find(R"("writes":{"side":"v2"})"), std::string::npos) << status;
  EXPECT_NE(status.find(fmt::format(R"("name":"{}_reverse")", move.slot())), std::string::npos) << status;
}

TEST_F(ReverseTest, ADaemonThatIsStartedAnewGoesOnInTheNewDirection) {
  flip();
  move.kill_daemon();
  move.sql().exec("update exercises set title = 'while nobody looked' where id = 7");
  move.start_daemon();
  expect_v1_follows(move);
  EXPECT_EQ(move.sql().value("select title from exercises_v1 where id = 7"), "while nobody looked");
}

TEST_F(ReverseTest, NothingComesBackToTheSideThatIsWritten) {
  flip();
  move.sql().exec("update plans set owner = owner || ' 2'; delete from weeks where number = 2; update exercises set title = title || '!'");
  const auto written = fingerprint_of_v2();
  expect_v1_follows(move);
  // One more round trip: whatever v1's change might have offered has had its time.
  expect_v1_follows(move);
  EXPECT_EQ(fingerprint_of_v2(), written);
  EXPECT_EQ(move.sql().value("select count(*) from crossfade.dirty"), "0");
}

TEST_F(ReverseTest, TheSideThatDoesNotOwnTheDataIsFenced) {
  move.sql().exec(R"(
    create function pg_temp.refusal(statement text) returns text language plpgsql as $$
    declare
      advice text;
    begin
      execute statement;
      return 'accepted';
    exception when others then
      get stacked diagnostics advice = pg_exception_hint;
      return sqlstate || ' ' || advice;
    end $$)");
  const auto refusal = [&](const std::string& statement) { return move.sql().value(fmt::format("select pg_temp.refusal($${}$$)", statement)); };
  EXPECT_EQ(refusal("update gym_v2.plans set owner = 'me'"), "CF001 Write the v1 tables; the change arrives here by itself.");
  flip();
  EXPECT_EQ(refusal("update plans_v1 set owner = 'me'"), "CF001 Write the v2 tables; the change arrives here by itself.");
  EXPECT_EQ(refusal("delete from exercises_v1"), "CF001 Write the v2 tables; the change arrives here by itself.");
  EXPECT_EQ(refusal("truncate exercises_v1"), "CF001 Write the v2 tables; the change arrives here by itself.");
  EXPECT_EQ(refusal("update plans set owner = 'me'"), "accepted");
}

/// Whatever it is that writes there, unless a foreign key does by itself: a user who is deleted takes his rows of both sides along.
TEST_F(ReverseTest, AFenceHoldsAgainstTriggersAndNotAgainstForeignKeys) {
  auto& sql = move.sql();
  sql.exec(R"(
    create table sale (id int, kind text);
    create function sold() returns trigger language plpgsql as $$
    begin
      execute new.kind;
      return new;
    end $$;
    create trigger sold before insert on sale for each row execute function sold();
    create view shop as select * from sale;
    create trigger sold instead of insert on shop for each row execute function sold())");
  const auto passes = [&](const std::string& into, const std::string& statement) {
    try {
      sql.exec("insert into " + into + " values (1, $$" + statement + "$$)");
    } catch (const std::exception& error) {
      EXPECT_NE(std::string(error.what()).find("is filled by crossfade"), std::string::npos) << error.what();
      return false;
    }
    return true;
  };
  const auto expect_fenced = [&](const std::string& schema, const std::string& table) {
    for (const auto* statement : {"insert into {} select * from {} limit 0", "update {} set owner = 'me'", "UPDATE ONLY {} SET owner = 'me' WHERE 1 OPERATOR(pg_catalog.=) id",
                                  "delete from {} where id = 1", "truncate {} cascade"}) {
      const auto named = fmt::format("{}.\"{}\"", schema, table);
      const auto written = fmt::format(fmt::runtime(statement), named, named);
      EXPECT_FALSE(passes("sale", written)) << written;
      EXPECT_FALSE(passes("shop", written)) << written;
    }
  };
  expect_fenced("gym_v2", "plans");
  flip();
  expect_fenced("public", "plans_v1");
  sql.exec("create table staff (id int primary key); insert into staff values (7), (8)");
  sql.exec("set crossfade.writer = 'gym'; alter table plans_v1 add column deleted_with int references staff on delete cascade, "
           "add column renamed_with int references staff on delete set null on update cascade; "
           "update plans_v1 set deleted_with = 7 where id = 1; update plans_v1 set renamed_with = 8 where id = 2; reset crossfade.writer");
  EXPECT_TRUE(passes("sale", "delete from staff where id = 7"));
  EXPECT_EQ(sql.value("select count(*) from plans_v1 where id = 1"), "0");
  sql.exec("update staff set id = 80 where id = 8");
  EXPECT_EQ(sql.value("select renamed_with from plans_v1 where id = 2"), "80");
  sql.exec("delete from staff where id = 80");
  EXPECT_EQ(sql.value("select renamed_with is null from plans_v1 where id = 2"), "t");
}

TEST_F(ReverseTest, VerifyAndAccountSpeakOfTheDirection) {
  flip();
  expect_v1_follows(move);
  EXPECT_EQ(move.call({"verify"}).first, 0);
  const auto [accounted, account] = move.call({"account"});
  EXPECT_EQ(accounted, 0) << account;
  EXPECT_NE(account.find("weeks"), std::string::npos) << account;
  move.sql().exec("select set_config('crossfade.writer', 'gym', false); update exercises_v1 set title = 'by nobody' where id = 3; "
                  "delete from exercises_v1 where id = 4; insert into exercises_v1 (id, plan_id, title) values (90001, 1, 'too many')");
  const auto [drift, report] = move.call({"verify"});
  EXPECT_EQ(drift, 4) << report;
  EXPECT_EQ(move.call({"verify", "--repair"}).first, 0);
  expect_v1_follows(move);
}

TEST_F(ReverseTest, AfterALostSlotV1IsMendedByDifference) {
  flip();
  expect_v1_follows(move);
  move.stop_daemon();
  move.sql().exec("select pg_drop_replication_slot('" + move.slot() + "_reverse'); update plans set owner = 'unseen' where id < 10; "
                  "delete from exercises where id < 20");
  move.start_daemon();
  EXPECT_TRUE(move.logged("there is a gap in the stream"));
  expect_v1_follows(move);
}

TEST_F(ReverseTest, ThereAndBackAndThereAgain) {
  flip();
  move.sql().exec("insert into plans values (5000, 'of v2'); insert into weeks values (5000, 1), (5000, 2), (5000, 3); "
                  "insert into exercises values (9000, 5000, 'of v2', 'new')");
  expect_v1_follows(move);
  flip_writes_back(move);
  EXPECT_TRUE(move.logged("follows=v1"));
  move.sql().exec("update plans set duration = 1 where id = 5000");
  move.expect_equal();
  EXPECT_EQ(move.sql().value("select count(*) from gym_v2.weeks where plan_id = 5000"), "1");
  flip_writes(move);
  move.sql().exec("delete from exercises where id = 9000");
  expect_v1_follows(move);
  EXPECT_EQ(move.sql().value("select count(*) from exercises_v1 where id = 9000"), "0");
}

TEST_F(ReverseTest, ThePlanIsThatOfTheDirection) {
  flip();
  const auto [exit, plan] = move.call({"plan"});
  EXPECT_EQ(exit, 0) << plan;
  EXPECT_NE(plan.find("← public.weeks(plan_id)"), std::string::npos) << plan;
}

TEST_F(ReverseTest, WhatV2OwnsIsNotCancelledAway) {
  flip();
  move.stop_daemon();
  EXPECT_EQ(move.call({"cancel", "--confirm", "gym"}).first, 3);
  EXPECT_NE(move.sql().value("select count(*) from plans"), "0");
}

/// Migration vagus_workout with its sample: rows that stay behind in v1, values that v1 writes in several ways.
class ReverseWorkoutTest : public testing::Test {
 protected:
  ReverseWorkoutTest() {
    move.sql().exec(read(move.folder() / "sample.sql"));
    move.start_daemon();
    move.expect_equal();
  }

  Move move{migration("vagus_workout")};
};

TEST_F(ReverseWorkoutTest, WhatV2HasNotChangedStaysAsV1WroteIt) {
  const auto rows_of_v1 = [&](const std::string& suffix) {
    std::string sum;
    for (const auto* table : {"workout_plans", "exercises", "workout_sessions", "exercise_logs", "notification_preferences", "workout_templates"}) {
      sum += move.sql().value(fmt::format("select md5(string_agg(t::text, ' ' order by t::text)) from public.{}{} t", table, suffix));
    }
    return sum;
  };
  const auto before = rows_of_v1("");
  flip_writes(move);
  ASSERT_TRUE(move.logged("direction has turned"));
  // Everything is compared with the views, and what differs is written.
  move.stop_daemon();
  move.sql().exec("select pg_drop_replication_slot('" + move.slot() + "_reverse')");
  move.start_daemon();
  EXPECT_TRUE(move.logged("there is a gap in the stream"));
  expect_v1_follows(move);
  EXPECT_EQ(rows_of_v1("_v1"), before);
  EXPECT_NE(move.sql().value("select count(*) from public.workout_plans_v1 where user_id is null"), "0") << "nothing stayed behind: nothing was tested";
}

TEST_F(ReverseWorkoutTest, WhatAForeignKeyDoesPassesTheFence) {
  flip_writes(move);
  ASSERT_TRUE(move.logged("direction has turned"));
  auto& sql = move.sql();
  const auto user = sql.value("select user_id from public.notification_preferences_v1 limit 1");
  EXPECT_THROW(sql.exec(fmt::format("delete from public.notification_preferences_v1 where user_id = '{}'", user)), std::runtime_error);
  sql.exec(fmt::format("delete from auth.users where id = '{}'", user));
  EXPECT_EQ(sql.value(fmt::format("select count(*) from public.notification_preferences_v1 where user_id = '{}'", user)), "0");
  expect_v1_follows(move);
}

/// A row of v2 that is drawn at random.
std::string any(const std::string& table) {
  return fmt::format("(select x.id from public.{0} x where x.id >= (select gen_random_uuid()) order by x.id limit 1)", table);
}

/// What applications do that know v2: rows with keys of v2's own, and what v1 has no word for. NUMBER is drawn.
const std::vector<std::string>& changes_of_workout_v2() {
  static const std::vector<std::string> changes = {
      R"(with p as (insert into public.workout_plans (user_id, name, total_weeks) select id, 'Made on v2', NUMBER from auth.users order by random() limit 1 returning id),
         w as (insert into public.workout_weeks (plan_id, week_number, start_date) select id, k, date '2026-01-05' from p, generate_series(1, 2) k returning id),
         d as (insert into public.workout_days (week_id, day_number, day_of_week, day_label) select id, 1, nullif(NUMBER % 8, 0), 'Engine NUMBER' from w returning id)
         insert into public.exercises (day_id, name, muscle_group, sets) select id, 'Row', 'back', NUMBER from d)",
      "update public.exercises set target_weight = coalesce(target_weight, 20) + NUMBER, rest_seconds = 60 + NUMBER where id = " + any("exercises"),
      "update public.exercises set muscle_group = 'chest', name = 'Press NUMBER' where id = " + any("exercises"),
      "update public.workout_days set day_label = 'Renamed NUMBER' where id = " + any("workout_days"),
      "update public.workout_days set day_of_week = nullif(NUMBER % 8, 0) where id = " + any("workout_days"),
      "update public.exercises set day_id = " + any("workout_days") + " where id = " + any("exercises"),
      "delete from public.workout_days where id = " + any("workout_days"),
      "delete from public.workout_weeks where id = " + any("workout_weeks"),
      "update public.workout_weeks set start_date = date '2026-02-02' + NUMBER, end_date = null where id = " + any("workout_weeks"),
      "update public.workout_plans set total_weeks = NUMBER, goal = 'strength', status = 'archived' where id = " + any("workout_plans"),
      "delete from public.workout_plans where id = " + any("workout_plans"),
      R"(with s as (insert into public.workout_sessions (user_id, plan_id, day_id)
           select p.user_id, p.id, d.id from public.workout_plans p join public.workout_weeks w on w.plan_id = p.id
           join public.workout_days d on d.week_id = w.id where p.id = )" + any("workout_plans") + R"( limit 1 returning id)
         insert into public.exercise_logs (session_id, set_number, reps, rpe) select id, k, 5, NUMBER from s, generate_series(1, 2) k)",
      "update public.workout_sessions set day_id = " + any("workout_days") + ", notes = 'moved' where id = " + any("workout_sessions"),
      R"(update public.notification_preferences set preferences = preferences || '{"weekly_summary_enabled": false}'
         where user_id = (select user_id from public.notification_preferences order by random() limit 1))",
      "delete from auth.users where id = (select id from auth.users order by random() limit 1)",
  };
  return changes;
}

std::string change_workout_v2(Random& random) {
  const auto& changes = changes_of_workout_v2();
  auto change = changes.at(static_cast<std::size_t>(draw(random, 0, static_cast<int>(changes.size()) - 1)));
  const auto number = std::to_string(draw(random, 1, 9));
  const std::string mark = "NUMBER";
  for (auto at = change.find(mark); at != std::string::npos; at = change.find(mark)) change.replace(at, mark.size(), number);
  return change;
}

TEST_F(ReverseWorkoutTest, V1FollowsWhateverV2Becomes) {
  flip_writes(move);
  ASSERT_TRUE(move.logged("direction has turned"));
  const auto behind = move.sql().value("select count(*) from public.workout_plans_v1 where user_id is null");
  Writers writers(move.conninfo(), 3, change_workout_v2);
  writers.expect_progress(400);
  writers.stop();
  expect_v1_follows(move);
  EXPECT_EQ(move.sql().value("select count(*) from public.workout_plans_v1 where user_id is null"), behind);
  EXPECT_NE(move.sql().value("select count(*) from public.exercises_v1 e join public.workout_plans_v1 p on p.id = e.plan_id where p.name = 'Made on v2'"), "0");
  const auto [verified, differences] = move.call({"verify"});
  EXPECT_EQ(verified, 0) << differences;
  const auto [exit, account] = move.call({"account"});
  EXPECT_EQ(exit, 0) << account;
}

}  // namespace
}  // namespace crossfade::test
