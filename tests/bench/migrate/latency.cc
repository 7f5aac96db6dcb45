#include <fmt/format.h>

#include <stdexcept>
#include <thread>
#include <utility>

#include "migrate/sample_server.h"
#include "support/writers.h"

namespace crossfade::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto kBetweenChanges = 1ms;

/// Changes one exercise after the other.
test::Writers::Write change_exercises(const std::string& conninfo) {
  const auto ids = test::Sql(conninfo).rows("select id from public.exercises order by hashtext(id::text) limit 20000");
  return [ids, random = test::Random(1), prepared = false](test::Sql& sql) mutable {
    if (!std::exchange(prepared, true)) sql.exec("prepare change as update public.exercises set weight = coalesce(weight, 0) + 0.5 where id = $1");
    sql.exec(fmt::format("execute change('{}')", ids[random() % ids.size()]));
  };
}

/// Milliseconds from the commit of a change in `source` until `query` shows it in `target`, again and again.
std::vector<double> probe(const Stage& stage, std::chrono::seconds how_long, test::Sql& source, test::Sql& target, const std::string& id, const std::string& table) {
  std::vector<double> latencies;
  const test::Writers writer(stage.conninfo(), 1, [&](int) { return change_exercises(stage.conninfo()); }, kBetweenChanges);
  const auto look = fmt::format("select notes from {} where id = '{}'", table, id);
  const auto began = Clock::now();
  for (int number = 0; Clock::now() - began < how_long; ++number) {
    const auto notes = fmt::format("{} of {}", number, table);
    source.exec(fmt::format("update public.exercises set notes = '{}' where id = '{}'", notes, id));
    const auto committed = Clock::now();
    while (target.value(look) != notes) {
      if (Clock::now() - committed > 60s) throw std::runtime_error("a change never came to " + table);
      std::this_thread::sleep_for(200us);
    }
    latencies.push_back(1000 * seconds_since(committed));
    std::this_thread::sleep_for(17ms);
  }
  const auto rate = static_cast<double>(writer.done()) / seconds_since(began);
  say(fmt::format("  p50 {:.1f} ms, p99 {:.1f} ms, at {:.0f} changes/s", quantile(latencies, 0.5), quantile(latencies, 0.99), rate));
  return latencies;
}

}  // namespace

std::vector<Comparison> measure_latency(SampleServer& sample, int rounds) {
  const std::string other = "native logical replication, 1:1";
  Comparison median{"commit → visible, p50", "ms", other, {}, {}};
  Comparison slow{"commit → visible, p99", "ms", other, {}, {}};
  Stage stage(sample);
  test::Sql sql(stage.conninfo());
  test::Sql second(stage.conninfo());
  const auto id = sql.value("select e.id from public.exercises e join workout_plans p on p.id = e.plan_id and p.user_id is not null limit 1");
  stage.start_daemon();
  stage.wait_until_following();
  stage.stop_daemon();
  NativeCopy native(sample, stage.dbname());
  for (int round = 1; round <= rounds; ++round) {
    say(fmt::format("latency, round {} of {}: native", round, rounds));
    sql.exec(fmt::format("update public.exercises set notes = 'begin of {}' where id = '{}'", round, id));
    native.enable();
    native.wait_for(id, fmt::format("begin of {}", round));
    const auto theirs = probe(stage, sample.size().latency, sql, native.sql(), id, "public.exercises");
    native.disable();
    say("  crossfade");
    stage.start_daemon();
    stage.wait_until_caught_up();
    const auto ours = probe(stage, sample.size().latency, sql, second, id, "workout_v2.exercises");
    stage.stop_daemon();
    if (round == rounds) stage.expect_equal();
    median.add({quantile(ours, 0.5)}, {quantile(theirs, 0.5)});
    slow.add({quantile(ours, 0.99)}, {quantile(theirs, 0.99)});
  }
  return {median, slow};
}

}  // namespace crossfade::bench
