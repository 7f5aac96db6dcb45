#include "support/two_servers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "app/ephemeral/server_programs.h"

namespace crossfade::test {
namespace {

/// In the order of their bytes, whatever the server's is.
std::vector<std::string> sorted(std::vector<std::string> rows) {
  std::sort(rows.begin(), rows.end());
  return rows;
}

constexpr auto kTables = R"(
select c.relname || '|' || string_agg(quote_ident(attname), ', ' order by attnum)
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = '{}'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition group by c.oid order by 1)";

}  // namespace

std::unique_ptr<ThrowawayServer> newer_server() {
  ThrowawayServer::Options options;
  options.durable = true;
  const char* newer = std::getenv("CROSSFADE_TARGET_POSTGRES");
  if (newer == nullptr) return std::make_unique<ThrowawayServer>(options);
  const char* named = std::getenv(kPostgresVariable);
  const auto before = named == nullptr ? std::string{} : std::string(named);
  setenv(kPostgresVariable, newer, 1);
  auto server = std::make_unique<ThrowawayServer>(options);
  if (named == nullptr) unsetenv(kPostgresVariable);
  else setenv(kPostgresVariable, before.c_str(), 1);
  return server;
}

void TwoServers::follow() {
  move.start_daemon();
  ASSERT_TRUE(move.logged("following"));
}

void TwoServers::expect_caught_up() {
  const auto lsn = move.sql().value("select pg_current_wal_insert_lsn()");
  const auto there = [&] {
    return v2_->value("select to_regclass('crossfade.checkpoint')") != "" && v2_->value("select count(*) from crossfade.checkpoint") == "1" &&
           v2_->value(fmt::format("select crossfade.wait_for('{}', '100ms')", lsn)) == "t";
  };
  EXPECT_TRUE(eventually([&] { return !move.daemon().running() || there(); }, kLimit));
  ASSERT_TRUE(move.daemon().running());
  ASSERT_TRUE(there()) << "not caught up with " << lsn;
}

void TwoServers::expect_equal() {
  expect_caught_up();
  if (testing::Test::HasFatalFailure()) return;
  const auto schema = v2_->value("select shadow_schema from crossfade.migration");
  const auto mapping = v2_->value("select mapping_schema from crossfade.migration");
  for (const auto& line : v2_->rows(fmt::format(kTables, schema))) {
    const auto table = line.substr(0, line.find('|'));
    const auto columns = line.substr(line.find('|') + 1);
    // A table of v2 that no view fills is none of the migration's.
    if (move.sql().value(fmt::format("select to_regclass('{}.{}')", mapping, table)).empty()) continue;
    const auto in_view = sorted(move.sql().rows(fmt::format("select r::text from (select {} from {}.{}) r", columns, mapping, table)));
    const auto in_table = sorted(v2_->rows(fmt::format("select r::text from (select {} from {}.{}) r", columns, schema, table)));
    EXPECT_EQ(in_view.size(), in_table.size()) << table;
    EXPECT_TRUE(in_view == in_table) << table << " differs from its view";
  }
  const auto refused = v2_->rows("select target, key, sqlstate, message from crossfade.quarantine limit 5");
  EXPECT_TRUE(refused.empty()) << fmt::format("in quarantine:\n{}", fmt::join(refused, "\n"));
}

std::string TwoServers::set_aside(std::size_t count) {
  std::vector<std::string> lines;
  EXPECT_TRUE(eventually([&] {
    lines = v2_->rows("select concat_ws(' ', target, locator, key, sqlstate) from crossfade.quarantine order by 1");
    return lines.size() == count;
  }, kLimit)) << fmt::format("{}", fmt::join(lines, "\n"));
  return fmt::format("{}", fmt::join(lines, "; "));
}

}  // namespace crossfade::test
