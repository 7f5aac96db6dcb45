#include "base/telemetry/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <set>
#include <sstream>

namespace crossfade {
namespace {

using namespace std::chrono_literals;

class MetricsTest : public testing::Test {
 protected:
  /// The value of the series that is written exactly so.
  double value(const std::string& series) const {
    std::istringstream lines(metrics.text());
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(series + " ")) return std::stod(line.substr(series.size() + 1));
    }
    ADD_FAILURE() << "no series " << series << " in\n" << metrics.text();
    return 0;
  }

  /// "name type" of every family.
  std::set<std::string> names() const {
    std::set<std::string> names;
    std::istringstream lines(metrics.text());
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("# TYPE ")) names.insert(line.substr(7));
    }
    return names;
  }

  Metrics metrics{"gym", {"weeks", "days"}, {"plans"}};
};

TEST_F(MetricsTest, TheNamesAreThoseOfTheGoldenList) {
  metrics.runs("0.1.0", "");
  metrics.step_done("drain", 5ms);
  metrics.cutover_blockers({"lag"});
  std::set<std::string> golden;
  std::ifstream file(CROSSFADE_METRIC_NAMES);
  for (std::string line; std::getline(file, line);) golden.insert(line);
  EXPECT_EQ(names(), golden);
}

TEST_F(MetricsTest, WhatRunsIsAVersionAndItsCommit) {
  metrics.runs("0.1.0", "53b9df1c02ab");
  EXPECT_EQ(value(R"(crossfade_build_info{migration="gym",commit="53b9df1c02ab",version="0.1.0"})"), 1);
}

TEST_F(MetricsTest, WhatIsSlowHasAName) {
  EXPECT_EQ(value(R"(crossfade_target_refresh_duration_seconds_count{migration="gym",target="weeks"})"), 0);
  metrics.target_refreshed(1, 410ms);
  metrics.pending_of_target(1, 12);
  EXPECT_EQ(value(R"(crossfade_target_refresh_duration_seconds_count{migration="gym",target="days"})"), 1);
  EXPECT_NEAR(value(R"(crossfade_target_refresh_duration_seconds_sum{migration="gym",target="days"})"), 0.41, 0.001);
  EXPECT_EQ(value(R"(crossfade_target_pending_keys{migration="gym",target="days"})"), 12);
  EXPECT_EQ(value(R"(crossfade_target_pending_keys{migration="gym",target="weeks"})"), 0);
}

TEST_F(MetricsTest, ACommitThatIsNotKnownSaysSo) {
  metrics.runs("0.1.0", "");
  EXPECT_EQ(value(R"(crossfade_build_info{migration="gym",commit="unknown",version="0.1.0"})"), 1);
}

TEST_F(MetricsTest, EverySeriesOfATargetIsThereBeforeAnythingHappens) {
  EXPECT_EQ(value(R"(crossfade_keys_offered_total{migration="gym",reason="repair",target="days"})"), 0);
  EXPECT_EQ(value(R"(crossfade_rows_written_total{migration="gym",op="delete",target="weeks"})"), 0);
  EXPECT_EQ(value(R"(crossfade_quarantine_total{migration="gym",sqlstate_class="23"})"), 0);
  EXPECT_EQ(value(R"(crossfade_retries_total{migration="gym",reason="conflict"})"), 0);
}

TEST_F(MetricsTest, WhatIsNotKnownIsNotZero) {
  EXPECT_TRUE(std::isnan(value(R"(crossfade_lag_seconds{migration="gym",stage="applied"})")));
  EXPECT_TRUE(std::isnan(value(R"(crossfade_unaccounted_rows{migration="gym",source="plans"})")));
  EXPECT_TRUE(std::isnan(value(R"(crossfade_verify_drifted_rows{migration="gym"})")));
  metrics.lag_seconds(std::nullopt);
  metrics.lag_bytes(1, 2, 3);
  metrics.verification(std::nullopt, std::nullopt);
  EXPECT_TRUE(std::isnan(value(R"(crossfade_lag_seconds{migration="gym",stage="applied"})")));
  EXPECT_EQ(value(R"(crossfade_lag_bytes{migration="gym",stage="applied"})"), 2);
}

TEST_F(MetricsTest, KeysAreCountedByTargetAndReason) {
  metrics.keys_offered(1, OfferedBy::kChange, 3);
  metrics.keys_offered(1, OfferedBy::kRetry, 2);
  EXPECT_EQ(value(R"(crossfade_keys_offered_total{migration="gym",reason="change",target="days"})"), 3);
  EXPECT_EQ(value(R"(crossfade_keys_offered_total{migration="gym",reason="retry",target="days"})"), 2);
  EXPECT_EQ(value(R"(crossfade_keys_offered_total{migration="gym",reason="change",target="weeks"})"), 0);
}

TEST_F(MetricsTest, RowsAreCountedByOperation) {
  metrics.rows_written(1, 3, 2, 1);
  EXPECT_EQ(value(R"(crossfade_rows_written_total{migration="gym",op="insert",target="days"})"), 3);
  EXPECT_EQ(value(R"(crossfade_rows_written_total{migration="gym",op="update",target="days"})"), 2);
  EXPECT_EQ(value(R"(crossfade_rows_written_total{migration="gym",op="delete",target="days"})"), 1);
}

