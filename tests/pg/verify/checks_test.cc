#include "verify/checks/checks.h"

#include "gym.h"

namespace crossfade::test {
namespace {

using Verdict = verify::CheckResult::Verdict;

class ChecksTest : public Gym {
 protected:
  ChecksTest() {
    migration.set_migration("gym");
    migration.mutable_schemas()->set_source("public");
    migration.mutable_schemas()->set_shadow("v2");
  }

  v1::Check& check(const std::string& text, v1::Check::Expect expect = v1::Check::EXPECT_ZERO) {
    auto& check = *migration.add_checks();
    check.set_name("check");
    check.set_when(v1::Check::WHEN_AFTER);
    check.set_expect(expect);
    check.set_sql(text);
    return check;
  }

  std::vector<verify::CheckResult> results(verify::CheckRun how = {}) {
    const auto connection = connect();
    return run(io, verify::run_checks(*connection, migration, how));
  }

  v1::Migration migration;
};

TEST_F(ChecksTest, PassesZeroAndNoRowAndTrue) {
  check("select 0");
  check("select 0.00");
  check("select 1 where false");
  check("select true", v1::Check::EXPECT_TRUE);
  for (const auto& result : results()) EXPECT_EQ(result.verdict, Verdict::kPass) << result.found;
}

TEST_F(ChecksTest, SaysWhatItFoundInstead) {
  check("select count(*) from plans");
  check("select null::int");
  check("select false", v1::Check::EXPECT_TRUE);
  const auto found = results();
  EXPECT_EQ(found[0].found, "90") << "the new table comes before the old one of its name";
  EXPECT_EQ(found[1].found, "null");
  EXPECT_EQ(found[2].found, "f");
  for (const auto& result : found) EXPECT_EQ(result.verdict, Verdict::kFail);
}

TEST_F(ChecksTest, WarnsWhereTheFileSaysSo) {
  check("select 3").set_severity(v1::Check::SEVERITY_WARN);
  EXPECT_EQ(results()[0].verdict, Verdict::kWarn);
}

TEST_F(ChecksTest, RunsOnlyThoseOfItsTime) {
  check("select 1");
  check("select 0").set_when(v1::Check::WHEN_BEFORE);
  verify::CheckRun how;
  how.when = v1::Check::WHEN_BEFORE;
  const auto found = results(how);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].verdict, Verdict::kPass);
}

TEST_F(ChecksTest, RunsAsTheRoleAndWithTheSettingsGiven) {
  sql.exec("do $$ begin create role visitor nologin; exception when duplicate_object then null; end $$;"
           "grant usage on schema v2 to visitor; grant select on v2.plans to visitor; alter table v2.plans enable row level security;"
           "create policy own on v2.plans using (owner = current_setting('request.jwt.claim.sub', true))");
  auto& as_visitor = check("select current_user = 'visitor' and count(*) = 1 from plans", v1::Check::EXPECT_TRUE);
  as_visitor.set_role("visitor");
  (*as_visitor.mutable_settings())["request.jwt.claim.sub"] = "owner 42";
  check("select count(*) = 90 from plans", v1::Check::EXPECT_TRUE);
  for (const auto& result : results()) EXPECT_EQ(result.verdict, Verdict::kPass) << result.found;
}

TEST_F(ChecksTest, LeavesNothingOfWhatACheckWrites) {
  check("delete from v2.moves; select count(*) from v2.moves");
  EXPECT_EQ(results()[0].verdict, Verdict::kPass);
  EXPECT_EQ(sql.value("select count(*) from v2.moves"), "900");
}

TEST_F(ChecksTest, MayTryAWriteThatTheGuardRefusesOthers) {
  sql.exec("create trigger fence before delete on v2.moves for each statement execute function crossfade.fence('gym', 'v1')");
  check("delete from v2.moves; select 0");
  EXPECT_EQ(results()[0].verdict, Verdict::kPass);
}

TEST_F(ChecksTest, GoesOnAfterAStatementThatFails) {
  check("select 1/0");
  check("select 0");
  const auto found = results();
  EXPECT_EQ(found[0].verdict, Verdict::kFail);
  EXPECT_EQ(found[0].found, "division by zero (22012)");
  EXPECT_EQ(found[1].verdict, Verdict::kPass);
}

TEST_F(ChecksTest, DoesNotWaitForAStatementWithoutEnd) {
  check("select pg_sleep(60)");
  verify::CheckRun how;
  how.timeout = std::chrono::milliseconds(20);
  const auto found = results(how);
  EXPECT_EQ(found[0].verdict, Verdict::kFail);
  EXPECT_LT(found[0].seconds, 10);
}

TEST_F(ChecksTest, RefusesACheckThatCommits) {
  check("commit; select 0");
  EXPECT_THROW(results(), Failure);
}

}  // namespace
}  // namespace crossfade::test
