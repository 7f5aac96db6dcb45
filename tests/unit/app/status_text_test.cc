#include "app/status/status_text.h"
#include "app/status/checklist.h"
#include "base/text/human.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

namespace crossfade::app {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr double kNow = 1'700'000'000;

class StatusTextTest : public testing::Test {
 protected:
  StatusTextTest() {
    status.set_migration("gym");
    status.set_phase("following");
    status.set_phase_since(kNow - 600);
    status.mutable_reads()->set_side("v1");
    status.mutable_writes()->set_side("v1");
    status.mutable_slot()->set_name("crossfade_gym");
    status.mutable_slot()->set_wal_status("reserved");
    status.mutable_slot()->set_retained_bytes(3.2 * 1024 * 1024);
  }

  void target(const std::string& name, double done, double estimated, bool finished = false) {
    auto& target = *status.mutable_backfill()->add_targets();
    target.set_name(name);
    target.set_done_rows(done);
    target.set_estimated_rows(estimated);
    target.set_finished(finished);
  }
  std::string block() const { return status_block(status, kNow); }
  std::string line() const { return status_line(status, kNow); }

  v1::Status status;
};

TEST_F(StatusTextTest, NumbersAreWrittenForPeople) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(3.2 * 1024 * 1024 * 1024), "3.2 GiB");
  EXPECT_EQ(human_bytes(5e18), "4547473.5 TiB");
  EXPECT_EQ(human_count(0), "0");
  EXPECT_EQ(human_count(999), "999");
  EXPECT_EQ(human_count(1204), "1,204");
  EXPECT_EQ(human_count(2550000), "2,550,000");
  EXPECT_EQ(human_seconds(0), "0 ms");
  EXPECT_EQ(human_seconds(0.012), "12 ms");
  EXPECT_EQ(human_seconds(1.25), "1.2 s");
  EXPECT_EQ(human_seconds(720), "12 min");
  EXPECT_EQ(human_seconds(7200), "2.0 h");
  EXPECT_EQ(human_seconds(3 * 86400), "3.0 days");
}

TEST_F(StatusTextTest, AWordOfACommandIsOneWordOfAShellToo) {
  EXPECT_EQ(shell_word("20"), "20");
  EXPECT_EQ(shell_word("{7,1}"), "'{7,1}'") << "bash makes two words of it";
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word(""), "''");
}

TEST_F(StatusTextTest, WhichDatabaseItIsStandsAtItsHead) {
  EXPECT_THAT(block(), StartsWith("migration    gym\nphase"));
  auto& database = *status.mutable_database();
  database.set_name("shop");
  database.set_server("10.0.0.7:5432");
  database.set_version("15.4");
  EXPECT_THAT(block(), StartsWith("migration    gym\ndatabase     shop at 10.0.0.7:5432, PostgreSQL 15.4\nphase"));
  database.set_environment("production");
  EXPECT_THAT(block(), HasSubstr("PostgreSQL 15.4, production\n"));
}

TEST_F(StatusTextTest, WhatIsSlowHasAName) {
  auto& slowest = *status.mutable_slowest();
  slowest.set_target("sales_by_genre");
  slowest.set_refresh_seconds(0.41);
  slowest.set_keys(12);
  EXPECT_THAT(block(), HasSubstr("slowest      sales_by_genre, 410 ms a refresh, 12 keys waiting\n"));
  slowest.set_refresh_seconds(0.004);
  EXPECT_THAT(block(), Not(HasSubstr("slowest"))) << "nobody looks for that";
}

TEST_F(StatusTextTest, WhoKeepsOneOfUsFromALockIsNamed) {
  auto& wait = *status.add_lock_waits();
  wait.set_session("build");
  wait.set_since(kNow - 90);
  wait.set_holders("pid 7 (app, idle in transaction, for 100 s): select 1");
  EXPECT_THAT(block(), HasSubstr("waits        build, for 90.0 s, for pid 7 (app, idle in transaction, for 100 s): select 1\n"));
}

