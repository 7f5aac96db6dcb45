#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <set>

#include "base/text/sql_text.h"
#include "mapping/sql/scan.h"
#include "support/server.h"
#include "unit/mapping/statement_samples.h"

namespace crossfade::mapping {
namespace {

using Names = std::vector<std::string>;

/// What the golden files hold is SQL, and means something to tables and views of the shape that the model describes.
TEST(StatementsOnAServer, EveryStatementOfTheGoldenFilesCanBePrepared) {
  const crossfade::test::Database database;
  crossfade::test::Sql sql(database.conninfo());
  sql.exec(test::sample_schema());
  sql.exec("set search_path = ''");
  const auto model = test::sample_model();
  for (const auto& sample : test::statement_samples(model)) {
    for (const auto& [title, statement] : sample.statements) {
      EXPECT_NO_THROW(sql.exec("prepare it as " + statement)) << sample.file << ": " << title;
      sql.exec("deallocate all");
    }
  }
}

/// Every name that the statements give to something of their own.
Names names_that_statements_use() {
  std::set<std::string> names;
  for (const auto& sample : test::statement_samples(test::sample_model())) {
    for (const auto& [title, statement] : sample.statements) {
      for (const auto& token : scan(statement)) {
        if (token.kind == Token::Kind::kName) names.insert(token.text);
      }
    }
  }
  for (const char* of_the_server : {"ctid", "xmin", "xmax", "tableoid"}) names.erase(of_the_server);
  return {names.begin(), names.end()};
}

/// Parents and their children, every column called as something in our statements is; a key of each.
class NamedAlikeTest : public crossfade::test::Postgres {
 protected:
  NamedAlikeTest() {
    Names definitions;
    Names values;
    for (const auto& name : names) {
      definitions.push_back(quote_identifier(name) + " text");
      values.push_back(fmt::format("n || '{}'", name.size()));
    }
    sql.exec(fmt::format("create schema v1; create schema v2; create schema map;"
                         "create table v1.a ({0}); insert into v1.a select {1} from generate_series(1, 9) n; create table v2.a (like v1.a);"
                         "create table v2.b (like v1.a); create view map.a as select * from v1.a; create view map.b as select * from v1.a",
                         fmt::join(definitions, ", "), fmt::join(values, ", ")));
    for (const char* alias : {"n", "p", "s", "k", "v"}) sql.exec(fmt::format("create unique index on v2.a (\"{0}\"); create unique index on v2.b (\"{0}\")", alias));
    sql.exec("set search_path = ''");
  }

  Model model_by(const std::string& key, bool along_a_foreign_key) const {
    Model model;
    model.name = "alike";
    model.shadow_schema = "v2";
    model.mapping_schema = "map";
    model.sources = {{"v1", "a", {key}, 0}};
    for (const char* table : {"a", "b"}) {
      Target target{table, {}, {key}, {}, 0, key, 0};
      for (const auto& name : names) target.columns.push_back({name, "text"});
      target.table = {"v2", table};
      Locator by{{key}, {"text"}, "", {}, ""};
      if (along_a_foreign_key && target.name == "b") by.path = {{{"v2", "a"}, {key}, {key}}};
      target.locators = {by};
      model.targets.push_back(target);
    }
    return model;
  }

  const Names names = names_that_statements_use();
};

TEST_F(NamedAlikeTest, NoColumnIsTakenForSomethingOfAStatementsOwn) {
  ASSERT_GT(names.size(), 50U);
  KeyFilter values;
  for (const char* key : {"n", "p", "s", "k", "v"}) {
    for (const bool along : {false, true}) {
      const auto model = model_by(key, along);
      for (const auto target : {TargetId(0), TargetId(1)}) {
        const Statements of(model, target);
        const std::vector<std::pair<std::string, std::string>> statements = {
            {"merge", of.merge({values})}, {"replace", of.replace({values})}, {"bulk", of.bulk({values})}, {"remove", of.remove()},
            {"names", of.names()}, {"moving", of.moving({values})}, {"compare", of.compare({values})}, {"explain", of.explain({values})}, {"values", of.values(0, {values})},
            {"next_bound", of.next_bound({"1", "2", false})}, {"middle", of.split_point({"1", "2", false})},
            {"remove_duplicates", of.remove_duplicates(quote_identifier(key))}};
        for (const auto& [title, statement] : statements) {
          EXPECT_NO_THROW(sql.exec("prepare it as " + statement)) << key << ": " << title;
          sql.exec("deallocate all");
        }
      }
      const Statements a(model, 0);
      const auto all = fmt::format("({})", quote_literal(sql.value(fmt::format("select array_agg({}) from v1.a", quote_identifier(key)))));
      sql.exec(fmt::format("prepare merged as {}; execute merged {}", a.merge({values}), all));
      sql.exec(fmt::format("prepare compared as {}", a.compare({values})));
      EXPECT_EQ(sql.value("execute compared " + all), "9") << key;
      EXPECT_EQ(sql.rows("execute compared " + all).size(), 1U) << key << ": equal";
      sql.exec(fmt::format("update v2.a set \"excluded\" = 'drifted' where {0} = (select min({0}) from v2.a)", quote_identifier(key)));
      const auto drifted = sql.value(fmt::format("select min({}) from v2.a", quote_identifier(key)));
      const auto rows = sql.rows("execute compared " + all);
      ASSERT_EQ(rows.size(), 1U) << key;
      EXPECT_NE(rows[0].find("\"excluded\": \"drifted\""), std::string::npos) << key << ": " << drifted;
      sql.exec(fmt::format("prepare explained as {}", a.explain({values})));
      EXPECT_EQ(sql.rows("execute explained " + all).size(), 9U) << key;
      sql.exec("deallocate all; truncate v2.a, v2.b");
    }
  }
}

}  // namespace
}  // namespace crossfade::mapping
