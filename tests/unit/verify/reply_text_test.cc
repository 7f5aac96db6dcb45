#include "verify/reply_text.h"

#include <gtest/gtest.h>

namespace crossfade::verify {
namespace {

v1::VerifyReply drifted() {
  v1::VerifyReply reply;
  reply.set_migration("gym");
  reply.set_lsn("0/16B3748");
  reply.set_seconds(12.34);
  reply.set_engine_running(true);
  reply.set_compared_rows(2'550'000);
  reply.set_drifted_rows(3);
  auto& plans = *reply.add_targets();
  plans.set_name("plans");
  plans.set_rows(50'000);
  auto& exercises = *reply.add_targets();
  exercises.set_name("exercises");
  exercises.set_rows(2'500'000);
  exercises.set_drifted(3);
  auto& row = *reply.add_rows();
  row.set_target("exercises");
  row.set_key("id 42");
  row.set_side("both");
  auto& column = *row.add_columns();
  column.set_name("title");
  column.set_view("\"Squat\"");
  column.set_shadow("null");
  return reply;
}

TEST(ReportTest, ShowsWhatDriftedRowByRow) {
  EXPECT_EQ(to_text(drifted()),
            "plans              50,000 rows  equal\n"
            "exercises       2,500,000 rows  3 drifted\n"
            "exercises id 42: column title: view \"Squat\", shadow null\n"
            "… and 2 more rows\n"
            "2,550,000 rows compared in 12.3 s, as of 0/16B3748: 3 drifted\n");
  EXPECT_EQ(exit_code(drifted()), ExitCode::kMismatch);
}

TEST(ReportTest, IsContentWithWhatWasRepairedAndSaysSo) {
  auto reply = drifted();
  reply.set_repaired_rows(3);
  EXPECT_EQ(exit_code(reply), ExitCode::kOk);
  EXPECT_NE(to_text(reply).find("3 rows were repaired; only a pass without repairs counts as clean\n"), std::string::npos);
}

TEST(ReportTest, SaysWhatDriftMeansWithoutADaemon) {
  auto reply = drifted();
  reply.set_engine_running(false);
  EXPECT_NE(to_text(reply).find("no daemon runs: what it has still to apply looks like drift\n"), std::string::npos);
}

TEST(ReportTest, ShowsWhereSourceRowsWent) {
  v1::AccountReply reply;
  auto& source = *reply.add_sources();
  source.set_name("public.plans");
  source.set_total(1'000);
  source.set_mapped(989);
  source.set_rejected(10);
  source.set_unaccounted(1);
  auto& reason = *source.add_reasons();
  reason.set_reason("no owner");
  reason.set_rows(10);
  source.add_unaccounted_keys("id 7");
  EXPECT_EQ(to_text(reply),
            "public.plans           1,000 rows: 989 mapped, 10 rejected, 1 unaccounted\n"
            "  10 rejected: no owner\n"
            "  unaccounted: id 7\n"
            "1 rows are neither mapped nor rejected: mend the views, or name the rows in rejects.sql; then crossfade amend\n");
  EXPECT_EQ(exit_code(reply), ExitCode::kMismatch);
}

TEST(ReportTest, ShowsChecksAndTheirTotals) {
  v1::CheckReply reply;
  auto& passed = *reply.add_checks();
  passed.set_name("plans have owners");
  passed.set_verdict("PASS");
  auto& failed = *reply.add_checks();
  failed.set_name("days have labels");
  failed.set_verdict("FAIL");
  failed.set_expected("0");
  failed.set_found("17");
  reply.set_passed(1);
  reply.set_failed(1);
  EXPECT_EQ(to_text(reply), "PASS  plans have owners\nFAIL  days have labels: expected 0, found 17\n1 passed, 0 warned, 1 failed\n");
  EXPECT_EQ(exit_code(reply), ExitCode::kMismatch);
}

}  // namespace
}  // namespace crossfade::verify
