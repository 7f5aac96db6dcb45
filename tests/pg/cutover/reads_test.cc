#include "base/error/exit_code.h"
#include "pg/cutover/workout.h"

namespace crossfade::test {
namespace {

class ReadsTest : public Workout {
 protected:
  void cutover(int percent) { expect_done({"cutover", "reads", "--percent", std::to_string(percent)}); }

  /// Of a thousand keys, those that read v2, as one text.
  std::string on_v2() {
    return move.sql().value("select string_agg(n::text, ' ' order by n) from generate_series(1, 1000) n where crossfade.route('vagus_workout', n) = 'v2'");
  }
  int number_on_v2() {
    return std::stoi(move.sql().value("select count(*) from generate_series(1, 1000) n where crossfade.route('vagus_workout', n) = 'v2'"));
  }
};

TEST_F(ReadsTest, AKeyGoesOverOnceAndStaysUntilTheRollback) {
  EXPECT_EQ(number_on_v2(), 0);
  move.sql().exec("create table went_over (percent int, n int)");
  for (const int percent : {10, 50, 100}) {
    cutover(percent);
    move.sql().exec("insert into went_over select " + std::to_string(percent) + ", n from generate_series(1, 1000) n where crossfade.route('vagus_workout', n) = 'v2'");
    EXPECT_NEAR(number_on_v2(), 10 * percent, 50);
  }
  EXPECT_EQ(move.sql().value("select count(*) from went_over a where percent < 100 and not exists"
                             " (select from went_over b where b.n = a.n and b.percent > a.percent)"), "0") << "nobody goes back on the way up";
  expect_done({"rollback", "reads"});
  EXPECT_EQ(number_on_v2(), 0);
}

TEST_F(ReadsTest, AKeyIsToldByItsTextWhateverItsType) {
  cutover(50);
  EXPECT_EQ(move.sql().value("select bool_and(crossfade.route('vagus_workout', n) = crossfade.route('vagus_workout', n::text)) from generate_series(1, 100) n"), "t");
  EXPECT_EQ(move.sql().value("select crossfade.route('nobody knows it', 1)"), "v1");
}

TEST_F(ReadsTest, EveryFlipIsNotifiedAndAudited) {
  Sql listener(move.conninfo());
  listener.exec("listen crossfade");
  cutover(10);
  expect_done({"rollback", "reads"});
  const auto told = listener.notifications();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_NE(told[0].find("\"percent\" : 10.00"), std::string::npos) << told[0];
  EXPECT_EQ(move.sql().rows("select action, detail ->> 'percent', who <> '', lsn is not null from crossfade.audit order by id"),
            (std::vector<std::string>{"cutover reads|10.00|t|t", "rollback reads|0.00|t|t"}));
  EXPECT_EQ(move.sql().value("select count(distinct f.flip) from crossfade.cutover_step f join crossfade.audit a on a.detail ->> 'flip' = f.flip"), "2");
}

TEST_F(ReadsTest, NothingIsFlippedWhileAnythingStandsInTheWay) {
  move.sql().exec("set crossfade.writer = 'vagus_workout'; update workout_v2.exercises set name = 'by hand' where id = (select min(id::text)::uuid from workout_v2.exercises)");
  EXPECT_EQ(move.call({"verify"}).first, static_cast<int>(ExitCode::kMismatch));
  const auto [exit, text] = move.call({"cutover", "reads"});
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kNotReady)) << text;
  EXPECT_NE(text.find("✗ drift: 1 rows"), std::string::npos) << text;
  EXPECT_NE(text.find("mend: crossfade verify --repair"), std::string::npos) << text;
  EXPECT_EQ(number_on_v2(), 0);
  expect_done({"verify", "--repair"});
  EXPECT_EQ(move.call({"cutover", "reads"}).first, static_cast<int>(ExitCode::kNotReady)) << "a repair proves nothing";
  expect_done({"verify"});
  // As an amendment leaves it: the clean pass proves nothing any more, and what it had overtaken stays overtaken.
  move.sql().exec("update crossfade.shape set changed_at = clock_timestamp()");
  const auto amended = move.call({"cutover", "reads"}).second;
  EXPECT_NE(amended.find("✗ verification: "), std::string::npos) << amended;
  EXPECT_EQ(amended.find("drift"), std::string::npos) << amended;
  expect_done({"verify"});
  cutover(100);
}

TEST_F(ReadsTest, ADryRunSaysTheStepsAndDoesNone) {
  const auto [exit, text] = move.call({"cutover", "reads", "--dry-run"});
  EXPECT_EQ(exit, 0) << text;
  EXPECT_NE(text.find("view workout_app.exercises shows workout_v2.exercises"), std::string::npos) << text;
  EXPECT_EQ(number_on_v2(), 0);
  EXPECT_EQ(move.sql().value("select count(*) from crossfade.audit"), "0");
}

TEST_F(ReadsTest, ASessionThatHoldsAViewIsNamedAndAllIsLeftAsItWas) {
  Sql reader(move.conninfo());
  reader.exec("begin; select from workout_app.exercises limit 1");
  const auto [exit, text] = move.call({"cutover", "reads"});
  EXPECT_NE(exit, 0);
  EXPECT_NE(text.find("pid " + std::to_string(reader.backend_pid())), std::string::npos) << text;
  EXPECT_NE(text.find("workout_app.exercises"), std::string::npos) << text;
  EXPECT_EQ(number_on_v2(), 0);
  EXPECT_EQ(move.sql().value("select count(*) from crossfade.audit"), "0");
  EXPECT_GT(std::stoi(move.sql().value("select max(attempt) from crossfade.cutover_step where outcome <> 'done' and holders like 'pid %'")), 1);
  reader.exec("commit");
  cutover(100);
}

TEST_F(ReadsTest, AWriterReadsWhatItWroteOnceItHasWaited) {
  move.sql().exec("update public.exercises set name = 'written just now' where id = (select id from workout_v2.exercises limit 1)");
  EXPECT_EQ(move.sql().value("select crossfade.wait_for(pg_current_wal_insert_lsn(), '20 s')"), "t");
  EXPECT_EQ(move.sql().value("select count(*) from workout_v2.exercises where name = 'written just now'"), "1");
  EXPECT_EQ(move.sql().value("select crossfade.wait_for('FFFFFFFF/0', '50 ms')"), "f");
}

TEST_F(ReadsTest, WhoHasWrittenAndNotCommittedCannotWaitForIt) {
  Sql writer(move.conninfo());
  writer.exec("begin; update public.exercises set name = 'not yet' where id = (select id from workout_v2.exercises limit 1)");
  try {
    writer.exec("select crossfade.wait_for(pg_current_wal_insert_lsn(), '20 s')");
    ADD_FAILURE() << "it would have said that a row is there that is not";
  } catch (const std::runtime_error& refused) {
    EXPECT_NE(std::string(refused.what()).find("a transaction that has written"), std::string::npos) << refused.what();
  }
}

}  // namespace
}  // namespace crossfade::test