TEST_F(StatusTextTest, WhatWasProvedOfSomethingElseCountsNoMore) {
  status.mutable_verification()->set_compared_rows(10);
  EXPECT_THAT(block(), Not(HasSubstr("counts no more")));
  status.add_blockers()->set_reason("verification");
  EXPECT_THAT(block(), HasSubstr("10 rows compared, 0 drifted; it counts no more\n"));
}

TEST_F(StatusTextTest, OfWhatHasEndedNothingIsFollowed) {
  EXPECT_THAT(block(), testing::AllOf(HasSubstr("\nlag "), HasSubstr("\nslot "), HasSubstr("\nwaiting ")));
  status.set_phase("completed");
  EXPECT_THAT(block(), testing::AllOf(Not(HasSubstr("\nlag ")), Not(HasSubstr("\nslot ")), Not(HasSubstr("\nwaiting ")), HasSubstr("\nwrites ")));
  EXPECT_EQ(line(), "completed");
}

TEST_F(StatusTextTest, ThePhaseSaysHowLongItHasLasted) {
  EXPECT_THAT(block(), HasSubstr("phase        following, for 10 min\n"));
  status.set_catching_up(true);
  status.set_paused(true);
  EXPECT_THAT(block(), HasSubstr("phase        following, catching up, paused, for 10 min\n"));
}

TEST_F(StatusTextTest, AClockBehindTheServersGivesNoNegativeTime) {
  status.set_phase_since(kNow + 5);
  EXPECT_THAT(block(), HasSubstr("following, for 0 ms"));
}

TEST_F(StatusTextTest, EveryTargetHasALineWhileOneIsBeingFilled) {
  target("weeks", 10, 10, true);
  target("days", 1204, 2408);
  EXPECT_THAT(block(), HasSubstr("weeks                      ######################## 100 %  10 rows\n"));
  EXPECT_THAT(block(), HasSubstr("days                       ############............  50 %  1,204 rows\n"));
}

TEST_F(StatusTextTest, ALineOfATargetFitsItsTerminal) {
  target("days", 1'204'000, 2'408'000);
  status.mutable_backfill()->mutable_targets(0)->set_eta_seconds(720);
  const std::string whole = "days                       ############............  50 %  1,204,000 rows, about 12 min left";
  EXPECT_THAT(block(), HasSubstr(whole + "\n"));
  EXPECT_THAT(status_block(status, kNow, {}, 13 + whole.size()), HasSubstr(whole + "\n"));
  EXPECT_THAT(status_block(status, kNow, {}, 13 + whole.size() - 6), HasSubstr("days                       #########.........  50 %  1,204,000 rows, about 12 min left\n"));
  EXPECT_THAT(status_block(status, kNow, {}, 40), HasSubstr("days                       ##..  50 %  1,204,000 rows")) << "a bar of four says something still";
}

TEST_F(StatusTextTest, AChecklistFitsItsTerminalAndACommandStaysInOnePiece) {
  const std::vector<cutover::Condition> list = {{"lag", "v2 is more than 10 s behind, and nobody knows how long that will last", "crossfade wait --lag 10s --timeout 10min --and-much-more"}};
  EXPECT_EQ(checklist_text(list), "✗ lag: v2 is more than 10 s behind, and nobody knows how long that will last\n  mend: crossfade wait --lag 10s --timeout 10min --and-much-more\n");
  EXPECT_EQ(checklist_text(list, {}, 50), "✗ lag: v2 is more than 10 s behind, and nobody\n  knows how long that will last\n  mend: crossfade wait --lag 10s --timeout 10min --and-much-more\n");
}

TEST_F(StatusTextTest, OnceAllAreFilledTheirLinesAreGone) {
  target("weeks", 10, 10, true);
  EXPECT_THAT(block(), Not(HasSubstr("weeks")));
  EXPECT_THAT(block(), Not(HasSubstr("rows/s")));
}

TEST_F(StatusTextTest, AnEstimateThatWasTooLowNeverMakesMoreThan99Percent) {
  target("days", 5000, 1000);
  EXPECT_THAT(block(), HasSubstr(" 99 %"));
  EXPECT_THAT(block(), Not(HasSubstr("500 %")));
  EXPECT_THAT(line(), Not(HasSubstr("500 %")));
}

