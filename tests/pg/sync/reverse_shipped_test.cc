// Shipped migrations after their writes have moved: v1 stays as it was where v2 changes nothing, and follows whatever v2 becomes.

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <vector>

#include "support/flip.h"
#include "support/move.h"
#include "support/writers.h"

namespace crossfade::test {
namespace {

/// A migration with its sample, followed and then moved by hand.
class ReverseShippedTest : public testing::Test {
 protected:
  explicit ReverseShippedTest(const std::string& name) : move(migration(name)) {
    std::ifstream sample(move.folder() / "sample.sql");
    move.sql().exec({std::istreambuf_iterator<char>(sample), {}});
    tables_ = move.sql().rows("select tablename from pg_tables where schemaname = 'public' order by 1");
    move.start_daemon();
    move.expect_equal();
    before_ = rows_of_v1("");
  }

  void flip() {
    flip_writes(move);
    ASSERT_TRUE(move.logged("direction has turned"));
  }

  /// Everything is compared with the views and what differs is written: nothing may.
  void expect_v1_untouched_by_a_comparison() {
    flip();
    move.stop_daemon();
    move.sql().exec(fmt::format("select pg_drop_replication_slot('{}_reverse')", move.slot()));
    move.start_daemon();
    EXPECT_TRUE(move.logged("there is a gap in the stream"));
    expect_v1_follows(move);
    EXPECT_EQ(rows_of_v1("_v1"), before_);
  }

  void expect_v1_follows_under(const std::vector<std::string>& changes) {
    flip();
    Writers writers(move.conninfo(), 3, [&](Random& random) {
      auto change = changes.at(static_cast<std::size_t>(draw(random, 0, static_cast<int>(changes.size()) - 1)));
      const auto number = std::to_string(draw(random, 1, 9));
      const std::string mark = "NUMBER";
      for (auto at = change.find(mark); at != std::string::npos; at = change.find(mark)) change.replace(at, mark.size(), number);
      return change;
    });
    writers.expect_progress(400);
    writers.stop();
    expect_v1_follows(move);
    EXPECT_EQ(move.call({"verify"}).first, 0);
    const auto [exit, account] = move.call({"account"});
    EXPECT_EQ(exit, 0) << account;
  }

  Move move;

 private:
  /// Tables that both sides use keep their name.
  std::vector<std::string> rows_of_v1(const std::string& suffix) {
    std::vector<std::string> sums;
    for (const auto& table : tables_) {
      const auto renamed = move.sql().value(fmt::format("select to_regclass('public.{}{}')", table, suffix)).empty() ? table : table + suffix;
      sums.push_back(table + " " + move.sql().value(fmt::format("select md5(string_agg(t::text, ' ' order by t::text)) from public.{} t", renamed)));
    }
    return sums;
  }

