#include "mapping/file/strict_yaml.h"

#include <gtest/gtest.h>

#include <string>

#include "base/error/failure.h"
#include "crossfade/v1/migration.pb.h"

namespace crossfade::mapping {
namespace {

v1::Migration read(const std::string& text) {
  v1::Migration migration;
  read_yaml("m.yaml", text, migration);
  return migration;
}

/// The message and the advice of the usage Failure that `text` gives.
std::string refusal(const std::string& text) {
  try {
    read(text);
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit(), ExitCode::kUsage);
    return std::string(failure.what()) + " | " + failure.facts().advice;
  }
  return "accepted";
}

TEST(StrictYaml, NothingIsWrittenAsAnEmptyListToo) {
  for (const auto* nothing : {"[]", "{}"}) {
    const auto migration = read(std::string("migration: m\ntargets: {t: {follow: ") + nothing + "}}\n");
    EXPECT_TRUE(migration.targets().at("t").follow().empty()) << nothing;
  }
  EXPECT_NE(refusal("migration: m\ntargets: {t: {follow: [a]}}\n"), "accepted");
}

TEST(StrictYaml, ReadsAMigration) {
  const auto migration = read(
      "migration: vagus\n"
      "schemas: {shadow: v2, mapping: map}\n"
      "sources: {plans: {key: [id]}, exercises: {}}\n"
      "targets:\n"
      "  days:\n"
      "    follow:\n"
      "      plans: {plan_id: id}\n"
      "      exercises: [{plan_id: plan_id}, {plan_id: other_id}]\n"
      "    backfill: lazy\n"
      "checks:\n"
      "- {name: owners, when: before, severity: warn, expect: zero, sql: \"select \\\"x\\\"\\n\"}\n"
      "cutover: {hold_limit: 250ms, lock_timeout: 1.5s, route_steps: [5, 100], hook: pool, hook_timeout: 3s}\n");
  EXPECT_EQ(migration.migration(), "vagus");
  EXPECT_EQ(migration.sources().at("plans").key(0), "id");
  const auto& days = migration.targets().at("days");
  EXPECT_EQ(days.follow().at("plans").rules(0).columns().at("plan_id"), "id");
  ASSERT_EQ(days.follow().at("exercises").rules_size(), 2);
  EXPECT_EQ(days.follow().at("exercises").rules(1).columns().at("plan_id"), "other_id");
  EXPECT_EQ(days.backfill(), v1::TargetTable::BACKFILL_LAZY);
  EXPECT_EQ(migration.checks(0).severity(), v1::Check::SEVERITY_WARN);
  EXPECT_EQ(migration.checks(0).sql(), "select \"x\"\n");
  EXPECT_EQ(migration.cutover().hold_limit().nanos(), 250'000'000);
  EXPECT_EQ(migration.cutover().hook(), "pool");
  EXPECT_EQ(migration.cutover().hook_timeout().seconds(), 3);
  EXPECT_EQ(migration.cutover().lock_timeout().seconds(), 1);
  EXPECT_EQ(migration.cutover().route_steps(1), 100U);
}

TEST(StrictYaml, TakesWordsAsTheyWereWritten) {
  const auto migration = read("migration: no\nsources: {0755: {key: [1e3, yes]}}\n");
  EXPECT_EQ(migration.migration(), "no");
  EXPECT_EQ(migration.sources().at("0755").key(0), "1e3");
}

TEST(StrictYaml, AnUnknownKeyNamesItsPlaceAndTheNearestOne) {
  EXPECT_EQ(refusal("migration: a\ntargets:\n  days: {folow: {}}\n"),
            "m.yaml:3:10: \"folow\" is not known here | Did you mean \"follow\"?");
}

TEST(StrictYaml, AnUnknownKeyWithoutANearOneListsThemAll) {
  EXPECT_EQ(refusal("schemas: {elsewhere: x}\n"),
            "m.yaml:1:11: \"elsewhere\" is not known here | Allowed: source, shadow, mapping, reverse, stable.");
}

TEST(StrictYaml, ADuplicateKeyNamesBothLines) {
  EXPECT_EQ(refusal("migration: a\nsources:\n  plans: {}\n  plans: {}\n"),
            "m.yaml:4:3: the key \"plans\" stands here twice | The first is in line 3. Join the two, or remove one.");
}

TEST(StrictYaml, AnchorsAliasesAndTagsAreRefused) {
  EXPECT_EQ(refusal("migration: &name a\n"),
            "m.yaml:1:12: an anchor (&name) is not allowed here | Remove it; every value is written out.");
  EXPECT_EQ(refusal("migration: !!str a\n"),
            "m.yaml:1:12: the tag tag:yaml.org,2002:str is not allowed here | Remove it; the type follows from the key.");
}

TEST(StrictYaml, AnAliasToNothingIsRefused) {
  EXPECT_EQ(refusal("migration: *name\n").substr(0, 12), "m.yaml:1:12:");
}

TEST(StrictYaml, ValuesOfTheWrongKindNameTheirPlace) {
  const auto place = [](const std::string& text) { return refusal(text).substr(0, refusal(text).find(" | ")); };
  EXPECT_EQ(place("sources: [plans]\n"), "m.yaml:1:10: keys with values must stand here, not a list");
  EXPECT_EQ(place("sources: {plans: {key: id}}\n"), "m.yaml:1:24: a list must stand here, not a single value");
  EXPECT_EQ(place("\nmigration:\nschemas: {}\n"), "m.yaml:2:1: text must stand here, not nothing");
  EXPECT_EQ(place("migration: {a: b}\n"), "m.yaml:1:12: text must stand here, not keys with values");
}

TEST(StrictYaml, WordsNumbersAndDurationsAreChecked) {
  EXPECT_EQ(refusal("checks:\n- when: befor\n"), "m.yaml:2:9: \"befor\" is not before or after | Did you mean \"before\"?");
  EXPECT_EQ(refusal("cutover: {route_steps: [ten]}\n"),
            "m.yaml:1:25: \"ten\" is not a whole number | Write digits only.");
  EXPECT_EQ(refusal("cutover: {hold_limit: 250}\n"),
            "m.yaml:1:23: \"250\" is not a duration | Write a number and one of ms, s, m, min, h and d, e.g. 250ms.");
  EXPECT_EQ(refusal("cutover: {lock_timeout: 1e300h}\n").substr(0, 42), "m.yaml:1:25: \"1e300h\" is not a duration | ");
}

TEST(StrictYaml, TwoDocumentsAreRefused) {
  EXPECT_EQ(refusal("migration: a\n---\nmigration: b\n"),
            "m.yaml:3:1: a second document begins here | One file holds one migration; remove the --- line.");
}

TEST(StrictYaml, AbsurdDepthAndSizeAreRefused) {
  EXPECT_EQ(refusal(std::string(17, '[') + std::string(17, ']')).substr(0, 42),
            "m.yaml:1:17: nested deeper than 16 levels ");
  EXPECT_EQ(refusal("migration: " + std::string(1'048'576, 'a')).substr(0, 64),
            "m.yaml:1:1: 1048587 bytes are more than a migration file may hav");
  EXPECT_NE(refusal(std::string(100'000, '[')), "accepted");
}

TEST(StrictYaml, WhatDoesNotParseNamesItsPlace) {
  EXPECT_EQ(refusal("migration: a\nsources: {plans: {}\n").substr(0, 9), "m.yaml:3:");
  EXPECT_EQ(refusal("").substr(0, 30), "m.yaml:1:1: the file is empty ");
}

}  // namespace
}  // namespace crossfade::mapping
