#include "mapping/preflight/inspect.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "inspect_fixture.h"

namespace crossfade::mapping {
namespace {

namespace fs = std::filesystem;

TEST_F(InspectTest, AGoodMigrationHasNothingToMend) {
  const auto preflight = inspected();
  EXPECT_EQ(trouble(preflight), Lines{});
  EXPECT_TRUE(preflight.ok());
  EXPECT_EQ(sql.value("select count(*) from pg_namespace where nspname in ('v2', 'map', 'crossfade')"), "0");
}

TEST_F(InspectTest, TheModelHasParentsFirstAndLocatorsPlaced) {
  const auto model = inspected().model;
  ASSERT_EQ(model.targets.size(), 3U);
  EXPECT_EQ(model.targets[0].name, "plans");
  EXPECT_EQ(model.targets[1].name, "weeks");
  const auto& exercises = model.targets[2];
  EXPECT_EQ(exercises.name, "Exercises");
  ASSERT_EQ(exercises.columns.size(), 5U);
  EXPECT_EQ(exercises.columns[3].type, "text");
  EXPECT_EQ(exercises.columns[4].type, "numeric");
  // The primary key is what a backfill walks along.
  ASSERT_EQ(exercises.locators.size(), 2U);
  EXPECT_EQ(exercises.locators[0].name(), "id");
  EXPECT_EQ(exercises.chunk_column, "id");
  EXPECT_EQ(model.sources[exercises.chunk_source].name, "Exercises");
  EXPECT_GT(exercises.estimated_rows, 0);
}

TEST_F(InspectTest, ALocatorIsFoundAlongForeignKeys) {
  const auto preflight = inspected();
  EXPECT_EQ(trouble(preflight), Lines{});
  const auto& locator = preflight.model.targets.at(2).locators.at(1);
  ASSERT_EQ(locator.path.size(), 1U);
  EXPECT_EQ(locator.path[0].parent.name, "weeks");
  EXPECT_EQ(locator.path[0].columns, (Lines{"weekPlan", "week"}));
  EXPECT_EQ(locator.path[0].parent_columns, (Lines{"plan_id", "week"}));
}

TEST_F(InspectTest, LineageKnowsWhichColumnsMatter) {
  const auto model = inspected().model;
  const auto relevant = [&](const std::string& target, const std::string& source) {
    for (const auto& rule : model.rules) {
      if (model.targets[rule.target].name == target && model.sources[rule.source].name == source) return rule.relevant_columns;
    }
    return Lines{"no rule"};
  };
  EXPECT_EQ(relevant("plans", "plans"), (Lines{"id", "owner", "note"}));
  EXPECT_EQ(relevant("weeks", "plans"), (Lines{"id", "weeks"}));
  EXPECT_EQ(relevant("Exercises", "plans"), Lines{"id"});
}

/// The same migration with a way back.
class InspectReverseTest : public InspectTest {
 protected:
  InspectReverseTest() {
    replace(yaml, "mapping: map", "mapping: map, reverse: unmap");
    yaml +=
        "reverse:\n"
        "  plans: {follow: {plans: {id: id}, weeks: {id: plan_id}}}\n"
        "  Exercises: {follow: {Exercises: {id: id}, weeks: {id: \"select e.id from \\\"Exercises\\\" e where e.\\\"weekPlan\\\" = any($plan_id)\"}}}\n";
  }

  std::string reverse =
      "create view plans as select p.id, p.owner::int as owner, (select count(*)::int from v2.weeks w where w.plan_id = p.id) as weeks, p.note from v2.plans p;\n"
      "create view \"Exercises\" as select e.id, e.\"weekPlan\" as \"planId\", e.name::varchar(40) as name, e.load::numeric as load\n"
      "  from v2.\"Exercises\" e join v2.weeks w on w.plan_id = e.\"weekPlan\" and w.week = e.week left join public.\"Exercises\" old on old.id = e.id;\n";

