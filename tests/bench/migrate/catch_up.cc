#include <fmt/format.h>

#include <stdexcept>

#include "migrate/stage.h"

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

Comparison measure_catch_up(Stage& stage, int rounds) {
  Comparison comparison{fmt::format("catch-up of {} changes", stage.size().changes), "s", "native logical replication, 1:1", {}, {}};
  stage.copy_base("moved");
  {
    test::Sql sql(stage.conninfo("moved"));
    sql.exec(kChanges);
    const auto marker = sql.value("select e.id from public.exercises e join workout_plans p on p.id = e.plan_id and p.user_id is not null limit 1");
    Daemon daemon(stage, "moved");
    daemon.start();
    daemon.wait_until_following();
    daemon.stop();
    NativeCopy native(stage, "moved", "copied");
    for (int round = 1; round <= rounds; ++round) {
      say(fmt::format("catch-up, round {}: the changes", round));
      sql.exec(fmt::format("call public.change_exercises({}, {})", stage.size().changes, round));
      sql.exec("vacuum public.exercises");
      sql.exec("checkpoint");
      const auto notes = fmt::format("round {}", round);
      sql.exec(fmt::format("update public.exercises set notes = '{}' where id = '{}'", notes, marker));

      say(fmt::format("catch-up, round {}: native", round));
      auto began = Clock::now();
      native.enable();
      native.wait_for(marker, notes);
      comparison.theirs.push_back(seconds_since(began));
      native.disable();

      say(fmt::format("  {:.1f} s\ncatch-up, round {}: crossfade", comparison.theirs.back(), round));
      began = Clock::now();
      daemon.start();
      daemon.wait_until_caught_up();
      comparison.ours.push_back(seconds_since(began));
      daemon.stop();
      say(fmt::format("  {:.1f} s", comparison.ours.back()));
    }
    native.drop();
    const auto expected = sql.value(fmt::format(kWeights, "weight", "public.exercises"));
    if (sql.value("select sum(target_weight) from workout_v2.exercises") != expected) throw std::runtime_error("v2 is not what it should be");
  }
  stage.drop("moved");
  return comparison;
}

}  // namespace crossfade::bench
