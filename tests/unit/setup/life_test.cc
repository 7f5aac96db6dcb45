#include "setup/prepare/life.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/page.h"

namespace crossfade::setup {
namespace {

/// A row for each state, a column for each event; in it the state after it, or that it is refused.
std::string table() {
  std::string head = "| |", line = "|---|";
  for (int event = 0; event < kEvents; ++event) {
    head += fmt::format(" {} |", to_text(static_cast<Event>(event)));
    line += "---|";
  }
  std::string text = head + "\n" + line + "\n";
  for (int life = 0; life < kLives; ++life) {
    text += fmt::format("| **{}** |", to_text(static_cast<Life>(life)));
    for (int event = 0; event < kEvents; ++event) {
      const auto& next = transition(static_cast<Life>(life), static_cast<Event>(event));
      text += next.to ? fmt::format(" {} |", to_text(*next.to)) : " refused |";
    }
    text += "\n";
  }
  return text;
}

TEST(LifeTest, IsWhatTheDocsSay) { test::expect_printed(CROSSFADE_CONCEPTS, "life", table()); }

TEST(LifeTest, IsReadFromPhaseAndOwner) {
  EXPECT_EQ(life_of("prepared", false), Life::kPrepared);
  EXPECT_EQ(life_of("backfilling", false), Life::kBackfilling);
  EXPECT_EQ(life_of("following", false), Life::kFollowing);
  // After a gap the other side is compared anew, whoever owns the data.
  EXPECT_EQ(life_of("backfilling", true), Life::kMoved);
  EXPECT_EQ(life_of("following", true), Life::kMoved);
  EXPECT_EQ(life_of("completed", true), Life::kCompleted);
}

/// What is dropped is never what applications use.
TEST(LifeTest, IsCancelledOnlyWhileV1OwnsTheData) {
  for (int life = 0; life < kLives; ++life) {
    const auto state = static_cast<Life>(life);
    EXPECT_EQ(transition(state, Event::kCancel).to.has_value(), state != Life::kMoved && state != Life::kCompleted);
  }
}

TEST(LifeTest, HasNoWayBackOnceItIsCompleted) {
  for (int event = 0; event < kEvents; ++event) {
    const auto& next = transition(Life::kCompleted, static_cast<Event>(event));
    EXPECT_TRUE(!next.to || *next.to == Life::kCompleted);
  }
}

}  // namespace
}  // namespace crossfade::setup
