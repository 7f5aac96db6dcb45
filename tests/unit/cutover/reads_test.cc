#include "cutover/reads/reads.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error/failure.h"

namespace crossfade::cutover {
namespace {

mapping::Model shop() {
  mapping::Model model;
  model.name = "shop";
  model.shadow_schema = "v2";
  model.mapping_schema = "map";
  model.stable_schema = "app";
  mapping::Target orders;
  orders.name = "orders";
  model.targets = {orders};
  return model;
}

std::size_t steps(double from, double to) { return plan_reads(shop(), from, {to, "cutover reads", ""}).size(); }

TEST(MoveReads, ASharePutsTwoPlaces) { EXPECT_EQ(move_reads(33.333, "").percent, 33.33); }

TEST(MoveReads, OnlyAShareOfKeysWillDo) {
  for (const double percent : {0.0, -1.0, 100.5, 0.001}) EXPECT_THROW(move_reads(percent, ""), Failure) << percent;
  EXPECT_EQ(move_reads(100, "").percent, 100);
}

TEST(NextRouteStep, IsTheFirstAboveWhatReadsV2Now) {
  v1::CutoverOptions cutover;
  for (const std::uint32_t step : {5U, 25U, 100U}) cutover.add_route_steps(step);
  EXPECT_EQ(next_route_step(cutover, 0), 5);
  EXPECT_EQ(next_route_step(cutover, 4.99), 5);
  EXPECT_EQ(next_route_step(cutover, 5), 25);
  EXPECT_EQ(next_route_step(cutover, 30), 100);
  EXPECT_EQ(next_route_step(cutover, 100), 100);
}

TEST(NextRouteStep, WithoutStepsAllKeysMove) { EXPECT_EQ(next_route_step({}, 0), 100); }

TEST(PlanReads, AViewTurnsOnlyWhereTheLastReaderComesOrTheFirstOneGoes) {
  const auto without = steps(0, 50);
  EXPECT_EQ(steps(50, 90), without);
  EXPECT_EQ(steps(50, 0), without);
  EXPECT_EQ(steps(50, 100), without + 1);
  EXPECT_EQ(steps(100, 0), without + 1);
  EXPECT_EQ(steps(100, 100), without);
}

TEST(PlanReads, SaysWhereAViewLooksThen) {
  const auto there = plan_reads(shop(), 50, {100, "cutover reads", ""});
  EXPECT_NE(std::find(there.begin(), there.end(), "view app.orders shows v2.orders"), there.end());
  const auto back = plan_reads(shop(), 100, {0, "rollback reads", ""});
  EXPECT_NE(std::find(back.begin(), back.end(), "view app.orders shows v1 through the mapping"), back.end());
}

TEST(PlanReads, AMigrationWithoutStableViewsHasNoneToTurn) {
  auto model = shop();
  model.stable_schema.clear();
  EXPECT_EQ(plan_reads(model, 0, {100, "cutover reads", ""}).size(), steps(0, 50));
}

}  // namespace
}  // namespace crossfade::cutover
