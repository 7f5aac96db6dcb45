#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <thread>

#include "migrate/sample_server.h"

namespace crossfade::bench {
namespace {

constexpr Size kQuick{5'000, 30, 30'000, std::chrono::seconds(5)};

std::string first_line_with(const char* path, const std::string& word) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(word)) return line.substr(std::min(line.find_first_not_of(" \t:", word.size()), line.size()));
  }
  return "";
}

double load_average() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : 0;
}

/// What the figures hold for. The load tells whether something else ran beside.
struct Circumstances {
  std::string date;
  std::string machine;
  std::vector<std::string> server;
  double load_before = load_average();
  double load_after = 0;
};

Circumstances look_around(SampleServer& sample, double load_before) {
  Circumstances seen;
  seen.load_before = load_before;
  const auto now = std::time(nullptr);
  char day[16] = {};
  std::strftime(day, sizeof day, "%Y-%m-%d", std::gmtime(&now));
  seen.date = day;
  seen.machine = fmt::format("{} × {}, memory {}", std::thread::hardware_concurrency(), first_line_with("/proc/cpuinfo", "model name"),
                             first_line_with("/proc/meminfo", "MemTotal"));
  seen.server = sample.settings();
  return seen;
}

void print(const Comparison& comparison) {
  const auto values = ratios(comparison);
  const auto of = [&](const char* name, const std::vector<Cost>& costs) {
    const auto all = elapsed(costs);
    fmt::print("  {:9} {:8.2f} {}   {:.2f} … {:.2f}\n", name, quantile(all, 0.5), comparison.unit, quantile(all, 0), quantile(all, 1));
  };
  fmt::print("{}, beside {}\n", comparison.what, comparison.other);
  of("crossfade", comparison.ours);
  of("other", comparison.theirs);
  fmt::print("  ratio     {:8.2f} ×   {:.2f} … {:.2f} in {} rounds\n\n", quantile(values, 0.5), quantile(values, 0), quantile(values, 1), values.size());
}

std::string json_text(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

std::string json_of(const std::vector<Cost>& costs) {
  std::vector<std::string> rounds;
  for (const auto& cost : costs) rounds.push_back(fmt::format("[{:.4g}, {:.4g}]", cost.elapsed, cost.server));
  return fmt::format("[{}]", fmt::join(rounds, ", "));
}

/// Of each round what the clock says and the seconds of the server's processors.
void write_json(const std::string& path, const Circumstances& seen, const Size& size, const std::vector<Comparison>& comparisons) {
  std::vector<std::string> server;
  for (const auto& line : seen.server) server.push_back(json_text(line));
  std::vector<std::string> all;
  for (const auto& each : comparisons) {
    all.push_back(fmt::format("  {{\"what\": {}, \"other\": {}, \"unit\": {},\n   \"ours\": {},\n   \"theirs\": {}}}", json_text(each.what), json_text(each.other),
                              json_text(each.unit), json_of(each.ours), json_of(each.theirs)));
  }
  std::ofstream file(path);
  file << fmt::format("{{\n \"date\": {}, \"machine\": {},\n \"server\": [{}],\n \"load\": [{:.2f}, {:.2f}],\n \"plans\": {}, \"exercises_a_plan\": {}, \"changes\": {},\n"
                      " \"comparisons\": [\n{}\n ]\n}}\n",
                      json_text(seen.date), json_text(seen.machine), fmt::join(server, ", "), seen.load_before, seen.load_after, size.plans, size.exercises_per_plan,
                      size.changes, fmt::join(all, ",\n"));
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

int run(int argc, char** argv) {
  bool quick = false;
  std::vector<std::string> only;
  std::string json;
  int rounds = 5;
  bool without_fsync = false;
  CLI::App app("Measures the move of vagus_workout beside plain SQL and native logical replication. Medians of rounds by turns; ratios above 1 are in our favour.");
  app.add_flag("--quick", quick, "5,000 plans instead of 50,000");
  app.add_option("--only", only)->check(CLI::IsMember({"backfill", "catch-up", "latency"}));
  app.add_option("--rounds", rounds)->check(CLI::Range(1, 100));
  app.add_option("--json", json, "a file for all figures of all rounds");
  app.add_flag("--no-fsync", without_fsync);
  CLI11_PARSE(app, argc, argv);

  const auto load_before = load_average();
  const Size size = quick ? kQuick : Size{};
  SampleServer sample(size, !without_fsync);
  auto seen = look_around(sample, load_before);
  std::vector<Comparison> comparisons;
  const auto wanted = [&](const char* name) { return only.empty() || std::find(only.begin(), only.end(), name) != only.end(); };
  const auto add = [&](std::vector<Comparison> more) { std::move(more.begin(), more.end(), std::back_inserter(comparisons)); };
  if (wanted("backfill")) add(measure_backfill(sample, rounds));
  if (wanted("catch-up")) add({measure_catch_up(sample, rounds)});
  if (wanted("latency")) add(measure_latency(sample, rounds));
  seen.load_after = load_average();
  fmt::print("{}\n{}\nload average {:.1f} before, {:.1f} at the end\n\n", seen.machine, fmt::join(seen.server, ", "), seen.load_before, seen.load_after);
  for (const auto& comparison : comparisons) print(comparison);
  if (!json.empty()) write_json(json, seen, size, comparisons);
  return 0;
}

}  // namespace
}  // namespace crossfade::bench

int main(int argc, char** argv) {
  try {
    return crossfade::bench::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
