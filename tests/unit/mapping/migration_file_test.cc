#include "mapping/file/migration_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "base/error/failure.h"

namespace crossfade::mapping {
namespace {

namespace fs = std::filesystem;

constexpr const char* kYaml =
    "migration: vagus\n"
    "schemas: {shadow: v2, mapping: map}\n"
    "sources: {plans: {}, legacy.exercises: {}}\n"
    "targets: {days: {follow: {plans: {plan_id: id}, legacy.exercises: {plan_id: plan_id}}}}\n";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

std::string refusal(const std::function<void()>& act) {
  try {
    act();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit(), ExitCode::kUsage);
    EXPECT_NE(failure.facts().advice, "");
    return failure.what();
  }
  return "accepted";
}

/// What is said about the good file with one thing replaced.
std::string refusal_of(const std::string& what, const std::string& by) {
  return refusal([&] { read_migration_yaml("migration.yaml", replaced(kYaml, what, by)); });
}

TEST(MigrationYaml, GetsItsDefaults) {
  const auto yaml = read_migration_yaml("migration.yaml", kYaml);
  EXPECT_EQ(yaml.schemas().source(), "public");
  EXPECT_EQ(yaml.cutover().hold_limit().seconds(), 1);
  EXPECT_EQ(yaml.cutover().hook_timeout().seconds(), 10);
  EXPECT_EQ(yaml.cutover().lock_timeout().nanos(), 100'000'000);
  EXPECT_EQ(yaml.cutover().route_steps_size(), 0);
  EXPECT_EQ(yaml.targets().at("days").backfill(), v1::TargetTable::BACKFILL_EAGER);
}

TEST(MigrationYaml, ASourceMayBeInAnotherSchema) {
  const auto yaml = read_migration_yaml("migration.yaml", kYaml);
  EXPECT_EQ(source_table(yaml, "plans").schema, "public");
  EXPECT_EQ(source_table(yaml, "legacy.exercises").schema, "legacy");
  EXPECT_EQ(source_table(yaml, "legacy.exercises").name, "exercises");
}

TEST(MigrationYaml, ItsNameHasToFitASlot) {
  EXPECT_EQ(refusal_of("vagus", "Vagus Workout"), "migration.yaml: migration: \"Vagus Workout\" cannot be a migration's name");
}

TEST(MigrationYaml, SchemasDiffer) {
  EXPECT_EQ(refusal_of("map}", "v2}"), "migration.yaml: schemas.mapping: v2 is the schema of schemas.shadow");
  EXPECT_EQ(refusal_of("map}", "app_canary, stable: app}"), "migration.yaml: schemas.mapping: app_canary is the schema of the views of schemas.stable that show v2 throughout");
  EXPECT_EQ(refusal_of("map}", "map, stable: " + std::string(57, 'a') + "}"),
            "migration.yaml: schemas.stable: is too long by 1 bytes for the schema of the views that show v2 throughout, which adds _canary");
  EXPECT_EQ(refusal_of("v2", "crossfade"), "migration.yaml: schemas.shadow: crossfade is the schema of crossfade itself");
  EXPECT_EQ(refusal_of("shadow: v2, ", ""), "migration.yaml: schemas.shadow: is missing");
}

TEST(MigrationYaml, ARuleNamesAKnownSource) {
  EXPECT_EQ(refusal_of("{plans: {plan_id", "{plan: {plan_id"),
            "migration.yaml: targets.days.follow: \"plan\" is not among the sources");
}

TEST(MigrationYaml, ASurrogateHasANaturalKeyAndAnIntegerType) {
  const auto with_surrogate = [](const std::string& surrogate) {
    return refusal([&] { read_migration_yaml("migration.yaml", kYaml + ("surrogates: {" + surrogate + "}\n")); });
  };
  EXPECT_EQ(with_surrogate("day_id: {of: [plan_id, day_no]}"), "accepted");
  EXPECT_EQ(with_surrogate("day_id: {of: [plan_id], type: integer}"), "accepted");
  EXPECT_EQ(with_surrogate("day_id: {type: bigint}"), "migration.yaml: surrogates.day_id: of is missing");
  EXPECT_EQ(with_surrogate("day_id: {of: [a], type: uuid}"), "migration.yaml: surrogates.day_id: \"uuid\" is no type of integer");
  EXPECT_EQ(with_surrogate("day_id: {of: [id]}"), "migration.yaml: surrogates.day_id: of has a column called id, as the surrogate itself is");
  EXPECT_EQ(with_surrogate("day_id: {of: [a, a]}"), "migration.yaml: surrogates.day_id: a column stands twice in of");
  EXPECT_EQ(with_surrogate("days: {of: [a]}"), "migration.yaml: surrogates.days: a target has this name");
}

TEST(MigrationYaml, ACheckHasExactlyOneStatement) {
  const auto with_check = [](const std::string& check) {
    return refusal([&] { read_migration_yaml("migration.yaml", kYaml + ("checks: [" + check + "]\n")); });
  };
  EXPECT_EQ(with_check("{name: a, when: before, sql: select 0}"), "accepted");
  EXPECT_EQ(with_check("{name: a, when: before}"), "migration.yaml: check \"a\": has to have one of sql and file");
  EXPECT_EQ(with_check("{name: a, sql: select 0}"), "migration.yaml: check \"a\": when is missing");
}

TEST(MigrationYaml, ReadersMoveInRisingSteps) {
  const auto with_steps = [](const std::string& steps) {
    return refusal([&] { read_migration_yaml("migration.yaml", kYaml + ("cutover: {route_steps: " + steps + "}\n")); });
  };
  EXPECT_EQ(with_steps("[1, 100]"), "accepted");
  EXPECT_NE(with_steps("[50, 10, 100]"), "accepted");
  EXPECT_NE(with_steps("[10, 50]"), "accepted");
}

class MigrationFolder : public testing::Test {
 protected:
  MigrationFolder() {
    fs::create_directories(folder / "checks");
    write("migration.yaml", kYaml);
    write("v2.sql", "create table days (id int);\n");
    write("mapping.sql", "create view days as select 1 as id;\n");
  }
  ~MigrationFolder() override { fs::remove_all(folder); }

