#include "inspect_fixture.h"

/// Rules that nobody has written, on a real catalog.
namespace crossfade::mapping {
namespace {

class DerivedRulesTest : public InspectTest {
 protected:
  DerivedRulesTest() {
    replace(yaml, "plans: {follow: {plans: {id: id}}}", "plans: {}");
    replace(yaml, "weeks: {follow: {plans: {plan_id: id}}}", "weeks: {}");
    replace(yaml, "  Exercises:\n    follow:\n      Exercises: {id: id}\n      plans: {plan_id: id}\n", "  Exercises: {}\n");
  }

  /// "weeks: plan_id ← plans(id)", one a rule.
  static Lines rules_of(const Preflight& preflight) {
    const auto& model = preflight.model;
    Lines rules;
    for (std::size_t n = 0; n < model.rules.size(); ++n) {
      const auto& rule = model.rules[n];
      const auto& target = model.targets.at(rule.target);
      const auto& locator = target.locators.at(rule.locator);
      rules.push_back(target.name + ": " + joined(locator.columns) + " ← " + model.sources.at(rule.source).name + "(" + joined(rule.source_columns) + ")" +
                      (locator.indirect() ? " by select" : "") + (preflight.derived.at(n).empty() ? ", written" : ""));
    }
    return rules;
  }

 private:
  static std::string joined(const Lines& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
  }
};

TEST_F(DerivedRulesTest, AMigrationWithoutRulesHasThoseOfItsViews) {
  const auto preflight = inspected();
  EXPECT_EQ(trouble(preflight), Lines{});
  EXPECT_EQ(rules_of(preflight), (Lines{"plans: id ← plans(id)", "weeks: plan_id ← plans(id)", "Exercises: id ← Exercises(id)",
                                              "Exercises: plan_id ← plans(id)"}));
  EXPECT_NE(plan_text(preflight).find("derived: plans.id is plan_id"), std::string::npos) << plan_text(preflight);
}

TEST_F(DerivedRulesTest, WhatIsWrittenIsLeftAlone) {
  replace(yaml, "weeks: {}", "weeks: {follow: {plans: {plan_id: id}}}");
  EXPECT_EQ(rules_of(inspected()).at(1), "weeks: plan_id ← plans(id), written");
}

TEST_F(DerivedRulesTest, AParentThatIsNotShownIsLookedUp) {
  replace(mapping, ",\n  e.\"planId\" as plan_id", "");
  const auto preflight = inspected();
  EXPECT_EQ(trouble(preflight), Lines{});
  EXPECT_EQ(rules_of(preflight).at(3), "Exercises: id ← plans(id) by select");
  const auto& exercises = preflight.model.targets.at(2);
  EXPECT_NE(exercises.locators.at(1).lookup.find("= ANY ($1::uuid[])"), std::string::npos) << exercises.locators.at(1).lookup;
}

TEST_F(DerivedRulesTest, AKeyOfAnArrayIsFoundByWhatOverlaps) {
  sql.exec("create table teams (id uuid primary key, members uuid[]); create index on teams using gin (members)");
  replace(yaml, "sources: {plans: {}", "sources: {teams: {}, plans: {}");
  replace(yaml, "  Exercises: {}\n", "  Exercises: {}\n  teams: {}\n");
  v2 += "create table teams (id uuid primary key, weeks bigint);\n";
  mapping += "create view teams as select t.id, (select sum(p.weeks) from public.plans p where p.id = any (t.members)) as weeks from public.teams t;\n";
  const auto preflight = inspected();
  EXPECT_EQ(trouble(preflight), Lines{});
  const auto& teams = preflight.model.targets.at(preflight.model.find_target("teams").value());
  ASSERT_EQ(teams.locators.size(), 2U);
  EXPECT_NE(teams.locators[1].lookup.find("&& $1::uuid[]"), std::string::npos) << teams.locators[1].lookup;
}

TEST_F(DerivedRulesTest, ARuleThatSaysLessThanTheViewIsWarnedOf) {
  replace(yaml, "  Exercises: {}\n", "  Exercises: {follow: {Exercises: {id: id}}}\n");
  replace(mapping, "1 as week", "row_number() over (partition by e.\"planId\" order by e.id)::int as week");
  const auto lines = trouble();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].starts_with("warn target Exercises: the rules of Exercises offer less than the view says: rows that Exercises (e) in "
                                   "\"map\".\"Exercises\" concerns would be missed, Exercises.planId is plan_id (window) → "))
      << lines[0];
}

