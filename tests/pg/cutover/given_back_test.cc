#include <unistd.h>

#include <filesystem>

#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// Forward it trims names and leaves out returns before the rental; the way back knows no better.
std::filesystem::path rentals() {
  auto folder = write_down({"create table rental (id int primary key, name text not null, day int not null, returned int, note text);"
                            "insert into rental select n, case when n <= 3 then ' n' else 'n' end || n, 10, case when n % 10 = 0 then 5 else 20 end, 'x' from generate_series(1, 100) n;",
                            "create table small_v2.rental (id int primary key, name text not null, during int4range not null, note text);",
                            "create view small_map.rental as select id, trim(name) as name, int4range(day, case when returned >= day then returned end) as during, note from public.rental;",
                            "sources: {rental: {key: [id]}}\ntargets: {rental: {}}\nreverse: {rental: {}}\n"});
  write_way_back(folder, "create view small_unmap.rental as select id, name, lower(during) as day, upper(during) as returned, note from small_v2.rental;");
  return folder;
}

/// What reverse.sql makes of v2 is not what v1 has, and v1 has the only copy.
class GivenBackTest : public testing::Test {
 protected:
  ~GivenBackTest() override { std::filesystem::remove_all(evidence); }

  void ready() {
    move.follow();
    done({"verify"});
    done({"account"});
  }
  std::string done(const std::vector<std::string>& words) {
    const auto [exit, text] = move.call(words);
    EXPECT_EQ(exit, 0) << words.front() << ": " << text;
    return text;
  }
  std::string flip() { return done({"cutover", "writes", "--confirm", "small", "--evidence", evidence.string()}); }

  SmallMove move{rentals()};
  const std::filesystem::path evidence = std::filesystem::path(testing::TempDir()) / ("given-back-" + std::to_string(getpid()));
};

constexpr auto kTold = "13 of 100 rows of rental come back otherwise (";

TEST_F(GivenBackTest, LintOfTheWayBackSaysWhichRowsDoNotComeBack) {
  const auto text = done({"lint", "--reverse", "--samples", "1"});
  EXPECT_NE(text.find(std::string("v1 does not come back as it is: ") + kTold), std::string::npos) << text;
  EXPECT_NE(done({"lint", "--reverse", "--samples", "1", "--json"}).find(R"("table":"rental","rows":13,"compared":100)"), std::string::npos);
}

TEST_F(GivenBackTest, TheDryRunAndTheMoveSayIt) {
  ready();
  const auto text = done({"cutover", "writes", "--dry-run"});
  EXPECT_NE(text.find(std::string("! rows back: ") + kTold), std::string::npos) << text;
  EXPECT_NE(text.find("docs/cutover.md#what-does-not-come-back"), std::string::npos) << text;
  EXPECT_NE(done({"cutover", "writes", "--dry-run", "--json"}).find(R"("noted":true)"), std::string::npos);
  EXPECT_NE(flip().find(kTold), std::string::npos);
}

TEST_F(GivenBackTest, WhatComesBackAsItIsIsSaidToo) {
  move.sql().exec("update rental set name = trim(name), returned = 20");
  ready();
  const auto text = done({"cutover", "writes", "--dry-run"});
  EXPECT_NE(text.find("✓ rows back: "), std::string::npos) << text;
}

TEST_F(GivenBackTest, ARepairOfV1IsCalledThat) {
  ready();
  flip();
  ASSERT_TRUE(eventually([&] { return move.sql().value("select phase from crossfade.migration") == "following"; }, kLimit));
  const auto [exit, text] = move.call({"verify"});
  EXPECT_EQ(exit, 4) << text;
  EXPECT_NE(text.find("crossfade verify --repair overwrites them with what reverse.sql makes of v2"), std::string::npos) << text;
  EXPECT_NE(text.find("  rental: 13 rows ("), std::string::npos) << text;
  EXPECT_NE(text.find("returned"), std::string::npos) << text;
  for (const auto& words : {std::vector<std::string>{"rollback", "writes", "--dry-run"}, {"status"}}) {
    const auto said = move.call(words).second;
    EXPECT_NE(said.find("13 rows of v1 had drifted"), std::string::npos) << said;
    EXPECT_NE(said.find("overwrites these rows of v1"), std::string::npos) << said;
  }
  EXPECT_NE(done({"verify", "--repair"}).find("Rows of v1 were overwritten with what reverse.sql makes of v2:\n  rental: 13 rows ("), std::string::npos);
}

}  // namespace
}  // namespace crossfade::test
