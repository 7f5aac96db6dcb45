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

TEST(BigTransactionTest, AMillionRowsInOneTransactionFitInto128MiB) {
  ThrowawayServer::Options options;
  options.settings = {{"max_wal_size", "4GB"}, {"shared_buffers", "256MB"}, {"autovacuum", "off"}};
  ThrowawayServer server(std::move(options));
  Move move(test_migration("ledger"), server);
  move.sql().exec("insert into entries select n, n % 100, n from generate_series(1, 1000000) n; analyze entries");
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

}  // namespace
}  // namespace crossfade::test
