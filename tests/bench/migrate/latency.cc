#include <fmt/format.h>

#include <atomic>
#include <random>
#include <stdexcept>
#include <thread>

#include "migrate/stage.h"

namespace crossfade::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto kBetweenChanges = 1ms;

/// Somebody who changes one exercise every millisecond until the end of the scope.
class SteadyWriter {
 public:
  explicit SteadyWriter(const std::string& conninfo) : thread_([this, conninfo] { write(conninfo); }) {}
  ~SteadyWriter() {
    stopping_ = true;
    thread_.join();
  }

  std::uint64_t done() const { return done_; }

 private:
  void write(const std::string& conninfo) {
    test::Sql sql(conninfo);
    const auto ids = sql.rows("select id from public.exercises order by hashtext(id::text) limit 20000");
    sql.exec("prepare change as update public.exercises set weight = coalesce(weight, 0) + 0.5 where id = $1");
    std::mt19937 random(1);
    for (auto next = Clock::now(); !stopping_; next += kBetweenChanges) {
      std::this_thread::sleep_until(next);
      sql.exec(fmt::format("execute change('{}')", ids[random() % ids.size()]));
      ++done_;
    }
  }

  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint64_t> done_ = 0;
  std::thread thread_;
};

/// Milliseconds from the commit of a change in `source` until `query` shows it in `target`, again and again.
std::vector<double> probe(Stage& stage, test::Sql& source, test::Sql& target, const std::string& id, const std::string& table) {
  std::vector<double> latencies;
  const SteadyWriter writer(stage.conninfo("moved"));
  const auto look = fmt::format("select notes from {} where id = '{}'", table, id);
  const auto began = Clock::now();
  for (int number = 0; Clock::now() - began < stage.size().latency; ++number) {
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

std::vector<Comparison> measure_latency(Stage& stage, int rounds) {
  const std::string other = "native logical replication, 1:1";
  Comparison median{"commit → visible, p50", "ms", other, {}, {}};
  Comparison slow{"commit → visible, p99", "ms", other, {}, {}};
  stage.copy_base("moved");
  {
    test::Sql sql(stage.conninfo("moved"));
    test::Sql second(stage.conninfo("moved"));
    const auto id = sql.value("select e.id from public.exercises e join workout_plans p on p.id = e.plan_id and p.user_id is not null limit 1");
    Daemon daemon(stage, "moved");
    daemon.start();
    daemon.wait_until_following();
    daemon.stop();
    NativeCopy native(stage, "moved", "copied");
    for (int round = 1; round <= rounds; ++round) {
      say(fmt::format("latency, round {} of {}: native", round, rounds));
      sql.exec(fmt::format("update public.exercises set notes = 'begin of {}' where id = '{}'", round, id));
      native.enable();
      native.wait_for(id, fmt::format("begin of {}", round));
      const auto theirs = probe(stage, sql, native.sql(), id, "public.exercises");
      native.disable();
      say("  crossfade");
      daemon.start();
      daemon.wait_until_caught_up();
      const auto ours = probe(stage, sql, second, id, "workout_v2.exercises");
      daemon.stop();
      if (round == rounds) daemon.expect_equal();
      median.add({quantile(ours, 0.5)}, {quantile(theirs, 0.5)});
      slow.add({quantile(ours, 0.99)}, {quantile(theirs, 0.99)});
    }
    native.drop();
  }
  stage.drop("moved");
  return {median, slow};
}

}  // namespace crossfade::bench
