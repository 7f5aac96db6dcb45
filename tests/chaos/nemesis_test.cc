// Random faults against random workloads. CROSSFADE_SEED repeats one run, CROSSFADE_STEPS=0,3 takes only those of its steps;
// tests/chaos/nemesis runs many seeds, takes a failure apart and writes a report.

#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "chaos/nemesis.h"

namespace crossfade::test {
namespace {

/// Those that every test run tries: each fault is among them, and either side of the flip.
constexpr std::uint32_t kSeeds[] = {1, 2, 3};

std::vector<std::size_t> given_steps() {
  std::vector<std::size_t> steps;
  const char* given = std::getenv("CROSSFADE_STEPS");
  std::istringstream text(given == nullptr ? "" : given);
  for (std::string step; std::getline(text, step, ',');) steps.push_back(std::stoul(step));
  return steps;
}

class NemesisTest : public testing::TestWithParam<std::uint32_t> {};

TEST_P(NemesisTest, NothingThatProductionDoesStopsItOrMakesItWrong) {
  const char* given = std::getenv("CROSSFADE_SEED");
  Nemesis nemesis(given == nullptr ? GetParam() : static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10)));
  std::printf("%s\n", nemesis.line().c_str());
  std::fflush(stdout);
  nemesis.run(given_steps());
  std::printf("%s %s\n", HasFailure() ? "failed" : "held", nemesis.line().c_str());
}

INSTANTIATE_TEST_SUITE_P(Seeds, NemesisTest, testing::ValuesIn(kSeeds), [](const auto& of) { return std::to_string(of.param); });

}  // namespace
}  // namespace crossfade::test
