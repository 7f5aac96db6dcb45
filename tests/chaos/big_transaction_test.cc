#include <fmt/format.h>

#include <fstream>

#include "support/move.h"

namespace crossfade::test {
namespace {

/// The most memory that process `pid` ever held, in KiB.
long peak_memory(pid_t pid) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  std::string word;
  long kib = -1;
  while (status >> word) {
    if (word == "VmHWM:") status >> kib;
  }
  return kib;
}

/// Rows of one transaction: so many that their keys are spilled while it is still arriving, and as many as are just still held in memory and
/// refreshed together.
class BigTransactionTest : public testing::TestWithParam<int> {};

TEST_P(BigTransactionTest, FitsInto128MiB) {
  ThrowawayServer::Options options;
  options.settings = {{"max_wal_size", "4GB"}, {"shared_buffers", "256MB"}, {"autovacuum", "off"}};
  ThrowawayServer server(std::move(options));
  Move move(test_migration("ledger"), server);
  move.sql().exec(fmt::format("insert into entries select n, n % 100, n from generate_series(1, {}) n; analyze entries", GetParam()));
  move.start_daemon();
  move.expect_caught_up();
  move.sql().exec("update entries set amount = amount + 1");
  move.expect_equal();
  const auto peak = peak_memory(move.daemon().pid());
  std::printf("peak memory: %ld KiB\n", peak);
  EXPECT_LT(peak, 128 * 1024);
  EXPECT_EQ(move.sql().value("select count(*) from crossfade.dirty"), "0");
  move.stop_daemon();
}

INSTANTIATE_TEST_SUITE_P(Rows, BigTransactionTest, testing::Values(330'000, 1'000'000), [](const auto& rows) { return std::to_string(rows.param); });

}  // namespace
}  // namespace crossfade::test
