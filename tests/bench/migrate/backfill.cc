#include <fmt/format.h>

#include "migrate/stage.h"

namespace crossfade::bench {
namespace {

/// From empty tables to tables that are filled, indexed, constrained and followed; the program's start included.
double ours(Stage& stage) {
  stage.copy_base("moved");
  Daemon daemon(stage, "moved");
  daemon.call("prepare");
  const auto began = Clock::now();
  daemon.start();
  daemon.wait_until_following();
  const auto took = seconds_since(began);
  daemon.stop();
  stage.drop("moved");
  return took;
}

/// What a script does: one insert a table, parents before children, with keys and indexes in place.
double by_script(Stage& stage) {
  stage.copy_base("scripted");
  Daemon(stage, "scripted").call("prepare");
  double took = 0;
  {
    test::Sql sql(stage.conninfo("scripted"));
    sql.exec("set crossfade.writer = 'vagus_workout'");
    const auto began = Clock::now();
    for (const auto* table : {"workout_plans", "workout_weeks", "workout_days", "exercises", "workout_sessions", "exercise_logs",
                              "notification_preferences", "workout_templates"}) {
      const auto columns = sql.value(fmt::format("select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute "
                                                 "where attrelid = 'workout_v2.{}'::regclass and attnum > 0 and not attisdropped", table));
      sql.exec(fmt::format("insert into workout_v2.{0} ({1}) select {1} from workout_map.{0}", table, columns));
    }
    sql.exec("analyze");
    took = seconds_since(began);
  }
  stage.drop("scripted");
  return took;
}

}  // namespace

Comparison measure_backfill(Stage& stage, int rounds) {
  Comparison comparison{"backfill, until it follows", "s", "insert … select per table", {}, {}};
  for (int round = 1; round <= rounds; ++round) {
    say(fmt::format("backfill, round {}: script", round));
    comparison.theirs.push_back(by_script(stage));
    say(fmt::format("  {:.1f} s\nbackfill, round {}: crossfade", comparison.theirs.back(), round));
    comparison.ours.push_back(ours(stage));
    say(fmt::format("  {:.1f} s", comparison.ours.back()));
  }
  return comparison;
}

}  // namespace crossfade::bench
