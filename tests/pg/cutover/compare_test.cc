#include <fmt/format.h>

#include <fstream>

#include "base/error/exit_code.h"
#include "support/move.h"

namespace crossfade::test {
namespace {

/// An application's query on the gym's v1 and v2.
class CompareQueryTest : public testing::Test {
 protected:
  CompareQueryTest() {
    move.start_daemon();
    move.expect_equal();
  }

  std::pair<int, std::string> compare(const std::string& v1, const std::string& v2, const std::string& keys = kKeys, std::vector<std::string> more = {}) {
    write(v1, v2, keys);
    more.insert(more.begin(), {"compare", "--query", file.string()});
    return move.call(more);
  }
  void write(const std::string& v1, const std::string& v2, const std::string& keys) const {
    std::ofstream(file) << "-- v1\n" << v1 << "\n-- v2\n" << v2 << "\n-- keys\n" << keys << "\n";
  }
  static void expect(const std::pair<int, std::string>& outcome, ExitCode exit, const std::string& text) {
    EXPECT_EQ(outcome.first, static_cast<int>(exit)) << outcome.second;
    EXPECT_NE(outcome.second.find(text), std::string::npos) << outcome.second;
  }

  static constexpr auto kKeys = "select id from plans order by id limit 50";
  static constexpr auto kOnV1 = "select e.id, e.title, p.owner from exercises e join plans p on p.id = e.plan_id where p.id = $1 order by e.id";
  static constexpr auto kOnV2 = "select id, title, owner from exercises where plan_id = $1 order by id";
  Move move{test_migration("gym")};
  const std::filesystem::path file = move.server().directory() / "compared.sql";
};

TEST_F(CompareQueryTest, TwoQueriesThatSayTheSameAreEqual) {
  expect(compare(kOnV1, kOnV2), ExitCode::kOk, "50 keys asked: 50 equal, 0 differ");
  expect(compare(kOnV1, kOnV2, kKeys, {"--json"}), ExitCode::kOk, "\"differing\":0");
}

TEST_F(CompareQueryTest, AnswersThatDifferAreShownByKey) {
  move.sql().exec("set crossfade.writer = 'gym'; update gym_v2.exercises set title = 'drifted' where id = 7");
  expect(compare(kOnV1, kOnV2), ExitCode::kMismatch, "key 8: row 1, title: v1 \"exercise 7\", v2 \"drifted\"\n50 keys asked: 49 equal, 1 differ");
  expect(compare(kOnV1, std::string(kOnV2) + " desc", "select 3"), ExitCode::kMismatch, "key 3: the same rows in another order");
}

TEST_F(CompareQueryTest, ColumnsOfOtherNamesAreSaidOnceWithWhatMendsThem) {
  const auto outcome = compare(kOnV1, "select id, title, owner as who from exercises where plan_id = $1 order by id");
  expect(outcome, ExitCode::kMismatch, "key 1 and 19 more: columns: v1 (id, title, owner), v2 (id, title, who)\n… and 30 more keys\n50 keys asked");
  expect(outcome, ExitCode::kMismatch, "next: give the columns of both statements the same names, in the same order: … as name\n");
}

TEST_F(CompareQueryTest, WhatV1DoesNotGiveTwiceAlikeIsNotCompared) {
  const std::string query = "select clock_timestamp() as seen, owner, n from plans cross join generate_series(1, 20) n where id = $1 order by random()";
  expect(compare(query, query), ExitCode::kOk, "not compared, because v1 does not give it twice alike: seen, the order of rows");
  expect(compare("select random() where $1 <> '' and random() < 0.5", "select random() where $1 <> ''"), ExitCode::kUsage, "v1 gives other rows for key");
}

TEST_F(CompareQueryTest, AChangeThatIsOnItsWayIsWaitedFor) {
  ASSERT_EQ(move.call({"pause"}).first, 0);
  move.sql().exec("update plans set owner = 'changed' where id <= 3");
  write(kOnV1, kOnV2, kKeys);
  const auto comparing = move.start({"compare", "--query", file.string()});
  ASSERT_TRUE(eventually([&] { return move.sql().value("select count(*) from pg_stat_activity where application_name like 'crossfade%compare%' and query like '%crossfade.leader%'") != "0"; }, kLimit))
      << "it waits for v2";
  ASSERT_EQ(move.call({"resume"}).first, 0);
  EXPECT_EQ(comparing->exit_within(kLimit), 0) << comparing->output();
  EXPECT_NE(comparing->output().find("3 of the equal ones were late"), std::string::npos) << comparing->output();
}

TEST_F(CompareQueryTest, WithoutADaemonADifferenceIsNotJudged) {
  move.stop_daemon();
  expect(compare(kOnV1, kOnV2), ExitCode::kOk, "50 equal");
  move.sql().exec("update plans set owner = 'changed' where id <= 3");
  expect(compare(kOnV1, kOnV2), ExitCode::kNotReady, "3 keys differ, e.g. 1: row 1, owner: v1 \"changed\", v2 \"owner 1\"");
}

TEST_F(CompareQueryTest, ItOnlyReadsAndSaysWhatIsWrongWithTheFile) {
  expect(compare("delete from exercises where plan_id = $1 returning id", kOnV2), ExitCode::kPrecondition, "read-only");
  expect(compare("select id from no_table where id = $1", kOnV2), ExitCode::kPrecondition, "no_table");
  expect(compare(kOnV1, kOnV2, "select id from plans where false"), ExitCode::kUsage, "gives no key");
  EXPECT_EQ(move.call({"compare", "--query", "/no/such/file"}).first, static_cast<int>(ExitCode::kUsage));
}

}  // namespace
}  // namespace crossfade::test
