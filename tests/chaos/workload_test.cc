// Every migration that ships, moved under a random live workload. The seed is printed; CROSSFADE_SEED repeats a run, and
// CROSSFADE_STATEMENTS makes it longer.

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "support/move.h"
#include "support/workload.h"
#include "support/writers.h"

namespace crossfade::test {
namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The names of the folders in sql/migrations.
std::vector<std::string> shipped() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(migration(""))) {
    if (entry.is_directory()) names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class WorkloadTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    move.sql().exec(fmt::format("set crossfade.sample_seed = {};", seed() % 1000) + read(migration(GetParam()) / "sample.sql"));
  }

  void expect_answer(const std::vector<std::string>& words, const std::string& text) {
    const auto [exit, output] = move.call(words);
    EXPECT_EQ(exit, 0) << output;
    EXPECT_NE(output.find(text), std::string::npos) << output;
  }

  /// Everything that has been promised of a quiet moment.
  void expect_all_well() {
    move.expect_equal();
    expect_answer({"verify"}, ": equal");
    expect_answer({"account"}, "every row is accounted for");
    expect_answer({"check", "--when", "after"}, " 0 failed");
  }

  static std::uint64_t statements() {
    const char* given = std::getenv("CROSSFADE_STATEMENTS");
    return given ? std::strtoull(given, nullptr, 10) : 400;
  }

  Move move{migration(GetParam())};
};

TEST_P(WorkloadTest, EndsEqualWithEveryRowAccountedFor) {
  const Workload workload(move.sql(), move.folder());
  {
    Writers writers(move.conninfo(), 3, [&](Random& random) { return workload.draw_one(random); });
    writers.expect_progress(statements() / 4);
    move.start_daemon();
    ASSERT_TRUE(move.logged("following"));
    writers.expect_progress(statements());
  }
  expect_all_well();
  move.stop_daemon();
}

TEST_P(WorkloadTest, ATruncatedTableTakesWhatHangsOnItAlong) {
  const Workload workload(move.sql(), move.folder());
  Random random(seed());
  move.start_daemon();
  ASSERT_TRUE(move.logged("following"));
  auto tables = move.sql().rows("select format('%I.%I', schemaname, tablename) from pg_publication_tables order by 1");
  std::shuffle(tables.begin(), tables.end(), random);
  for (const auto& table : tables) {
    move.sql().exec(fmt::format("begin; {}; truncate {} cascade; {}; commit", workload.own(random), table, workload.own(random)));
    move.expect_equal();
  }
  expect_all_well();
  move.stop_daemon();
}

INSTANTIATE_TEST_SUITE_P(Shipped, WorkloadTest, testing::ValuesIn(shipped()), [](const auto& of) { return of.param; });

}  // namespace
}  // namespace crossfade::test
