#include "mapping/plan/fixes.h"

#include <gtest/gtest.h>

namespace crossfade::mapping {
namespace {

constexpr auto kFail = Finding::Level::kFail;
constexpr auto kWarn = Finding::Level::kWarn;

Preflight found(std::vector<Finding> findings) {
  Preflight preflight;
  preflight.model.name = "shop";
  preflight.findings = std::move(findings);
  return preflight;
}

TEST(Fixes, OneCauseIsOneFindingThatNamesWhatItIsAbout) {
  const auto one = one_for_each_cause({
      {kFail, "rule days ← plans", "the WAL does not tell plans's old id", "alter table plans replica identity full;"},
      {kFail, "rule weeks ← plans", "the WAL does not tell plans's old id", "alter table plans replica identity full;"},
      {kFail, "rule weeks ← plans", "the WAL does not tell plans's old name", "alter table plans replica identity full;"},
      {kFail, "rule days ← users", "the WAL does not tell users's old id", "alter table users replica identity full;"},
  });
  ASSERT_EQ(one.size(), 2U);
  EXPECT_EQ(one[0].subject, "rule days ← plans");
  EXPECT_EQ(one[0].message, "the WAL does not tell plans's old id; the same is needed for rule weeks ← plans");
  EXPECT_EQ(one[1].message, "the WAL does not tell users's old id");
}

TEST(Fixes, WhatIsToBeWrittenInAFileStaysAFindingOfItsOwn) {
  EXPECT_EQ(one_for_each_cause({{kFail, "a", "x", "Mend it."}, {kFail, "b", "y", "Mend it."}}).size(), 2U);
}

TEST(Fixes, TheScriptHasEachStatementOnceAndTheRestInComments) {
  const auto preflight = found({
      {Finding::Level::kOk, "server", "streams", "", ExitCode::kOk},
      {kFail, "rule days ← plans", "is not told", "alter table plans replica identity full;"},
      {kFail, "rule weeks ← plans", "is not told", "alter table plans replica identity full;"},
      {kFail, "server", "wal_level is replica", "alter system set wal_level = 'logical';  -- then restart the server"},
      {kFail, "source t", "it has no primary key", "alter table t add primary key (…);  -- or name the columns"},
      {kFail, "target t", "no view", "Write it\nin mapping.sql."},
      {kFail, "role", "may not", "select repair(); then crossfade verify"},
      {kWarn, "rule a", "reads t from end to end", "create index on t (a)"},
  });
  EXPECT_EQ(fixes_sql(preflight),
            "-- What mends migration shop in the database. For psql: crossfade plan --print-fixes | psql -v ON_ERROR_STOP=1\n"
            "\n"
            "-- rule days ← plans: is not told; the same is needed for rule weeks ← plans\n"
            "alter table plans replica identity full;\n"
            "\n"
            "-- server: wal_level is replica\n"
            "alter system set wal_level = 'logical';  -- then restart the server\n"
            "\n"
            "\n"
            "-- Advised, and not needed:\n"
            "-- rule a: reads t from end to end\n"
            "-- create index on t (a);\n"
            "\n"
            "-- By hand, in the migration's files or at the server:\n"
            "-- source t: it has no primary key → alter table t add primary key (…);  -- or name the columns\n"
            "-- target t: no view → Write it\n"
            "--   in mapping.sql.\n"
            "-- role: may not → select repair(); then crossfade verify\n");
  EXPECT_EQ(fixes(preflight), (std::vector<std::string>{"alter table plans replica identity full;", "alter system set wal_level = 'logical';  -- then restart the server"}));
}

TEST(Fixes, SeveralLinesAreSeveralStatements) {
  const auto preflight = found({{kFail, "rule days ← sales", "is not told", "alter table sales_1 replica identity full;\nalter table sales_2 replica identity full;"},
                                {kFail, "rule weeks ← sales", "is not told", "alter table sales_2 replica identity full;"}});
  EXPECT_EQ(fixes(preflight), (std::vector<std::string>{"alter table sales_1 replica identity full;", "alter table sales_2 replica identity full;"}));
}

TEST(Fixes, WhatBelongsIntoV2SqlIsNoStatementForTheScript) {
  const std::string fix = "alter table shop_v2.plans replica identity full;  -- in v2.sql";
  EXPECT_FALSE(is_statement(fix));
  const auto preflight = found({{kFail, "reverse rule a ← plans", "is not told", fix}});
  EXPECT_EQ(fixes(preflight), std::vector<std::string>{});
  EXPECT_NE(fixes_sql(preflight).find("By hand, in the migration's files or at the server:\n-- reverse rule a ← plans: is not told → " + fix + "\n"), std::string::npos);
}

TEST(Fixes, AScriptOfNothingIsOneToo) {
  EXPECT_EQ(fixes_sql(found({})), "-- What mends migration shop in the database. For psql: crossfade plan --print-fixes | psql -v ON_ERROR_STOP=1\n"
                                  "-- There is nothing that a statement would have to mend.\n");
}

}  // namespace
}  // namespace crossfade::mapping
