#include "mapping/sql/statements.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "unit/mapping/statement_samples.h"

namespace crossfade::mapping {
namespace {

namespace fs = std::filesystem;

std::string golden_text(const test::StatementSample& sample) {
  std::string out;
  for (const auto& [title, sql] : sample.statements) out += (out.empty() ? "-- " : "\n-- ") + title + "\n" + sql + ";\n";
  return out;
}

fs::path golden_path(const test::StatementSample& sample) { return fs::path(CROSSFADE_GOLDEN) / ("statements_" + sample.file + ".sql"); }

class StatementsGolden : public testing::TestWithParam<test::StatementSample> {};

/// With CROSSFADE_UPDATE_GOLDEN=1 in the environment the files are written anew; what changed is then read in the diff.
TEST_P(StatementsGolden, AreAsInTheirGoldenFile) {
  const auto path = golden_path(GetParam());
  if (std::getenv("CROSSFADE_UPDATE_GOLDEN")) std::ofstream(path) << golden_text(GetParam());
  std::ifstream file(path);
  ASSERT_TRUE(file) << path << " is not there; CROSSFADE_UPDATE_GOLDEN=1 writes it";
  const std::string golden{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(golden_text(GetParam()), golden) << path;
}

INSTANTIATE_TEST_SUITE_P(Statements, StatementsGolden, testing::ValuesIn(test::statement_samples(test::sample_model())),
                         [](const auto& param) { return param.param.file; });

TEST(StatementsGoldenFiles, BelongToASampleEach) {
  std::set<fs::path> expected;
  for (const auto& sample : test::statement_samples(test::sample_model())) expected.insert(golden_path(sample));
  for (const auto& entry : fs::directory_iterator(CROSSFADE_GOLDEN)) {
    const bool ours = entry.path().filename().string().starts_with("statements_");
    EXPECT_TRUE(!ours || expected.contains(entry.path())) << entry.path();
  }
}

TEST(RangePicks, NullsBelongToTheStretchWithoutAnUpperBound) {
  EXPECT_EQ(range_picks({}).size(), 1U) << "no bounds: the condition is true of nulls too";
  EXPECT_EQ(range_picks({"1", "2", true}).size(), 1U);
  const auto last = range_picks({"1", std::nullopt, true});
  ASSERT_EQ(last.size(), 2U);
  EXPECT_EQ(last[1].form, KeyFilter::Form::kNoChunkKey);
  EXPECT_EQ(range_picks({"1", std::nullopt, false}).size(), 1U);
}

TEST(RangePicks, TakeTheirBoundsLowBeforeHigh) {
  EXPECT_EQ(range_parameters({"1", "2", true}), (std::vector<std::optional<std::string>>{"1", "2"}));
  EXPECT_EQ(range_parameters({std::nullopt, "2", true}), (std::vector<std::optional<std::string>>{"2"}));
  EXPECT_TRUE(range_parameters({}).empty());
}

TEST(Statements, NeverSayNotIn) {
  for (const auto& sample : test::statement_samples(test::sample_model())) {
    for (const auto& [title, sql] : sample.statements) EXPECT_EQ(sql.find("not in"), std::string::npos) << sample.file << ": " << title;
  }
}

}  // namespace
}  // namespace crossfade::mapping
