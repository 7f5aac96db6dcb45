#include "mapping/plan/plan_text.h"

#include <gtest/gtest.h>

#include <sstream>

#include "base/text/fold.h"

namespace crossfade::mapping {
namespace {

Preflight workout() {
  Preflight preflight;
  auto& model = preflight.model;
  model.name = "vagus";
  model.sources = {{"public", "plans", {"id"}, 1}, {"public", "exercises", {"id"}, 2}};
  Target days;
  days.name = "days";
  days.key = {"id"};
  days.columns = {{"id", "uuid"}, {"week_id", "uuid"}};
  days.estimated_rows = 2'550'000;
  days.chunk_column = "id";
  Locator by_plan;
  by_plan.columns = {"plan_id"};
  by_plan.types = {"uuid"};
  by_plan.path = {{{"v2", "weeks"}, {"week_id"}, {"id"}}};
  Locator by_lookup;
  by_lookup.columns = {"id"};
  by_lookup.types = {"uuid"};
  by_lookup.lookup = "SELECT d.id\n   FROM public.d d\n  WHERE (d.x = ANY ($1::uuid[]))";
  days.locators = {by_plan, by_lookup};
  model.targets = {days};
  model.rules = {{0, 0, 0, {"id"}, {"id", "weeks"}}, {1, 0, 1, {"x"}, {"x"}}};
  return preflight;
}

TEST(PlanText, ShowsHowRowsAreFoundAndWhatMatters) {
  auto preflight = workout();
  preflight.findings = {{Finding::Level::kOk, "server", "streams", "", ExitCode::kOk},
                        {Finding::Level::kWarn, "target days", "is slow", "create index x;", ExitCode::kPrecondition}};
  EXPECT_EQ(plan_text(preflight),
            "ok    server: streams\n"
            "warn  target days: is slow\n"
            "      → create index x;\n"
            "\n"
            "1. days: key (id), 2 columns, about 2,550,000 rows\n"
            "   backfilled along public.plans.id\n"
            "   by plan_id (uuid)\n"
            "      in the shadow table by days(week_id) → weeks(id)\n"
            "      ← public.plans(id), when it changes in id, weeks\n"
            "   by id in (SELECT d.id FROM public.d d WHERE (d.x = ANY ($1::uuid[])))\n"
            "      in the shadow table by its own columns\n"
            "      ← public.exercises(x), when it changes in x\n"
            "\n"
            "vagus can begin: nothing to mend, 1 to look at.\n");
}

TEST(PlanText, SaysWhatHasToBeMended) {
  Preflight preflight;
  preflight.model.name = "vagus";
  preflight.findings = {{Finding::Level::kFail, "server", "wal_level is replica", "alter system …", ExitCode::kPrecondition}};
  EXPECT_EQ(plan_text(preflight),
            "FAIL  server: wal_level is replica\n"
            "      → alter system …\n"
            "\n"
            "vagus cannot begin: 1 to mend, 0 to look at.\n");
}

TEST(PlanText, ALongFixIsForTheScript) {
  Preflight preflight;
  preflight.model.name = "vagus";
  preflight.findings = {{Finding::Level::kFail, "rule a ← b", "is not told", "one;\ntwo;\nthree;\nfour;\nfive;", ExitCode::kPrecondition}};
  EXPECT_EQ(faults_text(preflight),
            "FAIL  rule a ← b: is not told\n"
            "      → one;\n"
            "        two;\n"
            "        … and 3 more; all of them: crossfade plan --print-fixes\n");
}

TEST(PlanText, FitsItsTerminalAndWhatIsToBeCopiedStaysInOnePiece) {
  auto preflight = workout();
  const std::string statement = "create index concurrently on public.exercises (plan_id, week, day) where plan_id is not null and week > 0;";
  preflight.findings = {{Finding::Level::kWarn, "target days", "a refresh reads more than a tenth of public.exercises for few keys, whatever is asked for", statement, ExitCode::kOk},
                        {Finding::Level::kWarn, "target days", "is slow", "Leave it out of v2.sql until v2 owns the data, unless the view takes both from one and the same value.", ExitCode::kOk}};
  constexpr std::size_t kWidth = 60;
  const auto text = plan_text(preflight, Paint(true), kWidth);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_TRUE(columns_of(line) <= kWidth || line == "      → " + statement) << line;
  EXPECT_NE(text.find("target days: a refresh reads more than a tenth of\n      public.exercises"), std::string::npos) << text;
  EXPECT_NE(text.find("\n      → Leave it out of v2.sql until v2 owns the data,\n        unless"), std::string::npos) << text;
  EXPECT_NE(text.find("      → " + statement + "\n"), std::string::npos);
}

TEST(PlanText, ACommandThatCannotGoOnSaysOnlyWhatIsToBeMended) {
  Preflight preflight;
  preflight.model.name = "vagus";
  preflight.findings = {{Finding::Level::kOk, "server", "streams", "", ExitCode::kOk}, {Finding::Level::kFail, "target a", "no view", "Write it.", ExitCode::kPrecondition}};
  EXPECT_EQ(refusal_text(preflight),
            "FAIL  target a: no view\n"
            "      → Write it.\n"
            "\n"
            "vagus cannot begin. crossfade plan shows all that was looked at, crossfade plan --print-fixes the statements that mend it.\n");
}

TEST(PlanText, OnATerminalTheLevelsHaveTheirColours) {
  Preflight preflight;
  preflight.model.name = "vagus";
  preflight.findings = {{Finding::Level::kWarn, "target days", "is slow", "", ExitCode::kPrecondition},
                        {Finding::Level::kFail, "server", "wal_level is replica", "", ExitCode::kPrecondition}};
  EXPECT_EQ(plan_text(preflight, Paint(true)),
            "\033[33mwarn\033[0m  target days: is slow\n"
            "\033[31mFAIL\033[0m  server: wal_level is replica\n"
            "\n"
            "vagus \033[31mcannot begin\033[0m: 1 to mend, 1 to look at.\n");
}

TEST(PlanText, HasTheStatementThatRefreshesEachTargetByEachLocator) {
  const auto text = refresh_sql(workout().model);
  EXPECT_NE(text.find("-- days by plan_id (uuid)\n"), std::string::npos);
  EXPECT_NE(text.find("-- days by id in (SELECT d.id FROM public.d d WHERE (d.x = ANY ($1::uuid[])))\n"), std::string::npos);
}

TEST(PlanReply, SaysWhatTheTextSays) {
  auto preflight = workout();
  preflight.findings = {{Finding::Level::kFail, "server", "wal_level is replica", "alter system …", ExitCode::kPrecondition}};
  const auto reply = plan_reply(preflight);
  EXPECT_FALSE(reply.ok());
  EXPECT_EQ(reply.findings(0).level(), "fail");
  EXPECT_EQ(reply.targets(0).walked_along(), "public.plans.id");
  EXPECT_EQ(reply.targets(0).locators(0).in_shadow(), "in the shadow table by days(week_id) → weeks(id)");
  EXPECT_EQ(reply.targets(0).locators(1).rules(0).source(), "public.exercises");
  EXPECT_NE(reply.targets(0).locators(1).refresh().find("\"days\""), std::string::npos);
  EXPECT_EQ(reply.reverse_targets_size(), 0);
}

TEST(PlanReply, HasTheWayBackToo) {
  auto preflight = workout();
  preflight.reverse = preflight.model;
  preflight.reverse_derived = std::vector<std::string>(preflight.model.rules.size(), "the view says so");
  const auto reply = plan_reply(preflight);
  ASSERT_EQ(reply.reverse_targets_size(), reply.targets_size());
  EXPECT_EQ(reply.reverse_targets(0).locators(1).rules(0).source(), "public.exercises");
  EXPECT_EQ(reply.reverse_targets(0).locators(1).rules(0).derived(), "the view says so");
}

}  // namespace
}  // namespace crossfade::mapping
