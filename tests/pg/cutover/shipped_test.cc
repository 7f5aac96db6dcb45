// Each migration that ships, with its sample data, over the cutover of the writes.

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "support/move.h"

namespace crossfade::test {
namespace {

class ShippedCutoverTest : public testing::TestWithParam<const char*> {
 protected:
  ShippedCutoverTest() : move(migration(GetParam())) {
    std::ifstream sample(move.folder() / "sample.sql");
    move.sql().exec("set search_path = public; set crossfade.sample_plans = 60;" + std::string(std::istreambuf_iterator<char>(sample), {}));
    move.start_daemon();
    move.expect_equal();
    call({"verify"});
    call({"account"});
  }

  std::string call(std::vector<std::string> words) {
    const auto [exit, text] = move.call(words);
    EXPECT_EQ(exit, 0) << words.front() << ": " << text;
    return text;
  }
  void flip(const char* group) {
    call({group, "writes", "--confirm", move.name(), "--evidence", (move.server().directory() / "evidence").string()});
  }
  std::string resting_on_either_side() {
    return move.sql().value("select string_agg(tgrelid::regclass || ' ' || tgname, ', ' order by 1) from pg_trigger "
                            "where not tgisinternal and tgenabled = 'D'");
  }

  Move move;
};

TEST_P(ShippedCutoverTest, ItsChecksSayTheSameWhereverTheTablesAre) {
  const auto before = call({"check"});
  const auto resting = resting_on_either_side();
  flip("cutover");
  EXPECT_EQ(call({"check"}), before);
  EXPECT_EQ(resting_on_either_side(), "") << "no package has a trigger on v1's own tables";
  flip("rollback");
  EXPECT_EQ(call({"check"}), before);
  EXPECT_EQ(resting_on_either_side(), resting);
}

INSTANTIATE_TEST_SUITE_P(Package, ShippedCutoverTest, testing::Values("dynprot", "fitness_planning", "gain_grid", "science_schema", "vagus_workout"),
                         [](const auto& package) { return std::string(package.param); });

}  // namespace
}  // namespace crossfade::test
