#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "inspect_fixture.h"

namespace crossfade::mapping {
namespace {

/// While a bulk load takes keys of v2 off and builds them.
class KeysSetAsideTest : public InspectTest {
 protected:
  KeysSetAsideTest() {
    sql.exec(std::string(sql::engine::schema));
    for (const auto& script : install_scripts(migration)) sql.exec("begin; " + script.sql + "; commit");
    sql.exec("insert into crossfade.migration (name, phase, shadow_schema, mapping_schema) values ('sample', 'backfilling', 'v2', 'map')");
    sql.exec("set search_path to ''");
    migration.v2_sql = migration.mapping_sql = "";
  }

  /// A constraint of v2: its table, its name, and what brings it back.
  struct KeyOf {
    std::string table;
    std::string name;
    std::string create;
  };
  std::vector<KeyOf> keys_of(const std::string& table) {
    std::vector<KeyOf> keys;
    for (const auto& row : sql.rows("select conname, format('alter table %s add constraint %I %s', conrelid::regclass, conname, "
                                    "pg_get_constraintdef(oid)) from pg_constraint where conrelid = 'v2." + table +
                                    "'::regclass and contype in ('f', 'p') order by contype")) {
      const auto bar = row.find('|');
      keys.push_back({table, row.substr(0, bar), row.substr(bar + 1)});
    }
    return keys;
  }
  static std::string take_off(const KeyOf& key) {
    return "insert into crossfade.deferred (migration, target, name, stage, create_sql) values ('sample', '" + key.table + "', '" + key.name +
           "', 1, '" + key.create + "') on conflict (migration, target, name) do update set built = false; alter table v2." + key.table +
           " drop constraint \"" + key.name + "\"";
  }

  MigrationFile migration = file();
};

TEST_F(KeysSetAsideTest, TheyAreStillKnown) {
  for (const std::string table : {"\"Exercises\"", "weeks"}) {
    for (const auto& key : keys_of(table)) sql.exec(take_off(key));
  }
  const auto found = inspected_file(migration);
  EXPECT_EQ(trouble(found), Lines());
  const auto& model = found.model;
  ASSERT_EQ(model.targets.size(), 3U);
  EXPECT_EQ(model.targets[1].key, (Lines{"plan_id", "week"}));
  EXPECT_EQ(model.targets[2].key, Lines{"id"});
  EXPECT_EQ(model.targets[2].locators.at(1).path.at(0).parent.name, "weeks");
}

TEST_F(KeysSetAsideTest, ThoseThatComeAndGoBetweenTwoLooksToo) {
  // A key that refers to another table would lock both, and wait in a ring with those who look.
  const auto key = keys_of("\"Exercises\"").back();
  const std::vector<std::string> turns = {
      "begin; " + take_off(key) + "; commit",
      "begin; " + key.create + "; update crossfade.deferred set built = true where name = '" + key.name + "'; commit",
  };
  for (int n = 0; n < 40 && !HasFailure(); ++n) {
    std::thread load([&] {
      test::Sql other(database.conninfo());
      other.exec("set search_path to ''");
      // A little later each time, so that it falls between any two looks.
      for (int before = 0; before < 20 * n; ++before) other.exec("select 1");
      other.exec(turns[n % 2]);
    });
    const auto found = inspected_file(migration);
    load.join();
    EXPECT_EQ(trouble(found), Lines());
    EXPECT_EQ(found.model.targets.size() == 3 ? found.model.targets[2].key : Lines(), Lines{"id"});
  }
}

}  // namespace
}  // namespace crossfade::mapping