TEST_F(MetricsTest, ExactlyOnePhaseIsOn) {
  metrics.phase("backfilling", 1000);
  metrics.phase("following", 2000);
  EXPECT_EQ(value(R"(crossfade_phase{migration="gym",phase="backfilling"})"), 0);
  EXPECT_EQ(value(R"(crossfade_phase{migration="gym",phase="following"})"), 1);
  EXPECT_EQ(value(R"(crossfade_phase_entered_timestamp_seconds{migration="gym"})"), 2000);
}

TEST_F(MetricsTest, ABlockerThatIsGoneGoesToZero) {
  metrics.cutover_blockers({"lag", "quarantine"});
  EXPECT_EQ(value(R"(crossfade_cutover_ready{migration="gym"})"), 0);
  metrics.cutover_blockers({"lag"});
  EXPECT_EQ(value(R"(crossfade_cutover_blocker{migration="gym",reason="quarantine"})"), 0);
  EXPECT_EQ(value(R"(crossfade_cutover_blocker{migration="gym",reason="lag"})"), 1);
  metrics.cutover_blockers({});
  EXPECT_EQ(value(R"(crossfade_cutover_ready{migration="gym"})"), 1);
}

TEST_F(MetricsTest, TheLastFlipIsTheSameWhateverIsFollowedAfterwards) {
  const auto hold = R"(crossfade_cutover_hold_seconds{migration="gym"})";
  EXPECT_TRUE(std::isnan(value(hold)));
  metrics.held(2s);
  const Metrics next("gym", {"plans"}, {"weeks"}, &metrics);
  EXPECT_EQ(value(hold), 2);
}

TEST_F(MetricsTest, DriftIsThereBesideTheLastCleanVerification) {
  metrics.verification(1.7e9, 3);
  EXPECT_EQ(value(R"(crossfade_verify_last_success_timestamp_seconds{migration="gym"})"), 1.7e9);
  EXPECT_EQ(value(R"(crossfade_verify_drifted_rows{migration="gym"})"), 3);
}

TEST_F(MetricsTest, ABackfillThatGoesOnCountsWhatWasDoneBefore) {
  const auto copied = R"(crossfade_backfill_rows_total{migration="gym",target="days"})";
  const auto estimated = R"(crossfade_backfill_rows_estimated{migration="gym",target="days"})";
  metrics.backfill_found(1, 400, 1000);
  metrics.chunk_done(1, 600, 1s);
  EXPECT_EQ(value(copied), 1000);
  EXPECT_EQ(value(estimated), 1000);
  // From the beginning once more.
  metrics.backfill_found(1, 0, 900);
  EXPECT_EQ(value(copied), 1000);
  EXPECT_EQ(value(estimated), 1900);
}

TEST_F(MetricsTest, ASlotWithoutALimitIsSafeForever) {
  metrics.slot(true, "extended", 1024, std::numeric_limits<double>::infinity());
  EXPECT_EQ(value(R"(crossfade_slot_wal_status{migration="gym",wal_status="extended"})"), 1);
  EXPECT_EQ(value(R"(crossfade_slot_wal_status{migration="gym",wal_status="reserved"})"), 0);
  EXPECT_TRUE(std::isinf(value(R"(crossfade_slot_safe_wal_bytes{migration="gym"})")));
}

TEST_F(MetricsTest, WhatFollowsTheOtherSideGoesOnCounting) {
  metrics.refresh_done(5ms, 7);
  metrics.rows_written(1, 3, 0, 0);
  metrics.quarantined_now(0, 2);
  metrics.cutover_blockers({"lag"});
  Metrics after("gym", {"plans", "days"}, {"weeks", "days"}, &metrics);
  after.refresh_done(5ms, 1);
  after.rows_written(1, 2, 0, 0);
  after.cutover_blockers({});
  const auto series = [&](const std::string& labels) { return value("crossfade_" + labels); };
  EXPECT_EQ(series(R"(transactions_settled_total{migration="gym"})"), 8);
  EXPECT_EQ(series(R"(refresh_duration_seconds_count{migration="gym"})"), 2);
  EXPECT_EQ(series(R"(rows_written_total{migration="gym",op="insert",target="days"})"), 5) << "a name of both sides is one series";
  EXPECT_EQ(series(R"(rows_written_total{migration="gym",op="insert",target="plans"})"), 0);
  EXPECT_EQ(series(R"(quarantined_keys{migration="gym",target="weeks"})"), 0) << "nobody looks at it any more";
  EXPECT_EQ(series(R"(cutover_blocker{migration="gym",reason="lag"})"), 0);
}

TEST_F(MetricsTest, TheProgramsOwnUseIsReadAtEachScrape) {
  EXPECT_GT(value("process_resident_memory_bytes"), 1e6);
  EXPECT_GT(value("process_start_time_seconds"), 1.6e9);
  EXPECT_LT(value("process_start_time_seconds"),
            std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count() + 2);
  const double before = value("process_open_fds");
  const std::ifstream one_more("/dev/null");
  EXPECT_EQ(value("process_open_fds"), before + 1);
}

}  // namespace
}  // namespace crossfade
