#include "lint/lint_reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>

#include "broken_rules.h"
#include "mapping/catalog/read_catalog.h"
#include "mapping/preflight/build_model.h"
#include "setup/prepare/prepare.h"
#include "support/server.h"

namespace crossfade::test {
namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(LintReplyTest, WhereARuleHasASelectThatOneIsToBeMended) {
  v1::LintReply reply;
  auto& fault = *reply.add_faults();
  fault.set_source("public.plans");
  fault.set_target("exercises");
  EXPECT_NE(lint::to_text(reply).find("a rule with a select is needed"), std::string::npos);
  fault.set_by_select(true);
  EXPECT_EQ(lint::to_text(reply).find("is needed"), std::string::npos) << lint::to_text(reply);
  EXPECT_NE(lint::to_text(reply).find("the select of its rule does not give the row"), std::string::npos);
  lint::add_next_steps(reply);
  EXPECT_EQ(reply.next_steps(0), "mend the select by which exercises follows public.plans in migration.yaml: it does not give the row");
}

/// One of the project's migrations with a little of its sample data.
class LintTest : public Postgres, public testing::WithParamInterface<const char*> {
 protected:
  explicit LintTest(int plans = 12, bool whole = true, bool derived = false) : whole_(whole), derived_(derived) {
    const auto folder = std::filesystem::path(CROSSFADE_MIGRATIONS) / GetParam();
    sql.exec("set crossfade.sample_plans = " + std::to_string(plans) + "; set crossfade.sample_exercises_per_plan = 4");
    for (const char* file : {"v1.sql", "sample.sql"}) sql.exec(text_of(folder / file));
    run(io, prepare(mapping::load_migration(folder)));
  }

  boost::asio::awaitable<void> prepare(mapping::MigrationFile file) {
    pg::Endpoint endpoint;
    endpoint.conninfo = database.conninfo();
    connection = std::make_unique<pg::Connection>(co_await pg::Connection::open(endpoint));
    co_await connection->script("begin; set local jit = off");
    co_await setup::install(*connection, file);
    if (derived_) by_hand = co_await model_by_hand();
    directed = derived_ ? mapping::forward_migration(file.yaml) : rules_by_hand();
    catalog = co_await mapping::read_catalog(*connection, directed);
    auto preflight = mapping::build_model(directed, catalog);
    model = std::move(preflight.model);
    co_await connection->script("savepoint prepared");
    scope = co_await lint::prepare_lint(*connection, model, whole_, lint::LintOptions().samples);
  }

  /// The same migration with rules that a person has written for its views.
  static mapping::DirectedMigration rules_by_hand() {
    const auto written = std::filesystem::path(CROSSFADE_RULES_BY_HAND) / (std::string(GetParam()) + ".yaml");
    return mapping::forward_migration(mapping::read_migration_yaml("migration.yaml", text_of(written)));
  }

  boost::asio::awaitable<mapping::Model> model_by_hand() {
    const auto course = rules_by_hand();
    co_await connection->script("savepoint by_hand");
    const auto read = co_await mapping::read_catalog(*connection, course);
    co_await connection->script("rollback to savepoint by_hand");
    for (const auto& rule : read.rules) EXPECT_EQ(rule.derived, "") << describe(rule);
    co_return mapping::build_model(course, read).model;
  }

  v1::LintReply lint(const mapping::Model& rules, lint::LintOptions options) {
    return lint::reply_of(rules, scope, run(io, lint::lint(*connection, rules, scope, options)));
  }

  /// Every rule but one: sessions and sets tell of every day that changes, users give the backfill its way.
  void expect_every_rule_needed(const v1::LintReply& reply) {
    std::vector<std::string> unneeded;
    for (const auto& rule : reply.unneeded()) unneeded.push_back(rule.target() + " ← " + rule.source() + (rule.walk() ? ", walked along" : ""));
    const std::vector<std::string> expected = {"volume_analytics ← public.users, walked along"};
    EXPECT_EQ(unneeded, GetParam() == std::string("science_schema") ? expected : std::vector<std::string>{}) << lint::to_text(reply);
  }

  boost::asio::io_context io;
  std::unique_ptr<pg::Connection> connection;
  mapping::DirectedMigration directed;
  mapping::Catalog catalog;
  mapping::Model model;
  mapping::Model by_hand;  ///< where the rules are derived
  lint::Scope scope;

 private:
  const bool whole_;
  const bool derived_;
};

TEST_P(LintTest, FindsNothingWrongWithARightMapping) {
  const auto reply = lint(model, {});
  EXPECT_EQ(lint::exit_code(reply), ExitCode::kOk) << lint::to_text(reply);
  EXPECT_GT(reply.tried() - reply.refused(), 50) << lint::to_text(reply);
  expect_every_rule_needed(reply);
}

/// The same as it ships: of its rules the file has those alone that a view does not tell.
class DerivedRulesLintTest : public LintTest {
 protected:
  DerivedRulesLintTest() : LintTest(12, true, true) {}

  lint::Linted tried(const mapping::Model& rules, SourceId source) {
    lint::LintOptions options;
    options.samples = 2;
    options.source = source;
    return run(io, lint::lint(*connection, rules, scope, options));
  }

