#include "sync/queue/lag.h"

#include <gtest/gtest.h>

namespace crossfade::sync {
namespace {

using namespace std::chrono_literals;

class LagGaugeTest : public testing::Test {
 protected:
  double seconds(LagGauge::Clock::duration after) const { return gauge.seconds(began + after).value(); }

  const LagGauge::Clock::time_point began{1h};
  LagGauge gauge;
};

TEST_F(LagGaugeTest, SaysNothingBeforeTheFirstBeat) { EXPECT_EQ(gauge.seconds(began), std::nullopt); }

TEST_F(LagGaugeTest, GrowsFromTheFirstBeatOnWhenNoneIsEverApplied) {
  gauge.send(began);
  EXPECT_DOUBLE_EQ(seconds(3s), 3.0);
}

TEST_F(LagGaugeTest, IsWhatTheLastBeatTookByTheServersOwnClock) {
  const auto number = gauge.send(began);
  gauge.applied(number, 500.0, 500.25);
  EXPECT_DOUBLE_EQ(seconds(0s), 0.25);
}

TEST_F(LagGaugeTest, IsNotZeroBecauseNothingMoved) {
  gauge.applied(gauge.send(began), 500.0, 500.25);
  EXPECT_DOUBLE_EQ(seconds(1h), 0.25);
}

TEST_F(LagGaugeTest, IsTheAgeOfABeatThatIsOutLongerThanTheLastOneTook) {
  gauge.applied(gauge.send(began), 500.0, 500.25);
  gauge.send(began + 1s);
  EXPECT_DOUBLE_EQ(seconds(1100ms), 0.25);
  EXPECT_DOUBLE_EQ(seconds(5s), 4.0);
}

TEST_F(LagGaugeTest, GrowsFromTheOldestBeatThatIsOut) {
  gauge.send(began);
  gauge.send(began + 1s);
  EXPECT_DOUBLE_EQ(seconds(10s), 10.0);
}

TEST_F(LagGaugeTest, ABeatThatIsAppliedSettlesThoseBeforeIt) {
  gauge.send(began);
  gauge.applied(gauge.send(began + 1s), 501.0, 501.5);
  EXPECT_DOUBLE_EQ(seconds(10s), 0.5);
}

TEST_F(LagGaugeTest, IsNeverNegative) {
  gauge.applied(gauge.send(began), 500.0, 499.0);
  EXPECT_DOUBLE_EQ(seconds(0s), 0.0);
}

TEST_F(LagGaugeTest, ACutLineCostsNoMemoryAndItsAgeIsStillKnown) {
  for (int beat = 0; beat < 5000; ++beat) gauge.send(began + beat * 1s);
  EXPECT_DOUBLE_EQ(seconds(5000s), 5000.0);
}

}  // namespace
}  // namespace crossfade::sync