TEST_F(StatusTextTest, WithoutAnEstimateNothingIsSaidToBeDone) {
  target("days", 5000, 0);
  EXPECT_THAT(block(), HasSubstr("  0 %  5,000 rows"));
}

TEST_F(StatusTextTest, TheTimeLeftIsAbsentUntilItMeansSomething) {
  target("days", 10, 1000);
  status.mutable_backfill()->set_rows_per_second(50);
  EXPECT_THAT(block(), Not(HasSubstr("left")));
  status.mutable_backfill()->set_eta_seconds(180);
  EXPECT_THAT(block(), HasSubstr("50 rows/s, about 3 min left\n"));
  status.mutable_backfill()->mutable_targets(0)->set_eta_seconds(20);
  EXPECT_THAT(block(), HasSubstr("  1 %  10 rows, about 20.0 s left\n"));
}

TEST_F(StatusTextTest, LagIsNotZeroBeforeItIsKnown) {
  EXPECT_THAT(block(), HasSubstr("lag          not known yet; "));
  status.mutable_lag()->set_seconds(0.012);
  status.mutable_lag()->mutable_bytes()->set_applied(2048);
  EXPECT_THAT(block(), HasSubstr("lag          12 ms; to receive 0 B, to apply 2.0 KiB, to confirm 0 B\n"));
}

TEST_F(StatusTextTest, TheSlotSaysWhatItKeepsAndHowMuchIsSafe) {
  EXPECT_THAT(block(), HasSubstr("slot         crossfade_gym, not active, reserved, keeps 3.2 MiB\n"));
  status.mutable_slot()->set_safe_bytes(1024 * 1024);
  EXPECT_THAT(block(), HasSubstr("keeps 3.2 MiB, safe for 1.0 MiB more\n"));
}

TEST_F(StatusTextTest, WorkThatIsHeldBackSaysWhy) {
  EXPECT_THAT(block(), Not(HasSubstr("held back")));
  status.mutable_throttled()->set_by("replica_lag");
  status.mutable_throttled()->set_since(kNow - 30);
  EXPECT_THAT(block(), HasSubstr("held back    by replica_lag, for 30.0 s\n"));
}

TEST_F(StatusTextTest, AVerificationSaysItsAgeAndPosition) {
  EXPECT_THAT(block(), HasSubstr("verified     never\n"));
  auto& verification = *status.mutable_verification();
  verification.set_lsn("0/1A2B3C");
  verification.set_compared_rows(2550000);
  verification.set_age_seconds(720);
  EXPECT_THAT(block(), HasSubstr("verified     12 min ago at 0/1A2B3C: 2,550,000 rows compared, 0 drifted\n"));
}

TEST_F(StatusTextTest, EachBlockerComesWithWhatMendsIt) {
  auto& blocker = *status.add_blockers();
  blocker.set_reason("quarantine");
  blocker.set_detail("2 keys");
  blocker.set_fix("crossfade quarantine list");
  status.add_next_steps("crossfade verify");
  EXPECT_THAT(block(), HasSubstr("in the way   quarantine: 2 keys; crossfade quarantine list\n"));
  EXPECT_THAT(block(), HasSubstr("next         crossfade verify\n"));
}

TEST_F(StatusTextTest, HowMuchOfTheChecklistIsMetIsCounted) {
  const auto condition = [&](bool met) { status.add_checklist()->set_met(met); };
  condition(true);
  condition(true);
  EXPECT_THAT(block(), HasSubstr("cutover      ready: all 2 conditions are met\n"));
  condition(false);
  EXPECT_THAT(block(), HasSubstr("cutover      2 of 3 conditions are met\n"));
  status.mutable_writes()->set_side("v2");
  EXPECT_THAT(block(), HasSubstr("way back     2 of 3 conditions are met\n"));
  status.set_phase("backfilling");
  EXPECT_THAT(block(), Not(HasSubstr("conditions")));
}

TEST_F(StatusTextTest, ColoursChangeNoLetter) {
  status.set_quarantined(2);
  status.add_checklist()->set_met(false);
  auto coloured = status_block(status, kNow, Paint(true));
  EXPECT_THAT(coloured, HasSubstr("quarantine   \033[31m2 keys\033[0m\n"));
  EXPECT_THAT(coloured, HasSubstr("slot         crossfade_gym, \033[31mnot active\033[0m, reserved"));
  EXPECT_EQ(std::regex_replace(coloured, std::regex("\033\\[[0-9]+m"), ""), block());
}

