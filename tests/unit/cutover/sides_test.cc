#include "cutover/layout/sides.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/text/sql_text.h"
#include "cutover/layout/links.h"
#include "mapping/file/migration_file.h"

namespace crossfade::cutover {
namespace {

constexpr const char* kYaml = R"yaml(
migration: gym
schemas: {source: app, shadow: gym_v2, mapping: gym_map, reverse: gym_unmap, stable: gym_app}
sources: {plans: {key: [id]}, legacy.moves: {key: [id]}, auth.users: {shared: true}}
targets:
  plans: {follow: {plans: {id: id}, auth.users: {owner: id}}}
  days: {follow: {plans: {plan_id: id}, legacy.moves: {plan_id: plan_id}}}
reverse:
  plans: {follow: {plans: {id: id}}}
  moves: {follow: {days: {id: "select id from days where id = any($id)"}}}
)yaml";

v1::Migration file() { return mapping::read_migration_yaml("migration.yaml", kYaml); }

mapping::RulesInForce rules_of(const v1::Migration& file) {
  return {mapping::written_rules(file), mapping::written_rules(mapping::reverse_migration(file, mapping::Naming::kOriginal).yaml, "reverse")};
}

std::vector<SwapStep> steps_of(const v1::Migration& file, mapping::Direction to, const std::string& lock_order = "") {
  return swap_steps({file, rules_of(file)}, to, outline(file, mapping::Direction::kForward), lock_order);
}

std::vector<std::string> names(const std::vector<SwapStep>& steps) {
  std::vector<std::string> names;
  for (const auto& step : steps) names.push_back(step.name);
  return names;
}
const SwapStep& find(const std::vector<SwapStep>& steps, const std::string& name) {
  for (const auto& step : steps) {
    if (step.name == name) return step;
  }
  throw std::runtime_error("no step " + name);
}
using Names = std::vector<std::string>;

TEST(SidesTest, TablesOfV2TakeThePlaceOfThoseOfV1) {
  using mapping::TableName;
  const auto before = sides_of(file(), mapping::Naming::kOriginal);
  EXPECT_EQ(before.v1, (std::vector<TableName>{{"app", "plans"}, {"legacy", "moves"}}));
  EXPECT_EQ(before.v2, (std::vector<TableName>{{"gym_v2", "days"}, {"gym_v2", "plans"}}));
  EXPECT_EQ(before.shared, (std::vector<TableName>{{"auth", "users"}}));
  const auto after = sides_of(file(), mapping::Naming::kSwapped);
  EXPECT_EQ(after.v1, (std::vector<TableName>{{"app", "plans_v1"}, {"legacy", "moves_v1"}}));
  EXPECT_EQ(after.v2, (std::vector<TableName>{{"app", "days"}, {"app", "plans"}}));
  EXPECT_EQ(after.shared, before.shared);
}

TEST(SwapTest, OpensTheNewOwnerBeforeItsTablesMoveAndClosesTheOldOneAfterwards) {
  const auto steps = steps_of(file(), mapping::Direction::kReverse, "a, b");
  EXPECT_EQ(names(steps), (Names{"exclusive lock", "fences off", "views", "names", "fences on", "sequences"}));
  EXPECT_EQ(steps.front().sql, "lock table a, b in access exclusive mode");
  EXPECT_NE(find(steps, "fences off").sql.find(R"(take_fences('"gym_v2"."days"'))"), std::string::npos);
  EXPECT_NE(find(steps, "fences on").sql.find(R"('"legacy"."moves_v1"')"), std::string::npos);
}

TEST(SwapTest, TriggersWakeOnTheSideThatIsWrittenAndRestOnTheOther) {
  const auto steps = steps_of(file(), mapping::Direction::kReverse);
  EXPECT_NE(find(steps, "fences off").sql.find(R"(select crossfade.enable_triggers('gym', '"gym_v2"."days"'))"), std::string::npos);
  EXPECT_NE(find(steps, "fences on").sql.find(R"(select crossfade.disable_triggers('gym', '"legacy"."moves_v1"'))"), std::string::npos);
}

TEST(SwapTest, IdsAreHandedOverAndTakenBack) {
  auto with_ids = file();
  (*with_ids.mutable_surrogates())["day_id"].add_of("plan_id");
  EXPECT_EQ(find(steps_of(with_ids, mapping::Direction::kReverse), "ids").sql,
            "select crossfade.continue_ids_of_surrogates('\"crossfade\".\"gym_day_id\"', '\"gym_unmap\".\"day_id\"');\n");
  EXPECT_EQ(find(steps_of(with_ids, mapping::Direction::kForward), "ids").sql,
            "select crossfade.import_surrogate_ids('\"crossfade\".\"gym_day_id\"', '\"gym_unmap\".\"day_id\"', '{\"plan_id\"}');\n");
}

TEST(SwapTest, V1GivesItsNamesUpBeforeV2TakesThem) {
  const auto steps = steps_of(file(), mapping::Direction::kReverse);
  EXPECT_EQ(find(steps, "names").sql,
            "select crossfade.retire('gym', variadic " + quote_literal(array_text({"\"app\".\"plans\"", "\"legacy\".\"moves\""})) + "::regclass[]);\n"
            "select crossfade.relocate('\"gym_v2\".\"days\"', 'app');\n"
            "select crossfade.relocate('\"gym_v2\".\"plans\"', 'app');\n");
}

TEST(SwapTest, TheWayBackIsTheSameBackwards) {
  const auto steps = steps_of(file(), mapping::Direction::kForward);
  EXPECT_EQ(names(steps), (Names{"exclusive lock", "fences off", "names", "views", "fences on", "sequences"}));
  EXPECT_EQ(find(steps, "names").sql,
            "select crossfade.relocate('\"app\".\"days\"', 'gym_v2');\n"
            "select crossfade.relocate('\"app\".\"plans\"', 'gym_v2');\n"
            "select crossfade.reinstate('gym');\n");
  EXPECT_NE(find(steps, "fences off").sql.find(R"(take_fences('"app"."plans_v1"'))"), std::string::npos);
  EXPECT_NE(find(steps, "fences on").sql.find(R"(put_fences('gym', '"gym_v2"."plans"')"), std::string::npos);
}

TEST(SwapTest, SequencesGoBeyondThoseOfTheColumnsThatAreTheirCounterparts) {
  const auto steps = steps_of(file(), mapping::Direction::kReverse);
  const std::string pairs =
      R"js([{"own":"\"app\".\"days\""},)js"
      R"js({"own":"\"app\".\"days\"","other":"\"app\".\"plans_v1\"","own_column":"plan_id","other_column":"id"},)js"
      R"js({"own":"\"app\".\"days\"","other":"\"legacy\".\"moves_v1\"","own_column":"plan_id","other_column":"plan_id"},)js"
      R"js({"own":"\"app\".\"plans\"","other":"\"app\".\"plans_v1\""},)js"
      R"js({"own":"\"app\".\"plans\"","other":"\"app\".\"plans_v1\"","own_column":"id","other_column":"id"}])js";
  EXPECT_EQ(find(steps, "sequences").sql, "select crossfade.advance_sequences(" + quote_literal(pairs) + ");\n");
}