  Preflight inspected_both() {
    auto migration = file();
    migration.reverse_sql = reverse;
    return inspected_file(migration);
  }
};

TEST_F(InspectReverseTest, AGoodWayBackHasNothingToMend) {
  const auto preflight = inspected_both();
  EXPECT_EQ(trouble(preflight), Lines{});
  ASSERT_TRUE(preflight.reverse);
  const auto& exercises = preflight.reverse->targets.at(preflight.reverse->find_target("Exercises").value());
  EXPECT_EQ(exercises.table, (TableName{"public", "Exercises"}));
  EXPECT_EQ(preflight.reverse->sources.at(0).schema, "v2");
  EXPECT_EQ(exercises.locators.at(1).lookup, "SELECT e.id\n    FROM v2.\"Exercises\" e\n   WHERE (e.\"weekPlan\" = ANY ($1::uuid[]))");
}

TEST_F(InspectReverseTest, AColumnThatOldTablesNeedHasToComeBack) {
  replace(reverse, "(select count(*)::int from v2.weeks w where w.plan_id = p.id) as weeks, p.note", "1 as weeks");
  replace(reverse, "p.owner::int as owner, ", "");
  EXPECT_EQ(trouble(inspected_both()),
            (Lines{"FAIL reverse target plans: the view has no column owner, which the table requires → "
                   "Add it to view \"unmap\".\"plans\" in reverse.sql: … as \"owner\".",
                   "warn reverse target plans: the view has no column note: it stays null in new rows, and old rows keep it → "
                   "Add it to view \"unmap\".\"plans\" in reverse.sql if it has a value."}));
}

TEST_F(InspectReverseTest, ANewTableThatTheViewReadsIsFollowed) {
  replace(yaml, "plans: {follow: {plans: {id: id}, weeks: {id: plan_id}}}", "plans: {follow: {plans: {id: id}}}");
  const auto preflight = inspected_both();
  EXPECT_EQ(trouble(preflight), Lines{});
  const auto& derived = preflight.reverse_derived;
  EXPECT_EQ(std::count_if(derived.begin(), derived.end(), [](const std::string& why) { return !why.empty(); }), 1);
}

TEST_F(InspectReverseTest, ASharedTableIsFollowedWhereAViewOfTheWayBackReadsIt) {
  sql.exec("create table owners (id int primary key, note text); create table kinds (id int primary key)");
  replace(yaml, "sources: {", "sources: {owners: {shared: true}, kinds: {shared: true}, ");
  replace(mapping, "note from public.plans", "(select o.note from public.owners o where o.id = owner) as note from public.plans");
  replace(reverse, "as weeks, p.note from v2.plans p;", "as weeks, o.note from v2.plans p left join public.owners o on o.id = p.owner;");
  const auto preflight = inspected_both();
  EXPECT_EQ(trouble(preflight), Lines{"warn source public.kinds: no target follows it → Remove it from sources, or add the rule that is missing."});
  Lines sources;
  for (const auto& source : preflight.reverse->sources) sources.push_back(source.schema + "." + source.name + (source.shared ? " shared" : ""));
  EXPECT_EQ(sources, (Lines{"v2.Exercises", "v2.plans", "public.owners shared", "v2.weeks"}));
}

TEST_F(InspectReverseTest, ANewTableOfWhichTheViewDoesNotTellTheRowsIsNamed) {
  replace(yaml, "plans: {follow: {plans: {id: id}, weeks: {id: plan_id}}}", "plans: {follow: {plans: {id: id}}}");
  replace(reverse, " where w.plan_id = p.id", "");
  const auto lines = trouble(inspected_both());
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].starts_with("FAIL reverse target plans: the view reads v2.weeks, and does not tell which of its rows a change concerns: ")) << lines[0];
}

TEST_F(InspectReverseTest, WhatStaysBehindIsKnownByItsKey) {
  mapping += "create view rejected_plans as select 'nobody''s' as reason from public.plans where false;\n";
  EXPECT_EQ(trouble(inspected_both()), Lines{"FAIL reverse target plans: rejected_plans has no column id, which the table is keyed by: its rows could not be kept → "
                                             "Add it to view \"map\".\"rejected_plans\" in rejects.sql."});
}

TEST_F(InspectReverseTest, AnOldTableWithoutAWayBackIsNamed) {
  replace(yaml, "  plans: {follow: {plans: {id: id}, weeks: {id: plan_id}}}\n", "");
  const auto preflight = inspected_both();
  const auto finding = std::find_if(preflight.findings.begin(), preflight.findings.end(), [](const Finding& each) { return each.subject == "reverse"; });
  ASSERT_NE(finding, preflight.findings.end());
  EXPECT_EQ(finding->level, Finding::Level::kWarn);
  EXPECT_EQ(finding->message, "there is no way back with data: once the writes have moved nothing keeps plans true");
}

/// The migrations that come with crossfade, on an old schema without rows.
class ShippedMigrationTest : public InspectTest, public testing::WithParamInterface<std::string> {};

TEST_P(ShippedMigrationTest, HasNothingToMend) {
  const auto folder = fs::path(CROSSFADE_MIGRATIONS) / GetParam();
  const auto migration = load_migration(folder);
  sql.exec("drop table \"Exercises\", plans");
  std::ifstream v1(folder / "v1.sql");
  sql.exec(std::string(std::istreambuf_iterator<char>(v1), {}));
  const auto preflight = inspected_file(migration);
  EXPECT_TRUE(preflight.ok()) << plan_text(preflight);
  // What the documentation says of how many rules nobody has to write.
  const auto counted = [](const std::vector<std::string>& derived) {
    const auto written = std::count(derived.begin(), derived.end(), "");
    return " " + std::to_string(static_cast<std::ptrdiff_t>(derived.size()) - written) + " | " + std::to_string(written) + " |";
  };
  std::ifstream page(folder / "../../../docs/writing-a-mapping.md");
  const std::string text(std::istreambuf_iterator<char>(page), {});
  const auto row = "| `" + GetParam() + "` |" + counted(preflight.derived) + counted(preflight.reverse_derived) + "\n";
  EXPECT_NE(text.find(row), std::string::npos) << row;
}

INSTANTIATE_TEST_SUITE_P(Shipped, ShippedMigrationTest, testing::Values("vagus_workout", "fitness_planning", "gain_grid", "science_schema", "dynprot"), [](const auto& of) { return of.param; });

}  // namespace
}  // namespace crossfade::mapping