  std::vector<std::string> tables_;
  std::vector<std::string> before_;
};

/// A row that is drawn at random, by its uuid.
std::string any(const std::string& table) {
  return fmt::format("(select x.id from public.{0} x where x.id >= (select gen_random_uuid()) order by x.id limit 1)", table);
}

class ReverseScienceTest : public ReverseShippedTest {
 protected:
  ReverseScienceTest() : ReverseShippedTest("science_schema") {}
};

TEST_F(ReverseScienceTest, WhatV2HasNotChangedStaysAsV1WroteIt) { expect_v1_untouched_by_a_comparison(); }

TEST_F(ReverseScienceTest, V1FollowsWhateverV2Becomes) {
  expect_v1_follows_under({
      R"(with w as (select w.id, w.user_id, x.id as line from public.workouts w join public.workout_blocks b on b.workout_id = w.id
                    join public.workout_block_exercises x on x.workout_block_id = b.id where w.id = )" + any("workouts") + R"( limit 1),
         s as (insert into public.workout_sessions (user_id, workout_id) select user_id, id from w returning id),
         p as (insert into public.exercise_performances (workout_session_id, workout_block_exercise_id, performance_order)
               select s.id, w.line, 1 from s, w returning id)
         insert into public.set_executions (exercise_performance_id, set_number, set_type, weight_kg, reps_completed, rpe_value, eccentric_seconds)
         select p.id, n, 'dropset', 10 * NUMBER, n + 4, 8, 3.5 from p, generate_series(1, 3) n)",
      R"(with b as (insert into public.workout_blocks (workout_id, block_order, block_name, block_type)
                    select id, NUMBER, 'Superset', 'superset' from public.workouts where id = )" + any("workouts") + R"( returning id)
         insert into public.workout_block_exercises (workout_block_id, exercise_id, exercise_order, target_sets, target_reps_min, target_reps_max)
         select b.id, c.id, n, 3, NUMBER, NUMBER + 4 from b, )" + any("exercise_catalog") + R"( c (id), generate_series(1, 2) n)",
      "update public.workout_blocks set block_order = NUMBER where id = " + any("workout_blocks"),
      "update public.workout_blocks set workout_id = w.id from " + any("workouts") + " w where workout_blocks.id = " + any("workout_blocks"),
      "delete from public.workout_blocks where id = " + any("workout_blocks"),
      "update public.workout_block_exercises set target_reps_min = NUMBER, target_rpe = 8 where id = " + any("workout_block_exercises"),
      "update public.workout_block_exercises set exercise_id = c.id from " + any("exercise_catalog") +
          " c where workout_block_exercises.id = " + any("workout_block_exercises"),
      "delete from public.workout_block_exercises where id = " + any("workout_block_exercises"),
      "update public.exercise_performances set workout_block_exercise_id = x.id from " + any("workout_block_exercises") +
          " x where exercise_performances.id = " + any("exercise_performances"),
      "update public.set_executions set weight_kg = 10 * NUMBER, partial_reps = NUMBER where id = " + any("set_executions"),
      "delete from public.set_executions where id = " + any("set_executions"),
      "delete from public.workout_sessions where id = " + any("workout_sessions"),
      "update public.workouts set plan_id = null, name = 'Named NUMBER' where id = " + any("workouts"),
      "update public.users set email = null, training_frequency = NUMBER where id = (select id from public.users order by random() limit 1)",
      "delete from public.users where random() < 0.2 and id = (select id from public.users order by random() limit 1)",
  });
  EXPECT_NE(move.sql().value("select count(*) from public.exercise_sets_v1 where session_id is null"), "0") << "rows that stayed behind are kept";
}

class ReverseDynprotTest : public ReverseShippedTest {
 protected:
  ReverseDynprotTest() : ReverseShippedTest("dynprot") {}
};

TEST_F(ReverseDynprotTest, WhatV2HasNotChangedStaysAsV1WroteIt) { expect_v1_untouched_by_a_comparison(); }

TEST_F(ReverseDynprotTest, V1FollowsWhateverV2BecomesAndDaysFollowTheirMeals) {
  expect_v1_follows_under({
      "insert into public.users (id, email, username, password) select u, u || '@example.com', u, 'secret' from (select gen_random_uuid()::text) n (u)",
      "update public.users set first_name = 'Name NUMBER', last_login_at = now() where id = (select id from public.users order by random() limit 1)",
      "delete from public.users where random() < 0.2 and id = (select id from public.users order by random() limit 1)",
      R"(insert into public.meal_entries (user_id, description, protein_g, calories, meal_timestamp)
         select user_id, 'Lunch', 10 * NUMBER, 100, timestamptz '2025-03-01 12:00+00' + random() * interval '3 days' from public.user_profiles order by random() limit 1)",
      "update public.meal_entries set meal_timestamp = meal_timestamp + NUMBER * interval '5 hours', protein_g = NUMBER where id = " + any("meal_entries"),
      "delete from public.meal_entries where id = " + any("meal_entries"),
  });
  EXPECT_EQ(move.sql().value(R"(
    with day as (
      select m.user_id, (m.meal_timestamp at time zone p.timezone)::date as day, sum(m.protein_g) as protein, count(*) as meals
      from public.meal_entries m join public.user_profiles p on p.user_id = m.user_id group by 1, 2
    )
    select count(*) from day full join public.daily_summaries s on s.user_id = day.user_id and s.summary_date = day.day
    where (day.protein, day.meals) is distinct from (s.total_protein_g, s.meal_count::bigint))"), "0");
}

TEST_F(ReverseDynprotTest, OneUsersDataIsRestoredAndNobodyElsesTouched) {
  flip();
  auto& sql = move.sql();
  const auto meals = [&](const std::string& user) {
    return sql.rows("select description, protein_g, meal_timestamp from public.meal_entries where user_id = '" + user + "' order by 3, 1, 2");
  };
  const auto exported = meals("user_10");
  ASSERT_FALSE(exported.empty());
  sql.exec("update public.meal_entries set protein_g = 1 where user_id in ('user_10', 'user_20')");
  const auto others = meals("user_20");
  sql.exec("select dynprot_map.restore_users(array['user_10'])");
  EXPECT_EQ(meals("user_10"), exported);
  EXPECT_EQ(meals("user_20"), others);
}

}  // namespace
}  // namespace crossfade::test
