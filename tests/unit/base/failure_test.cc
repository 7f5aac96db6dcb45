#include "base/error/failure.h"

#include <gtest/gtest.h>

namespace crossfade {
namespace {

Failure failure(const std::string& sqlstate, bool connection_lost = false) {
  Failure::Facts facts;
  facts.message = "it failed";
  facts.sqlstate = sqlstate;
  facts.connection_lost = connection_lost;
  return Failure(std::move(facts));
}

TEST(FailureTest, TheRowsOwnFaultIsSetAside) {
  for (const auto* state : {"21000", "22P02", "22003", "23505", "23503", "23514", "P0001"}) {
    EXPECT_EQ(failure(state).verdict(), Verdict::kQuarantine) << state;
  }
}

TEST(FailureTest, WhatAnotherTransactionCausedIsTriedAgain) {
  for (const auto* state : {"40001", "40P01", "55P03", "55006", "57014"}) {
    EXPECT_EQ(failure(state).verdict(), Verdict::kRetry) << state;
  }
}

TEST(FailureTest, ALostServerIsConnectedToAgain) {
  for (const auto* state : {"08006", "57P01", "57P03", "53300", "25P02"}) {
    EXPECT_EQ(failure(state).verdict(), Verdict::kReconnect) << state;
  }
  EXPECT_EQ(failure("", true).verdict(), Verdict::kReconnect);
}

TEST(FailureTest, WhatAPersonMustMendStops) {
  for (const auto* state : {"28P01", "3D000", "42P01", "42501", "0A000", "25006", "CF009", "XX000"}) {
    EXPECT_EQ(failure(state).verdict(), Verdict::kStop) << state;
  }
}

TEST(FailureTest, WhoseFaultItIsInARefreshIsFoundByTryingWhateverTheState) {
  for (const auto* state : {"0A000", "21000", "22P02", "23505", "2200N", "42601", "42703", "42P01", "44000", "54000", "54001", "55000", "P0001", "XX000", "CF001", "ZZ123"}) {
    EXPECT_TRUE(failure(state).found_by_trying()) << state;
  }
}

TEST(FailureTest, WhatIsSaidOfSessionsIsFoundByTryingWhereTheSessionGoesOn) {
  for (const auto* state : {"08006", "28P01", "3D000", "53400", "57P01"}) {
    EXPECT_TRUE(failure(state).found_by_trying()) << state;
    EXPECT_FALSE(failure(state, true).found_by_trying()) << state;
  }
}

TEST(FailureTest, TryingFindsNothingWhereConnectionMomentOrLeaseAreAtFault) {
  for (const auto* state : {"", "25006", "25P02", "40001", "40003", "53200", "55P03", "57014", "CF009"}) {
    EXPECT_FALSE(failure(state).found_by_trying()) << state;
  }
  EXPECT_FALSE(failure("23505", true).found_by_trying());
}

TEST(FailureTest, ACommitWithoutAnAnswerIsNeverRepeatedBlindly) {
  EXPECT_EQ(failure("40003").verdict(), Verdict::kStop);
  EXPECT_EQ(failure("40003", true).verdict(), Verdict::kStop);
  EXPECT_EQ(rule_for("40003").exit, ExitCode::kOutcomeUnknown);
}

TEST(FailureTest, ASessionThatEndedWhileItAnsweredIsMadeAnew) {
  EXPECT_EQ(failure("40001", true).verdict(), Verdict::kReconnect);
  EXPECT_EQ(failure("23505", true).verdict(), Verdict::kReconnect);
}

TEST(FailureTest, AStateOfItsOwnBeatsItsClass) {
  EXPECT_EQ(rule_for("42501").exit, ExitCode::kPermission);
  EXPECT_EQ(rule_for("42703").exit, ExitCode::kPrecondition);
  EXPECT_EQ(rule_for("CF009").exit, ExitCode::kNotLeader);
}

TEST(FailureTest, AStateNobodyFoundStopsAndIsSaidToBeUnexpected) {
  EXPECT_EQ(rule_for("ZZ123").verdict, Verdict::kStop);
  EXPECT_EQ(rule_for("ZZ123").exit, ExitCode::kInternal);
}

TEST(FailureTest, EveryRuleSaysWhatToDo) {
  for (const auto* state : {"", "08006", "22P02", "23505", "40001", "42501", "55006", "XX000"}) {
    EXPECT_FALSE(rule_for(state).advice.empty()) << state;
  }
}

TEST(FailureTest, OwnAdviceBeatsTheServersHintAndThatBeatsTheTable) {
  Failure::Facts facts;
  facts.sqlstate = "23505";
  EXPECT_EQ(Failure(facts).advice(), rule_for("23505").advice);
  facts.hint = "the server's hint";
  EXPECT_EQ(Failure(facts).advice(), "the server's hint");
  facts.advice = "our advice";
  EXPECT_EQ(Failure(facts).advice(), "our advice");
}

TEST(FailureTest, WithoutServerAndAdviceThereIsNone) { EXPECT_EQ(failure("").advice(), ""); }

}  // namespace
}  // namespace crossfade