std::vector<std::string> texts(const std::vector<Link>& links) {
  std::vector<std::string> texts;
  for (const auto& link : links) {
    texts.push_back(link.owner.quoted() + (link.follower ? fmt::format(" → {} → {}{}", link.follower->quoted(), link.after.quoted(), link.same ? " same" : "") : ""));
  }
  return texts;
}

TEST(LinksTest, ATableIsLinkedToWhatIsMadeOfItAndToItsNamesake) {
  EXPECT_EQ(texts(links_of({file(), rules_of(file())}, mapping::Direction::kReverse)),
            (Names{R"("app"."plans" → "gym_v2"."days" → "app"."days")", R"("app"."plans" → "gym_v2"."plans" → "app"."plans" same)",
                   R"("legacy"."moves" → "gym_v2"."days" → "app"."days")"}));
  EXPECT_EQ(texts(links_of({file(), rules_of(file())}, mapping::Direction::kForward)),
            (Names{R"("app"."days" → "legacy"."moves_v1" → "legacy"."moves")", R"("app"."plans" → "app"."plans_v1" → "app"."plans" same)"}));
  EXPECT_EQ(texts(way_back_links({file(), rules_of(file())})),
            (Names{R"("app"."plans" → "gym_v2"."plans" → "app"."plans" same)", R"("legacy"."moves" → "gym_v2"."days" → "legacy"."moves")"}));
}

TEST(LinksTest, ATableThatNothingIsMadeOfStandsAlone) {
  auto lonely = file();
  (*lonely.mutable_sources())["notes"].add_key("id");
  EXPECT_EQ(texts(links_of({lonely, rules_of(lonely)}, mapping::Direction::kReverse)).front(), R"("app"."notes")");
  EXPECT_TRUE(json_of(links_of({lonely, rules_of(lonely)}, mapping::Direction::kReverse)).starts_with(R"js([{"owner":"\"app\".\"notes\"","same":false},{"owner":)js"));
}

}  // namespace
}  // namespace crossfade::cutover
