#include <fmt/format.h>

#include "migrate/sample_server.h"

namespace crossfade::bench {
namespace {

constexpr auto kTables = {"workout_plans", "workout_weeks", "workout_days", "exercises", "workout_sessions", "exercise_logs", "notification_preferences", "workout_templates"};

/// From empty tables to tables that are filled, indexed, constrained and followed; the program's start included.
Cost ours(SampleServer& sample, bool last) {
  Stage stage(sample);
  stage.perform("prepare");
  Stopwatch watch(sample);
  stage.start_daemon();
  stage.wait_until_following();
  watch.stop();
  stage.stop_daemon();
  const auto cost = watch.cost();
  if (last) stage.expect_equal();
  return cost;
}

void fill(test::Sql& sql) {
  for (const auto* table : kTables) {
    const auto columns = sql.value(fmt::format("select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute "
                                               "where attrelid = 'workout_v2.{}'::regclass and attnum > 0 and not attisdropped", table));
    sql.exec(fmt::format("insert into workout_v2.{0} ({1}) select {1} from workout_map.{0}", table, columns));
  }
}

/// What a script does: one insert a table, parents before children, with keys and indexes in place.
void by_script(test::Sql& sql) {
  fill(sql);
  sql.exec("analyze");
}

/// The limit of one session: into bare tables, then keys and indexes, then foreign keys.
void into_bare_tables(test::Sql& sql) {
  const auto constraints = sql.rows(
      "select format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) from pg_constraint "
      "where connamespace = 'workout_v2'::regnamespace and contype in ('p', 'u', 'f') order by contype = 'f'");
  const auto indexes = sql.rows(
      "select pg_get_indexdef(i.indexrelid) from pg_index i join pg_class c on c.oid = i.indrelid "
      "where c.relnamespace = 'workout_v2'::regnamespace and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u'))");
  for (const auto& drop : sql.rows("select format('alter table %s drop constraint %I', conrelid::regclass, conname) from pg_constraint "
                                   "where connamespace = 'workout_v2'::regnamespace and contype in ('p', 'u', 'f') order by contype <> 'f'")) {
    sql.exec(drop);
  }
  for (const auto& drop : sql.rows("select 'drop index ' || i.indexrelid::regclass from pg_index i join pg_class c on c.oid = i.indrelid "
                                   "where c.relnamespace = 'workout_v2'::regnamespace")) {
    sql.exec(drop);
  }
  fill(sql);
  for (const auto& create : indexes) sql.exec(create);
  for (const auto& add : constraints) sql.exec(add);
  sql.exec("analyze");
}

Cost in_sql(SampleServer& sample, void (*work)(test::Sql&)) {
  Stage stage(sample);
  stage.perform("prepare");
  Stopwatch watch(sample);
  {
    test::Sql sql(stage.conninfo());
    sql.exec("set crossfade.writer = 'vagus_workout'");
    work(sql);
    watch.stop();
  }
  return watch.cost();
}

}  // namespace

std::vector<Comparison> measure_backfill(SampleServer& sample, int rounds) {
  Comparison script{"backfill, until it follows", "s", "insert … select per table, keys and indexes in place", {}, {}};
  Comparison bare{"the same", "s", "one session: bare tables, then keys, indexes and foreign keys", {}, {}};
  for (int round = 1; round <= rounds; ++round) {
    say(fmt::format("backfill, round {} of {}", round, rounds));
    // By turns, so that whoever comes first has no advantage.
    Cost own{};
    if (round % 2 == 0) own = ours(sample, round == rounds);
    const auto by_hand = in_sql(sample, by_script);
    if (round % 2 == 1) own = ours(sample, round == rounds);
    const auto one_session = in_sql(sample, into_bare_tables);
    script.add(own, by_hand);
    bare.add(own, one_session);
    say(fmt::format("  crossfade {:.1f} s, script {:.1f} s, one session {:.1f} s", own.elapsed, by_hand.elapsed, one_session.elapsed));
  }
  return {script, bare};
}

}  // namespace crossfade::bench
