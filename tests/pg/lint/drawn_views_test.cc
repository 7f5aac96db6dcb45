// Views that nobody has thought of: what their derived rules offer is never less than what changes. CROSSFADE_SEED repeats one
// migration, CROSSFADE_SEEDS=200 takes as many instead of a few.

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "drawn_targets.h"
#include "lint_of.h"
#include "setup/prepare/prepare.h"
#include "support/server.h"

namespace crossfade::test {
namespace {

constexpr std::size_t kTargets = 6;
constexpr std::uint32_t kSeeds = 5;

std::uint32_t given(const char* variable, std::uint32_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10));
}

class DrawnViewsTest : public Postgres {
 protected:
  DrawnViewsTest() { sql.exec(kDrawnTables); }

  static mapping::MigrationFile file_of(const std::vector<DrawnTarget>& targets) {
    mapping::MigrationFile file;
    file.yaml_text = "migration: drawn\nschemas: {shadow: v2, mapping: map}\nsources: {people: {}, plans: {}, steps: {}, kinds: {}}\ntargets:\n";
    for (const auto& target : targets) {
      file.yaml_text += fmt::format("  {}: {{}}\n", target.name);
      file.v2_sql += target.table;
      file.mapping_sql += fmt::format("create view {} as {};\n", target.name, target.select);
    }
    file.yaml = mapping::read_migration_yaml("migration.yaml", file.yaml_text);
    return file;
  }

  /// Those whose views tell of every table which of its rows a change concerns.
  boost::asio::awaitable<std::vector<DrawnTarget>> told(std::vector<DrawnTarget> targets) {
    auto connection = co_await prepared(targets);
    const auto directed = mapping::forward_migration(file_of(targets).yaml);
    const auto catalog = co_await mapping::read_catalog(connection, directed);
    co_await connection.script("rollback");
    std::erase_if(targets, [&](const DrawnTarget& target) {
      return std::any_of(catalog.untold.begin(), catalog.untold.end(), [&](const auto& each) { return each.target == target.name; });
    });
    co_return targets;
  }

  boost::asio::awaitable<v1::LintReply> lint(std::vector<DrawnTarget> targets) {
    auto connection = co_await prepared(targets);
    const auto directed = mapping::forward_migration(file_of(targets).yaml);
    const auto catalog = co_await mapping::read_catalog(connection, directed);
    constexpr std::size_t kSamples = 4;
    auto reply = co_await lint_of(connection, directed, catalog, kSamples);
    co_await connection.script("rollback");
    co_return reply;
  }

 private:
  boost::asio::awaitable<pg::Connection> prepared(std::vector<DrawnTarget> targets) {
    pg::Endpoint endpoint;
    endpoint.conninfo = database.conninfo();
    auto connection = co_await pg::Connection::open(std::move(endpoint));
    co_await connection.script("begin");
    co_await setup::install(connection, file_of(targets));
    co_return connection;
  }
};

TEST_F(DrawnViewsTest, WhatIsDerivedIsNeverLessThanWhatChanges) {
  const bool one = std::getenv("CROSSFADE_SEED") != nullptr;
  const auto first = given("CROSSFADE_SEED", 1);
  const auto seeds = one ? 1 : given("CROSSFADE_SEEDS", kSeeds);
  std::size_t views = 0;
  double changes = 0;
  for (auto seed = first; seed < first + seeds; ++seed) {
    SCOPED_TRACE(fmt::format("CROSSFADE_SEED={}", seed));
    const auto targets = run(told(draw_targets(seed, kTargets)));
    if (targets.empty()) continue;
    views += targets.size();
    const auto reply = run(lint(targets));
    changes += reply.tried() - reply.refused();
    for (const auto& fault : reply.faults()) {
      const auto target = std::find_if(targets.begin(), targets.end(), [&](const auto& each) { return each.name == fault.target(); });
      ADD_FAILURE() << fault.target() << " ← " << fault.source() << ": " << fault.change() << " left " << fault.rows() << " rows behind, " << fault.key() << ":\n"
                    << target->select;
    }
  }
  std::printf("%zu of %zu views tell of all their tables; %.0f changes\n", views, seeds * kTargets, changes);
  EXPECT_GT(views, seeds * kTargets / 3);
  EXPECT_GT(changes, 20.0 * seeds);
}

}  // namespace
}  // namespace crossfade::test
