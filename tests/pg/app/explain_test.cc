#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "base/error/exit_code.h"
#include "support/move.h"

namespace crossfade::test {
namespace {

using Lines = std::vector<std::string>;

/// Migration gym: plans with generated weeks, and exercises that show their plan's owner; v2 wants a title.
class ExplainTest : public testing::Test {
 protected:
  explicit ExplainTest(const std::string& name = "gym") : move(test_migration(name)) {
    move.start_daemon();
    move.expect_equal();
  }

  std::string explain(Lines words, ExitCode expected = ExitCode::kOk) {
    words.insert(words.begin(), "explain");
    const auto [exit, text] = move.call(words);
    EXPECT_EQ(exit, static_cast<int>(expected)) << text;
    return text;
  }
  static void expect_has(const std::string& text, const Lines& parts) {
    for (const auto& part : parts) EXPECT_NE(text.find(part), std::string::npos) << part << "\nin\n" << text;
  }

  Move move;
};

TEST_F(ExplainTest, ShowsWhatLiesBehindARowThatIsWell) {
  const auto xid = move.sql().value("select xmin from gym_v2.exercises where id = 6");
  const auto text = explain({"exercises", "6"});
  expect_has(text, {"exercises id 6: equal\n", "public.exercises  (id: id)\n    {\"id\": 6,", "public.plans  (plan_id: id)\n    {\"id\": 7, \"owner\": \"owner 0\"",
                    "  id 6  equal\n", "written by transaction " + xid + "\n", "nothing of it waits in crossfade.dirty\n", "nothing of it is in quarantine\n",
                    "readable up to "});
}

TEST_F(ExplainTest, AKeyMayNameManyRowsByAnyLocator) {
  const auto text = explain({"exercises", "plan_id=7"});
  expect_has(text, {"exercises plan_id 7: equal\n", "public.plans  (plan_id: id)\n    {\"id\": 7,", "  id 6  equal\n", "  id 906  equal\n"});
  expect_has(explain({"weeks", "7"}), {"weeks plan_id 7: equal\n", "  plan_id 7, number 1  equal\n"});
  expect_has(explain({"exercises", "title=x"}, ExitCode::kUsage), {"invalid input syntax for type integer", "column=value for each column of one: id; plan_id"});
  expect_has(explain({"exercices", "7"}, ExitCode::kUsage), {"there is no target exercices"});
  expect_has(explain({"exercises"}), {"exercises: ", " keys tried, one by one; ", " rows  id ", " rows  plan_id ", "actual time="});
  expect_has(explain({"--target", "weeks"}), {"weeks: ", " rows  plan_id "});
  expect_has(explain({"--target", "weeks", "exercises", "7"}, ExitCode::kUsage), {"explain wants one target"});
  expect_has(explain({}, ExitCode::kUsage), {"explain wants one target"});
  expect_has(explain({"exercises", "plan_id=null"}), {"exercises plan_id null: neither the view nor the shadow table has a row"});
  expect_has(explain({"weeks", "plan_id=7", "number=1"}), {"weeks plan_id, number 7, 1: equal\n", "  plan_id 7, number 1  equal\n"});
  expect_has(explain({"exercises", "123456"}), {"neither the view nor the shadow table has a row", "public.exercises  (id: id): no row"});
}

TEST_F(ExplainTest, ARefreshTakesTheKeysThatAnExplanationTakes) {
  const auto refresh = [&](Lines words, int expected = 0) {
    words.insert(words.begin(), "refresh");
    const auto [exit, text] = move.call(words);
    EXPECT_EQ(exit, expected) << text;
    return text;
  };
  // Nobody but a refresh brings these back.
  const auto spoil = [&] { move.sql().exec("set crossfade.writer = 'gym'; update gym_v2.exercises set title = 'spoiled' where plan_id = 7; reset crossfade.writer"); };
  const auto spoiled = [&] { return move.sql().value("select string_agg(id::text, ' ' order by id) from gym_v2.exercises where title = 'spoiled'"); };
  const auto left = [&](const std::string& ids) { EXPECT_TRUE(eventually([&] { return spoiled() == ids; }, kLimit)) << spoiled(); };
  spoil();
  left("6 106 206 306 406 506 606 706 806 906");
  EXPECT_EQ(refresh({"exercises", "id=6"}), "1 keys are offered.\n");
  left("106 206 306 406 506 606 706 806 906");
  EXPECT_EQ(refresh({"exercises", "id=106", "id=206"}), "2 keys are offered.\n");
  left("306 406 506 606 706 806 906");
  EXPECT_EQ(refresh({"exercises", "plan_id=7"}), "10 keys are offered.\n");
  left("");
  EXPECT_EQ(refresh({"weeks", "plan_id=7", "number=1"}), "1 keys are offered.\n");
  EXPECT_EQ(refresh({"exercises", "6", "7"}), "2 keys are offered.\n");
  expect_has(refresh({"exercises", "id=x"}, static_cast<int>(ExitCode::kUsage)), {"x is no key of exercises"});
  expect_has(refresh({"exercises", "plan_id=x"}, static_cast<int>(ExitCode::kUsage)), {"invalid input syntax for type integer"});
  expect_has(refresh({"exercises", "id=6", "number=1"}, static_cast<int>(ExitCode::kUsage)), {"are not located by", "column=value for each column of one: id; plan_id"});
}

TEST_F(ExplainTest, ARefusedRowIsShownWithTheReason) {
  move.sql().exec("update exercises set title = null where id = 6");
  move.expect_caught_up();
  const auto text = explain({"exercises", "6"}, ExitCode::kMismatch);
  expect_has(text, {"exercises id 6: differs, because the key is in quarantine", "column title: view null, shadow \"exercise 6\"\n", "in quarantine\n  id 6  23502 title: ",
                    "tried 1 times since "});
  expect_has(explain({"exercises", "plan_id=7"}, ExitCode::kMismatch), {"in quarantine\n  id 6  23502 title: "});
}

TEST_F(ExplainTest, WhatWaitsAndWhatNobodyAppliesIsTold) {
  move.stop_daemon();
  move.sql().exec("update exercises set title = 'later' where id = 6; delete from exercises where id = 7");
  expect_has(explain({"exercises", "6"}, ExitCode::kMismatch), {"differs; no daemon runs", "column title: view \"later\", shadow \"exercise 6\""});
  expect_has(explain({"exercises", "7"}, ExitCode::kMismatch), {"public.exercises  (id: id): no row", "  id 7  differs\n    view    no row\n    shadow  {"});
  move.sql().exec("insert into crossfade.dirty (migration, target, locator, key) values ('gym', 'exercises', 'plan_id', '{7}')");
  const auto text = explain({"exercises", "6", "--json"}, ExitCode::kMismatch);
  expect_has(text, {R"("pending":[{"key":"plan_id 7","times":1}])", R"("engine_running":false)", R"("direction":"forward")", R"("name":"title","view":"\"later\"")"});
  expect_has(explain({"exercises", "6"}, ExitCode::kMismatch), {"differs, and waits in crossfade.dirty"});
}

TEST_F(ExplainTest, AViewThatFailsForAKeyIsNamed) {
  move.stop_daemon();
  move.sql().exec("create or replace view gym_map.exercises as select e.id, e.plan_id, p.owner, (1 / (e.day - 6))::text as title"
                  " from exercises e join plans p on p.id = e.plan_id");
  expect_has(explain({"exercises", "6"}, ExitCode::kMismatch), {"exercises id 6: the view fails for it: division by zero\n", "public.exercises  (id: id)\n    {\"id\": 6,"});
}

TEST_F(ExplainTest, OnceTheWritesHaveMovedTheOldTablesAreTheTargets) {
  EXPECT_EQ(move.call({"verify"}).first, 0);
  EXPECT_EQ(move.call({"account"}).first, 0);
  const auto [exit, text] = move.call({"cutover", "writes", "--confirm", "gym", "--evidence", (move.server().directory() / "evidence").string()});
  ASSERT_EQ(exit, 0) << text;
  move.sql().exec("insert into weeks values (7, 99)");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select max(duration) from plans_v1 where id = 7") == move.sql().value("select count(*) from weeks where plan_id = 7"); }, kLimit));
  expect_has(explain({"plans", "7"}), {"plans id 7: equal\nv2 rows that lead to it\n", "public.weeks  (id: plan_id)\n", "\"number\": 99, \"plan_id\": 7", "\"duration\": "});
}

class ExplainSeatsTest : public ExplainTest {
 protected:
  ExplainSeatsTest() : ExplainTest("seats") {}
};

TEST_F(ExplainSeatsTest, WhatALookAtSelectsMakesIsNotTakenForSomebodysFunction) {
  const auto [exit, text] = move.call({"plan"});
  EXPECT_EQ(exit, 0) << text;
  EXPECT_EQ(text.find("crossfade_lookup"), std::string::npos) << text;
}

TEST_F(ExplainSeatsTest, ASourceThatIsLookedUpIsFoundToo) {
  const auto hall = move.sql().value("select h.name from bookings b join seats s on s.id = b.seat_id join halls h on h.id = s.hall_id where b.id = 42");
  expect_has(explain({"bookings", "42"}), {"bookings id 42: equal\n", "public.halls  (seat_id: a select)\n    {", fmt::format("\"name\": \"{}\"", hall), "public.seats  (seat_id: id)\n    {\"id\": 42,"});
}

/// Rows of the target are told by what is computed alone: no column of it is a column of v1.
TEST(ExplainComputedKeyTest, ARowIsFoundByItsPrimaryKeyAndItsCostByTheRowsOfV1) {
  const auto folder = std::filesystem::path(testing::TempDir()) / fmt::format("explain-{}", getpid()) / "labels";
  std::filesystem::create_directories(folder);
  const auto write = [&](const char* name, const char* text) { std::ofstream(folder / name) << text; };
  write("v1.sql", "create table things (id int primary key, name text); insert into things select n, 'thing ' || n from generate_series(1, 50) n; analyze things;");
  write("v2.sql", "create table labels_v2.labels (label text primary key, name text);");
  write("mapping.sql", "create view labels_map.labels as select 'L' || t.id as label, t.name from public.things t;");
  write("migration.yaml", "migration: labels\nschemas: {shadow: labels_v2, mapping: labels_map}\nsources: {things: {key: [id]}}\ntargets: {labels: {}}\n");
  {
    Move move(folder);
    move.start_daemon();
    move.expect_equal();
    const auto [exit, text] = move.call({"explain", "labels", "L7"});
    EXPECT_EQ(exit, 0) << text;
    for (const auto* part : {"labels label L7: equal\n", "public.things  (label: a select)\n    {\"id\": 7,"}) EXPECT_NE(text.find(part), std::string::npos) << text;
    const auto cost = move.call({"explain", "--target", "labels"}).second;
    // By the rows that change, and by its own key.
    EXPECT_NE(cost.find("10 keys tried, one by one"), std::string::npos) << cost;
    move.stop_daemon();
  }
  std::filesystem::remove_all(folder.parent_path());
}

}  // namespace
}  // namespace crossfade::test