  void write(const std::string& name, const std::string& text) const { std::ofstream(folder / name) << text; }
  std::string refused() const {
    auto said = refusal([&] { load_migration(folder); });
    const auto at = said.find(folder.string());
    return at == std::string::npos ? said : said.replace(at, folder.string().size(), "F");
  }

  fs::path folder = fs::path(testing::TempDir()) /
                    ("crossfade_migration_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(MigrationFolder, WhatAnEditorPutsIntoItsFilesIsNothing) {
  write("rejects.sql", "create view r as select 'no' as reason;\n");
  const auto plain = texts_of(load_migration(folder));
  for (const auto& [name, text] : plain) {
    std::string written = "\xEF\xBB\xBF";
    for (const char c : text) written += c == '\n' ? std::string("\r\n") : std::string(1, c);
    write(name, written);
  }
  EXPECT_EQ(texts_of(load_migration(folder)), plain);
  write("mapping.sql", "a lone \r stays");
  EXPECT_EQ(texts_of(load_migration(folder)).at("mapping.sql"), "a lone \r stays");
}

TEST_F(MigrationFolder, AFileInUtf16IsRefusedByName) {
  write("mapping.sql", std::string("\xFF\xFE"
                                   "c\0r\0",
                                   6));
  EXPECT_EQ(refused(), "F/mapping.sql is written in UTF-16");
}

TEST_F(MigrationFolder, IsReadWhole) {
  write("rejects.sql", "create view rejected as select 1;\n");
  const auto file = load_migration(folder);
  EXPECT_EQ(file.v2_sql, "create table days (id int);\n");
  const auto scripts = install_scripts(file);
  ASSERT_EQ(scripts.size(), 3U);
  EXPECT_EQ(scripts[0].schema, "v2");
  EXPECT_EQ(scripts[2].file, "rejects.sql");
  EXPECT_EQ(scripts[2].schema, "map");
}

TEST_F(MigrationFolder, TablesOfIdsAreMadeBetweenTheViewsOfNaturalKeysAndTheMapping) {
  write("migration.yaml", std::string(kYaml) + "surrogates: {day_id: {of: [plan_id, \"dayNo\"]}}\n");
  EXPECT_EQ(refused(), "F/surrogates.sql cannot be read");
  write("surrogates.sql", "create view map.day_id as select 1 as plan_id, 2 as \"dayNo\";\n");
  const auto scripts = install_scripts(load_migration(folder));
  ASSERT_EQ(scripts.size(), 3U);
  EXPECT_EQ(scripts[1].file, "surrogates.sql");
  EXPECT_TRUE(scripts[1].sql.ends_with(
      "create table \"crossfade\".\"vagus_day_id\" as select \"plan_id\", \"dayNo\" from \"map\".\"day_id\" with no data;\n"
      "alter table \"crossfade\".\"vagus_day_id\" add primary key (\"plan_id\", \"dayNo\"), "
      "add column id bigint not null generated by default as identity unique;\n"))
      << scripts[1].sql;
  EXPECT_EQ(scripts[2].file, "mapping.sql");
}

TEST_F(MigrationFolder, AMissingFileIsNamed) {
  fs::remove(folder / "mapping.sql");
  EXPECT_EQ(refused(), "F/mapping.sql cannot be read");
  EXPECT_NE(refusal([&] { load_migration(folder / "nowhere"); }), "accepted");
}

TEST_F(MigrationFolder, AScriptMayNotCommit) {
  write("v2.sql", "create table days (id int);\n  COMMIT ;\n");
  EXPECT_EQ(refused(), "F/v2.sql:2: the script controls its own transaction");
}

TEST_F(MigrationFolder, AChecksFileIsItsStatement) {
  write("migration.yaml", std::string(kYaml) + "checks: [{name: a, when: after, file: checks/a.sql}]\n");
  EXPECT_EQ(refused(), "F/checks/a.sql cannot be read");
  write("checks/a.sql", "select 0");
  EXPECT_EQ(load_migration(folder).yaml.checks(0).sql(), "select 0");
}

TEST_F(MigrationFolder, AChecksFileIsInTheFolder) {
  write("migration.yaml", std::string(kYaml) + "checks: [{name: a, when: after, file: ../../etc/passwd}]\n");
  EXPECT_EQ(refused(), "migration.yaml: check \"a\": ../../etc/passwd is outside the folder");
}

TEST_F(MigrationFolder, TheWayBackIsWholeOrAbsent) {
  write("reverse.sql", "create view plans as select 1;\n");
  EXPECT_EQ(refused(), "F: reverse.sql and schemas.reverse go together");
}

}  // namespace
}  // namespace crossfade::mapping
