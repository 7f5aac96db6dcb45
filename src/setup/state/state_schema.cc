#include "setup/state/state_schema.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <array>
#include <string_view>

#include "base/error/failure.h"
#include "base/telemetry/log.h"
#include "pg/row.h"

namespace crossfade::setup {
namespace {

namespace asio = boost::asio;
namespace engine = sql::engine;
namespace queries = sql::queries;

/// What changes tables that are there, before the scripts make what is not, and what fills these afterwards.
struct Upgrade {
  std::string_view tables;
  std::string_view rows;
};
/// The first makes layout 2 of layout 1, and so on.
const std::array kUpgrades = {Upgrade{engine::upgrades::to_2, engine::upgrades::rows_2}, Upgrade{engine::upgrades::to_3, engine::upgrades::rows_3},
                              Upgrade{engine::upgrades::to_4, engine::upgrades::rows_4}, Upgrade{engine::upgrades::to_5, engine::upgrades::rows_5},
                              Upgrade{engine::upgrades::to_6, engine::upgrades::rows_6}};
static_assert(kUpgrades.size() + 1 == kLayout, "each layout but the first has an upgrade");

/// In the order in which they need each other; functions last, which says who may call what there is.
const std::array kScripts = {engine::schema, engine::uuid, engine::cutover, engine::partitions, engine::prepare, engine::shape, engine::functions};

asio::awaitable<void> refuse_in_use(pg::Connection& connection, int layout) {
  const auto rows = co_await connection.query(queries::layout_in_use);
  if (rows.text(0, 0).empty()) co_return;
  Failure::Facts facts;
  facts.exit = ExitCode::kNotLeader;
  facts.message = fmt::format("schema crossfade has layout {}, this version of crossfade wants {}, and a daemon of the earlier version works with it: {}",
                              layout, kLayout, rows.text(0, 0));
  facts.advice = "stop that daemon (SIGTERM) and start this version's: it brings the schema up to date and goes on";
  throw Failure(std::move(facts));
}

}  // namespace

std::string engine_sql(int from) {
  const auto first = kUpgrades.begin() + (from == 0 ? kLayout : from) - 1;
  std::string sql;
  for (auto upgrade = first; upgrade < kUpgrades.end(); ++upgrade) sql += std::string(upgrade->tables) + "\n";
  for (const auto script : kScripts) sql += std::string(script) + "\n";
  for (auto upgrade = first; upgrade < kUpgrades.end(); ++upgrade) sql += std::string(upgrade->rows) + "\n";
  return sql + fmt::format("insert into crossfade.layout (version) values ({}) on conflict (alone) do update\n"
                           "set version = excluded.version, since = now() where layout.version <> excluded.version;\n", kLayout);
}

asio::awaitable<int> read_layout(pg::Connection& connection) {
  const auto tables = co_await connection.query(queries::layout_there);
  const auto there = pg::first(tables);
  if (!there.truth("migration")) co_return 0;
  if (!there.truth("layout")) co_return 1;
  const auto rows = co_await connection.query(queries::layout_version);
  const auto layout = rows.empty() ? 1 : static_cast<int>(rows.number(0, 0));
  if (layout <= kLayout) co_return layout;
  throw precondition_failure(fmt::format("schema crossfade has layout {}, and this version of crossfade knows {} at most", layout, kLayout),
                             "use the version that made it, or a later one; `crossfade --version` tells which this is");
}

asio::awaitable<void> bring_up_to_date(pg::Connection& connection) {
  const auto before = co_await read_layout(connection);
  if (before == 0 || before == kLayout) co_return;
  co_await connection.script("begin; set local lock_timeout = '5s'");
  co_await connection.query(queries::layout_lock);
  const auto from = co_await read_layout(connection);
  if (from != kLayout) {
    co_await refuse_foreign_state(connection);
    co_await refuse_in_use(connection, from);
    auto upgrade = engine_sql(from);
    co_await connection.script(std::move(upgrade));
  }
  co_await connection.script("commit");
  if (from != kLayout) log::info("schema crossfade is brought up to date", {{"from_layout", from}, {"to_layout", kLayout}});
}

asio::awaitable<void> refuse_foreign_state(pg::Connection& connection) {
  const auto rows = co_await connection.query(queries::state_foreign);
  if (rows.empty()) co_return;
  const auto what = pg::first(rows).text("what");
  const auto owner = pg::first(rows).text("owner");
  throw precondition_failure(fmt::format("{} belongs to role {}, which is neither ours nor a superuser: it could have us run what it likes", what, owner),
                             fmt::format("look at it, then: drop schema crossfade cascade, or run crossfade as {}, or alter {} owner to our role", owner, what));
}

}  // namespace crossfade::setup