TEST_F(StatusTextTest, ADaemonThatCannotFollowIsSaidToBeThere) {
  auto& trying = *status.mutable_trying();
  trying.set_daemon("host:7:a1");
  trying.set_since(kNow - 12);
  trying.set_because("max_wal_senders is 0: nobody can read the WAL");
  EXPECT_THAT(block(), HasSubstr("daemon       host:7:a1 is there and cannot follow, for 12.0 s: max_wal_senders is 0: nobody can read the WAL\n"));
}

TEST_F(StatusTextTest, OneLineSaysWhatMattersNow) {
  status.mutable_lag()->set_seconds(0.012);
  EXPECT_EQ(line(), "following; lag 12 ms, 0 B to apply; 0 keys waiting");
  status.set_quarantined(2);
  EXPECT_THAT(line(), HasSubstr("; 2 keys in quarantine"));
}

TEST_F(StatusTextTest, OneLineShowsTheBackfillAndWhyItWaits) {
  status.set_phase("backfilling");
  target("days", 250, 1000);
  status.mutable_backfill()->set_done_rows(250);
  status.mutable_backfill()->set_estimated_rows(1000);
  status.mutable_backfill()->set_rows_per_second(50);
  status.mutable_throttled()->set_by("hand");
  status.mutable_throttled()->set_since(kNow - 3);
  EXPECT_EQ(
      line(),
      "backfilling 25 %, 50 rows/s; held back by hand, for 3.0 s; lag not known yet, 0 B to apply; 0 keys waiting");
}

// The shape that scripts rely on: every name, in this order, null where it is not known.
TEST_F(StatusTextTest, TheJsonHasEveryDocumentedField) {
  EXPECT_EQ(status_json(status),
            R"({"migration":"gym","phase":"following","phase_since":1699999400,"leader":"",)"
            R"("reads":{"side":"v1","percent":0},"writes":{"side":"v1"},)"
            R"("lag":{"seconds":null,"bytes":{"received":0,"applied":0,"confirmed":0}},)"
            R"("slot":{"name":"crossfade_gym","active":false,"wal_status":"reserved","retained_bytes":3355443.2,)"
            R"("safe_bytes":null},)"
            R"("backfill":{"done_rows":0,"estimated_rows":0,"rows_per_second":0,"eta_seconds":null,"targets":[]},)"
            R"("pending_keys":0,"dirty_keys":0,"quarantined":0,"throttled":null,"verification":null,)"
            R"("unaccounted_rows":null,"blockers":[],"next_steps":[],"catching_up":false,"paused":false,"checklist":[],"parked":[],"slowest":null,"database":{"name":"","server":"","environment":"","version":""},"standbys":[],"lock_waits":[],"behind":[],"trying":null})");
}

TEST_F(StatusTextTest, OnATerminalNoWordIsCutAndWhatMendsStandsAlone) {
  status.set_phase("following");
  auto& blocker = *status.add_blockers();
  blocker.set_reason("account");
  blocker.set_detail("source rows were never counted since the mapping was amended by somebody else, and nobody knows");
  blocker.set_fix("crossfade account");
  status.add_next_steps("crossfade account: a command that somebody copies stays in one piece however long its reason may be");
  const auto shown = status_block(status, kNow, Paint(true), 80);
  EXPECT_NE(shown.find("in the way   \033[31maccount\033[0m: source rows were never counted since the mapping was\n"
                       "             amended by somebody else, and nobody knows\n"
                       "             → crossfade account\n"),
            std::string::npos)
      << shown;
  EXPECT_NE(shown.find("next         crossfade account: a command that somebody copies stays in one piece however long its reason may be\n"), std::string::npos) << shown;
  EXPECT_NE(block().find("amended by somebody else, and nobody knows; crossfade account\n"), std::string::npos) << "elsewhere a line is a line: " << block();
}

}  // namespace
}  // namespace crossfade::app
