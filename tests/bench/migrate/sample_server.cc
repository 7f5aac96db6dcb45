#include "migrate/sample_server.h"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace crossfade::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kLimit = 15min;

constexpr auto kBase = "base";

const std::filesystem::path kMigration = std::filesystem::path(CROSSFADE_SOURCE_DIR) / "sql/migrations/vagus_workout";

/// What a database server of some size has, and no checkpoint in the middle of a measurement. A native subscription starts at
/// once when it is told to; by default its worker may wait five seconds.
ThrowawayServer::Options server_options(bool durable) {
  ThrowawayServer::Options options;
  options.durable = durable;
  // What sessions of crossfade set for themselves holds for everybody: else it would be settings that are compared.
  options.settings = {{"shared_buffers", "2GB"}, {"max_wal_size", "16GB"}, {"checkpoint_timeout", "1h"}, {"wal_retrieve_retry_interval", "10ms"},
                      {"maintenance_work_mem", "256MB"}, {"work_mem", "32MB"}, {"random_page_cost", "1.1"}, {"jit", "off"}, {"autovacuum", "off"}};
  return options;
}

void wait_until(const std::function<bool()>& predicate, const std::string& what) {
  if (!test::eventually(predicate, kLimit)) throw std::runtime_error("waited in vain until " + what);
}

void checkpoint(ThrowawayServer& server) { test::Sql(server.conninfo()).exec("checkpoint"); }

}  // namespace

void say(const std::string& what) { fmt::print(stderr, "{}\n", what); }

SampleServer::SampleServer(const Size& size, bool durable) : size_(size), server_(server_options(durable)) {
  say(fmt::format("{} plans of {} exercises", size.plans, size.exercises_per_plan));
  test::Sql(server_.conninfo()).exec(fmt::format("create database {}", kBase));
  test::Sql base(server_.conninfo(kBase));
  base.exec(test::read_file(kMigration / "v1.sql"));
  base.exec(fmt::format("set crossfade.sample_plans = {}; set crossfade.sample_exercises_per_plan = {}", size.plans, size.exercises_per_plan));
  base.exec(test::read_file(kMigration / "sample.sql"));
  base.exec("vacuum analyze");
}

/// Of the postmaster's children that it has waited for, from /proc, in a hundredth of a second.
double SampleServer::server_seconds() {
  std::ifstream pid_file(server_.directory() / "data" / "postmaster.pid");
  std::string pid;
  std::getline(pid_file, pid);
  std::ifstream stat("/proc/" + pid + "/stat");
  std::string field;
  constexpr int kChildrensUser = 16;
  double ticks = 0;
  for (int n = 1; n <= kChildrensUser + 1 && stat >> field; ++n) {
    if (n >= kChildrensUser) ticks += std::stod(field);
  }
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::vector<std::string> SampleServer::settings() {
  test::Sql sql(server_.conninfo());
  std::vector<std::string> lines = {"PostgreSQL " + sql.value("show server_version")};
  for (const auto& line : sql.rows("select name || ' = ' || current_setting(name) from pg_settings where source in ('configuration file', 'command line') "
                                   "and name in ('shared_buffers', 'max_wal_size', 'checkpoint_timeout', 'fsync', 'full_page_writes', 'maintenance_work_mem', "
                                   "'work_mem', 'random_page_cost', 'jit', 'autovacuum') order by name")) {
    lines.push_back(line);
  }
  return lines;
}

/// A session's time is its postmaster's once that has waited for it.
Cost Stopwatch::cost() {
  std::this_thread::sleep_for(500ms);
  return {elapsed_, sample_.server_seconds() - server_};
}

Stage::Stage(SampleServer& sample) : test::Stage(kMigration, sample.server(), kBase) { checkpoint(server()); }

void Stage::wait_until_following() {
  test::Sql sql(conninfo());
  const auto following = [&] {
    expect_daemon();
    return sql.value("select to_regclass('crossfade.migration')") != "" && sql.value("select phase from crossfade.migration") == "following";
  };
  wait_until(following, "the phase is following");
}

void Stage::perform(const std::string& command) {
  const auto [exit, output] = call({command}, kLimit);
  if (exit != 0) throw std::runtime_error(fmt::format("crossfade {} failed:\n{}", command, output));
}

void Stage::expect_equal() {
  start_daemon();
  wait_until_caught_up(kLimit);
  perform("verify");
  stop_daemon();
}

NativeCopy::NativeCopy(SampleServer& sample, const std::string& source)
    : copy_of_sample_(sample.server(), kBase), source_(sample.conninfo(source)), copy_(copy_of_sample_.conninfo()) {
  checkpoint(sample.server());
  source_.exec("create publication native for table public.exercises");
  source_.exec("select pg_create_logical_replication_slot('native', 'pgoutput')");
  copy_.exec("drop table public.workout_plans, public.workout_sessions, public.exercise_logs cascade");
  copy_.exec(fmt::format("create subscription native connection $${}$$ publication native with "
                         "(create_slot = false, slot_name = native, enabled = false, copy_data = false)",
                         sample.conninfo(source)));
}

NativeCopy::~NativeCopy() {
  copy_.exec("alter subscription native disable");
  copy_.exec("alter subscription native set (slot_name = none)");
  copy_.exec("drop subscription native");
}

void NativeCopy::disable() {
  copy_.exec("alter subscription native disable");
  wait_until([&] { return source_.value("select active from pg_replication_slots where slot_name = 'native'") == "f"; }, "the subscription is off");
}

void NativeCopy::wait_for(const std::string& id, const std::string& notes) {
  wait_until([&] { return copy_.value(fmt::format("select notes from public.exercises where id = '{}'", id)) == notes; }, "the copy is up to date");
}

}  // namespace crossfade::bench
