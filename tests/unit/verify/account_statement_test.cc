#include "verify/account/account_statement.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace crossfade::verify {
namespace {

/// Plans go to plans, weeks and, by their weeks, days; days also follow exercises, which have a target of their own.
mapping::Model model() {
  mapping::Model model;
  model.name = "gym";
  model.shadow_schema = "v2";
  model.mapping_schema = "map";
  model.sources = {{"public", "plans", {"id"}, 0}, {"public", "exercises", {"id"}, 0}, {"public", "labels", {"id"}, 0}};
  mapping::Locator id{{"id"}, {"uuid"}, "", {}, ""};
  mapping::Locator plan_id{{"plan_id"}, {"uuid"}, "", {}, ""};
  auto by_week = plan_id;
  by_week.path = {{{"v2", "weeks"}, {"week_id"}, {"id"}}};
  mapping::Locator looked_up{{"id"}, {"integer"}, "select id from public.exercises where label = any($1)", {}, ""};
  model.targets.resize(4);
  model.targets[0] = {"plans", {}, {"id"}, {id}, 0, "id", 0};
  model.targets[1] = {"weeks", {}, {"id"}, {plan_id}, 0, "id", 0};
  model.targets[2] = {"days", {}, {"id"}, {by_week}, 0, "id", 0};
  model.targets[3] = {"exercises", {}, {"id"}, {id, looked_up}, 1, "id", 0};
  for (auto& target : model.targets) target.table = {"v2", target.name};
  model.rules = {{0, 1, 0, {"id"}, {}}, {0, 2, 0, {"id"}, {}}, {0, 0, 0, {"id"}, {}},
                 {1, 2, 0, {"plan_id"}, {}}, {1, 3, 0, {"id"}, {}}, {2, 3, 1, {"id"}, {}}};
  return model;
}

void expect_golden(const std::string& name, const std::string& text) {
  const auto path = std::string(CROSSFADE_GOLDEN) + "/" + name + ".sql";
  std::ifstream file(path);
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(text + "\n", golden.str()) << "where this is right, write it to " << path;
}

TEST(AccountStatementTest, LooksForARowWhereTheLeastIsLeftFirst) {
  expect_golden("account_of_plans", account_statement(model(), 0, true));
}

TEST(AccountStatementTest, LooksForARowByItsKeyAlone) {
  expect_golden("account_of_exercises", account_statement(model(), 1, false));
}

/// A week has many days, and perhaps none.
TEST(AccountStatementTest, LooksForARowByItsKeyAloneOnlyWhereATargetHasARowForEach) {
  auto of = model();
  of.rules = {{1, 1, 0, {"id"}, {}}, {1, 2, 0, {"plan_id"}, {}}};
  const auto statement = account_statement(of, 1, false);
  EXPECT_NE(statement.find("= s.\"id\"::uuid"), std::string::npos) << statement;
  EXPECT_NE(statement.find("= s.\"plan_id\"::uuid"), std::string::npos) << statement;
}

/// No column of v2 is a column of v1: a row is looked for by the key that is computed of it.
TEST(AccountStatementTest, LooksForARowByTheKeyThatIsComputedOfIt) {
  auto of = model();
  of.rules = {{2, 3, 1, {"id"}, {}}};
  const auto with_lookup = [&](const std::string& lookup) {
    of.targets[3].locators[1].lookup = lookup;
    return is_accountable(of, 2, false);
  };
  EXPECT_TRUE(with_lookup("SELECT ('L'::text || changed.id) FROM unnest($1::integer[]) changed(id)"));
  expect_golden("account_of_computed", account_statement(of, 2, true));
  EXPECT_TRUE(with_lookup("SELECT f(changed.id) FROM UNNEST($1::integer[]) changed(id) WHERE (changed.id > 0)"));
  EXPECT_FALSE(with_lookup("SELECT e.id FROM (unnest($1::integer[]) changed(id) JOIN public.exercises e ON ((e.label = changed.id)))"));
  EXPECT_FALSE(with_lookup("SELECT (SELECT max(e.id) FROM public.exercises e) FROM unnest($1::integer[]) changed(id)"));
  EXPECT_FALSE(with_lookup("SELECT t.x FROM unnest($1::integer[]) changed(id), LATERAL unnest(changed.id) t(x)"));
  EXPECT_FALSE(with_lookup("SELECT e.id FROM public.exercises e WHERE (e.label = ANY ($1))"));
  of.rules[0].source_columns = {"name"};
  EXPECT_FALSE(with_lookup("SELECT ('L'::text || changed.name) FROM unnest($1::text[]) changed(name)")) << "others may have that name, too";
}

TEST(AccountStatementTest, LooksNotForRowsThatAreOnlyLookedUp) {
  EXPECT_FALSE(is_accountable(model(), 2, false));
  expect_golden("account_of_labels", account_statement(model(), 2, false));
}

}  // namespace
}  // namespace crossfade::verify