/// The view reads plans twice; the select knows of one of the two.
TEST_F(DerivedRulesTest, ASelectThatSaysLessThanTheViewIsWarnedOf) {
  sql.exec("alter table \"Exercises\" add template uuid");
  replace(mapping, ",\n  e.\"planId\" as plan_id", "");
  replace(mapping, "e.name, e.load", "coalesce((select t.note from public.plans t where t.id = e.template), e.name) as name, e.load");
  const std::string of_plan = "select e.id from public.\"Exercises\" e where e.\"planId\" = any($id)";
  const std::string of_both = "select e.id from public.\"Exercises\" e where e.\"planId\" = any($id) or e.template = any($id)";
  const auto plain = yaml;
  for (const auto& [select, missed] : {std::pair(of_plan, true), std::pair(of_both, false)}) {
    yaml = plain;
    replace(yaml, "  Exercises: {}\n", "  Exercises: {follow: {plans: {id: '" + select + "'}}}\n");
    const auto lines = trouble();
    EXPECT_EQ(std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
                return line.starts_with("warn target Exercises: the rules of plans offer less than the view says: rows that plans (t) in \"map\".\"Exercises\" concerns would be missed, ");
              }), missed) << testing::PrintToString(lines);
  }
}

TEST_F(DerivedRulesTest, APlaceThatDoesNotTellIsSaidAlthoughAnotherOfTheSameTableDoes) {
  replace(mapping, "1 as week", "(select count(*) from public.\"Exercises\")::int as week");
  const auto lines = trouble();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].starts_with("FAIL target Exercises: the view reads public.Exercises, and does not tell which of its rows a change concerns: ")) << lines[0];
}

TEST_F(DerivedRulesTest, ASelectThatLooksForTheChangedRowItselfIsWarnedOf) {
  replace(yaml, "  Exercises: {}\n", "  Exercises: {follow: {Exercises: {plan_id: 'select e.\"planId\" from public.\"Exercises\" e where e.id = any($id)'}}}\n");
  const auto lines = trouble();
  EXPECT_TRUE(std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
    return line.starts_with("warn rule Exercises ← Exercises: the select looks for the changed row of Exercises itself: once it is deleted it is not there");
  })) << testing::PrintToString(lines);
}

/// Whatever the function is written in; and what is quoted in its name.
TEST_F(DerivedRulesTest, WhatAFunctionReadsIsFollowedByARuleThatIsWritten) {
  const auto with = [&](const std::string& function) { return "create function map.\"loadOf\"(plan uuid) returns numeric " + function + ";\n" + mapping; };
  replace(mapping, "note from public.plans", "map.\"loadOf\"(id)::text as note from public.plans");
  const auto plain = mapping;
  for (const char* function : {"stable language sql as 'select sum(e.load) from public.\"Exercises\" e where e.\"planId\" = plan'",
                               "stable begin atomic; select sum(e.load) from public.\"Exercises\" e where e.\"planId\" = plan; end",
                               "stable language sql set search_path = public as 'select sum(load) from \"Exercises\" where \"planId\" = plan'",
                               "stable language plpgsql as $$ begin return (select sum(e.load) from public.\"Exercises\" e where e.\"planId\" = plan); end $$",
                               // Whatever it was declared to be.
                               "immutable language plpgsql as $$ begin return (select sum(e.load) from public.\"Exercises\" e where e.\"planId\" = plan); end $$"}) {
    SCOPED_TRACE(function);
    mapping = plain;
    mapping = with(function);
    const auto lines = trouble();
    EXPECT_TRUE(std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
      return line.starts_with("FAIL target plans: the view reads public.Exercises, and does not tell which of its rows a change concerns: a function reads it "
                              "(map.\"loadOf\"(uuid) in \"map\".\"plans\")");
    })) << testing::PrintToString(lines);
  }
  replace(yaml, "targets:\n  plans: {}", "targets:\n  plans: {follow: {Exercises: {id: planId}}}");
  const auto followed = inspected();
  EXPECT_TRUE(followed.ok()) << testing::PrintToString(trouble(followed));
  const auto& rules = followed.model.rules;
  const auto rule = std::find_if(rules.begin(), rules.end(), [](const FollowRule& each) { return each.source_columns == Lines{"planId"} && each.target == TargetId(0); });
  ASSERT_NE(rule, rules.end());
  // Whatever the function reads of it.
  EXPECT_TRUE(std::count(rule->relevant_columns.begin(), rule->relevant_columns.end(), "load")) << testing::PrintToString(rule->relevant_columns);
}

TEST_F(DerivedRulesTest, WhatTheViewDoesNotTellIsSaidWithItsPlace) {
  replace(mapping, "note from public.plans", "(select max(e.name) from public.\"Exercises\" e) as note from public.plans");
  const auto lines = trouble();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].starts_with("FAIL target plans: the view reads public.Exercises, and does not tell which of its rows a change concerns: ")) << lines[0];
  EXPECT_NE(lines[0].find("Write targets.plans.follow: {Exercises: {"), std::string::npos) << lines[0];
}

}  // namespace
}  // namespace crossfade::mapping
