#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "migrate/stage.h"

namespace crossfade::bench {
namespace {

void print(const Comparison& comparison) {
  const auto ours = quantile(comparison.ours, 0.5);
  const auto theirs = quantile(comparison.theirs, 0.5);
  fmt::print("{}\n  crossfade {:10.1f} {}   {:.1f}\n  {:9} {:10.1f} {}   {:.1f}   {}\n  ratio     {:10.2f} ×\n\n", comparison.what, ours,
             comparison.unit, fmt::join(comparison.ours, " "), "other", theirs, comparison.unit, fmt::join(comparison.theirs, " "),
             comparison.other, theirs / ours);
}

int run(int argc, char** argv) {
  std::string size = "medium";
  std::string only;
  int rounds = 3;
  bool durable = false;
  CLI::App app("Measures the move of vagus_workout beside plain SQL and native logical replication. Medians; ratios above 1 are in our favour.");
  app.add_option("--size", size, "medium: 50,000 plans of 30 exercises; small: 1,000")->check(CLI::IsMember({"small", "medium"}));
  app.add_option("--only", only)->check(CLI::IsMember({"backfill", "catch-up", "latency"}));
  app.add_option("--rounds", rounds)->check(CLI::Range(1, 100));
  app.add_flag("--durable", durable, "fsync on");
  CLI11_PARSE(app, argc, argv);

  Stage stage(size == "small" ? Size{1'000, 30, 10'000, std::chrono::seconds(5)} : Size{}, durable);
  std::vector<Comparison> comparisons;
  if (only.empty() || only == "backfill") comparisons.push_back(measure_backfill(stage, rounds));
  if (only.empty() || only == "catch-up") comparisons.push_back(measure_catch_up(stage, rounds));
  if (only.empty() || only == "latency") {
    for (auto& each : measure_latency(stage, rounds)) comparisons.push_back(std::move(each));
  }
  for (const auto& comparison : comparisons) print(comparison);
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