  static void add(std::map<std::string, std::uint64_t>& rows, const mapping::Model& rules, const lint::Linted& linted) {
    for (const auto target : rules.targets.ids()) rows[rules.targets[target].name] += linted.refreshed.at(target);
  }
};

/// What is changed is what the view says changes; and no more than twice the rows are looked at that rules look at which a person
/// has written who knows the data.
TEST_P(DerivedRulesLintTest, AllThatChangesIsOfferedAndLittleMore) {
  for (const auto& each : catalog.untold) ADD_FAILURE() << each.target << " ← " << each.source.quoted() << ": " << each.why;
  std::map<std::string, std::uint64_t> derived, written;
  for (const auto source : model.sources.ids()) {
    const auto linted = tried(model, source);
    EXPECT_GT(linted.tried - linted.refused, 3U) << model.sources[source].name;
    for (const auto& fault : linted.faults) {
      ADD_FAILURE() << model.targets[fault.target].name << " ← " << model.sources[fault.source].name << ": " << fault.change << "; " << fault.rule;
    }
    add(derived, model, linted);
    add(written, by_hand, tried(by_hand, source));
  }
  for (const auto& [target, rows] : written) EXPECT_LE(derived[target], 2 * rows) << target;
}

class BrokenRuleTest : public LintTest {};

/// The rules are what a user gets wrong; each one must show, however it is wrong.
TEST_P(BrokenRuleTest, ShowsWhicheverItIs) {
  const auto broken_ones = broken_rules(directed, catalog);
  ASSERT_GT(broken_ones.size(), 5U);
  for (const auto& broken : broken_ones) {
    // Nothing but the backfill needs it: sessions and sets tell of every day that changes.
    if (broken.words.starts_with("volume_analytics ← users: ")) continue;
    lint::LintOptions options;
    options.samples = 12;
    options.source = broken.source;
    options.target = broken.target;
    options.stop_at_first = true;
    const auto reply = lint(broken.model, options);
    EXPECT_EQ(lint::exit_code(reply), ExitCode::kMismatch) << broken.words << " is not noticed\n" << lint::to_text(reply);
  }
}

/// As for views that are too large to be compared whole.
class LintNearSamplesTest : public LintTest {
 protected:
  LintNearSamplesTest() : LintTest(24, false) {}
};

TEST_P(LintNearSamplesTest, TellsRightRulesFromWrong) {
  const auto reply = lint(model, {});
  EXPECT_EQ(lint::exit_code(reply), ExitCode::kOk) << lint::to_text(reply);
  EXPECT_GT(reply.tried() - reply.refused() - reply.unjudged(), 30) << lint::to_text(reply);
  EXPECT_GT(reply.keys(), 20) << lint::to_text(reply);
  expect_every_rule_needed(reply);
}

class MissingRuleNearSamplesTest : public LintNearSamplesTest {
 protected:
  boost::asio::awaitable<v1::LintReply> lint_anew(mapping::Model rules, lint::LintOptions options) {
    co_await connection->script("rollback to savepoint prepared");
    const auto around = co_await lint::prepare_lint(*connection, rules, false, options.samples);
    const auto linted = co_await lint::lint(*connection, rules, around, options);
    co_return lint::reply_of(rules, around, linted);
  }
};

/// What is looked at has to be found without the rule that is missing; by another of the same target, whose source is related.
TEST_P(MissingRuleNearSamplesTest, IsNoticed) {
  for (std::size_t n = 0; n < model.rules.size(); ++n) {
    auto broken = model;
    const auto rule = model.rules[n];
    broken.rules.erase(broken.rules.begin() + static_cast<std::ptrdiff_t>(n));
    const bool others = std::any_of(broken.rules.begin(), broken.rules.end(), [&](const auto& other) { return other.target == rule.target; });
    if (!others) continue;
    lint::LintOptions options;
    options.samples = 12;
    options.source = rule.source;
    options.stop_at_first = true;
    const auto reply = run(io, lint_anew(broken, options));
    EXPECT_EQ(lint::exit_code(reply), ExitCode::kMismatch)
        << model.targets[rule.target].name << " ← " << model.sources[rule.source].name << "\n" << lint::to_text(reply);
  }
}

INSTANTIATE_TEST_SUITE_P(OfTheMigrations, MissingRuleNearSamplesTest, testing::Values("vagus_workout", "gain_grid"),
                         [](const auto& param) { return std::string(param.param); });

INSTANTIATE_TEST_SUITE_P(OfTheMigrations, LintNearSamplesTest, testing::Values("vagus_workout", "fitness_planning", "gain_grid", "dynprot"),
                         [](const auto& param) { return std::string(param.param); });

INSTANTIATE_TEST_SUITE_P(OfTheMigrations, DerivedRulesLintTest, testing::Values("vagus_workout", "fitness_planning", "gain_grid", "science_schema", "dynprot"),
                         [](const auto& param) { return std::string(param.param); });

INSTANTIATE_TEST_SUITE_P(OfTheMigrations, LintTest, testing::Values("vagus_workout", "fitness_planning", "gain_grid", "science_schema", "dynprot"),
                         [](const auto& param) { return std::string(param.param); });

INSTANTIATE_TEST_SUITE_P(OfTheMigrations, BrokenRuleTest, testing::Values("vagus_workout", "fitness_planning", "gain_grid", "science_schema", "dynprot"),
                         [](const auto& param) { return std::string(param.param); });

}  // namespace
}  // namespace crossfade::test
