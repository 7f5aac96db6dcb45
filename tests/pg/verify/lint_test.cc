#include "verify/lint.h"

#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "mapping/inspect.h"
#include "support/server.h"
#include "sync/prepare.h"

namespace crossfade::test {
namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// One of the project's migrations with a little of its sample data.
class LintTest : public Postgres, public testing::WithParamInterface<const char*> {
 protected:
  LintTest() {
    const auto folder = std::filesystem::path(CROSSFADE_MIGRATIONS) / GetParam();
    sql.exec("set crossfade.sample_plans = 12; set crossfade.sample_exercises_per_plan = 4");
    for (const char* file : {"v1.sql", "sample.sql"}) sql.exec(text_of(folder / file));
    run(io, prepare(mapping::load_migration(folder)));
  }

  boost::asio::awaitable<void> prepare(mapping::MigrationFile file) {
    pg::Endpoint endpoint;
    endpoint.conninfo = database.conninfo();
    connection = std::make_unique<pg::Connection>(co_await pg::Connection::open(endpoint));
    co_await connection->script("begin; set local jit = off");
    co_await sync::install(*connection, file);
    auto preflight = co_await mapping::inspect_catalog(*connection, mapping::forward_course(file.yaml));
    model = std::move(preflight.model);
    for (auto& target : model.targets) target.lazy = false;
    co_await verify::prepare_lint(*connection, model);
  }

  v1::LintReply lint(const mapping::Model& rules, verify::LintOptions options) {
    return verify::reply_of(model, run(io, verify::lint(*connection, rules, options)));
  }

  boost::asio::io_context io;
  std::unique_ptr<pg::Connection> connection;
  mapping::Model model;
};

TEST_P(LintTest, FindsNothingWrongWithARightMapping) {
  const auto reply = lint(model, {});
  EXPECT_EQ(verify::exit_code(reply), ExitCode::kOk) << verify::to_text(reply);
  EXPECT_GT(reply.tried() - reply.refused(), 50) << verify::to_text(reply);
}

class MissingRuleTest : public LintTest {};

/// The rules are what a user gets wrong; each one that is forgotten must show.
TEST_P(MissingRuleTest, ShowsWhicheverItIs) {
  for (std::size_t n = 0; n < model.rules.size(); ++n) {
    auto broken = model;
    const auto rule = model.rules[n];
    broken.rules.erase(broken.rules.begin() + static_cast<std::ptrdiff_t>(n));
    verify::LintOptions options;
    options.samples = 12;
    options.source = rule.source;
    options.stop_at_first = true;
    const auto reply = lint(broken, options);
    EXPECT_EQ(verify::exit_code(reply), ExitCode::kMismatch)
        << model.targets[rule.target].name << " by " << model.targets[rule.target].locators[rule.locator].name() << " ← " << model.sources[rule.source].name;
  }
}

INSTANTIATE_TEST_SUITE_P(OfTheMigrations, LintTest, testing::Values("vagus_workout", "fitness_planning", "gain_grid", "science_schema", "dynprot"),
                         [](const auto& param) { return std::string(param.param); });

/// Without the science schema: other rules announce what three of its rules do, as far as its sample goes.
INSTANTIATE_TEST_SUITE_P(OfTheMigrations, MissingRuleTest, testing::Values("vagus_workout", "fitness_planning", "gain_grid", "dynprot"),
                         [](const auto& param) { return std::string(param.param); });

}  // namespace
}  // namespace crossfade::test
