#include <fmt/format.h>

#include <stdexcept>

#include "migrate/sample_server.h"

namespace crossfade::bench {
namespace {

/// Updates of one exercise each, five to a transaction, as an application makes them.
constexpr auto kChanges = R"(
  create procedure public.change_exercises(changes int, salt int) language plpgsql as $$
  declare
    ids uuid[] := array(select id from public.exercises order by hashtext(id::text || salt) limit changes);
  begin
    for n in 1 .. cardinality(ids) loop
      update public.exercises set weight = coalesce(weight, 0) + 0.5 where id = ids[n];
      if n % 5 = 0 then commit; end if;
    end loop;
  end $$)";

constexpr auto kWeights = "select sum({}) from {} e where exists (select from public.workout_plans p where p.id = e.plan_id and user_id is not null)";

}  // namespace

Comparison measure_catch_up(SampleServer& sample, int rounds) {
  Comparison comparison{fmt::format("catch-up of {} changes", sample.size().changes), "s", "native logical replication, 1:1", {}, {}};
  Stage stage(sample);
  test::Sql sql(stage.conninfo());
  sql.exec(kChanges);
  const auto marker = sql.value("select e.id from public.exercises e join workout_plans p on p.id = e.plan_id and p.user_id is not null limit 1");
  stage.start_daemon();
  stage.wait_until_following();
  stage.stop_daemon();
  NativeCopy native(sample, stage.dbname());
  for (int round = 1; round <= rounds; ++round) {
    say(fmt::format("catch-up, round {} of {}", round, rounds));
    sql.exec(fmt::format("call public.change_exercises({}, {})", sample.size().changes, round));
    sql.exec("vacuum public.exercises");
    sql.exec("checkpoint");
    const auto notes = fmt::format("round {}", round);
    sql.exec(fmt::format("update public.exercises set notes = '{}' where id = '{}'", notes, marker));

    const auto by_native = [&] {
      Stopwatch watch(sample);
      native.enable();
      native.wait_for(marker, notes);
      watch.stop();
      native.disable();
      return watch.cost();
    };
    const auto by_us = [&] {
      Stopwatch watch(sample);
      stage.start_daemon();
      stage.wait_until_caught_up();
      watch.stop();
      stage.stop_daemon();
      const auto cost = watch.cost();
      if (round == rounds) stage.expect_equal();
      return cost;
    };
    Cost own{};
    if (round % 2 == 0) own = by_us();
    const auto others = by_native();
    if (round % 2 == 1) own = by_us();
    comparison.add(own, others);
    say(fmt::format("  crossfade {:.1f} s, native {:.1f} s", own.elapsed, others.elapsed));
  }
  const auto expected = sql.value(fmt::format(kWeights, "weight", "public.exercises"));
  if (sql.value("select sum(target_weight) from workout_v2.exercises") != expected) throw std::runtime_error("v2 is not what it should be");
  return comparison;
}

}  // namespace crossfade::bench
