#include "support/move.h"
#include "support/writers.h"

namespace crossfade::test {
namespace {

constexpr int kIds = 20'000;

class ServerRestartTest : public testing::TestWithParam<ThrowawayServer::Stop> {
 protected:
  static ThrowawayServer::Options durable() {
    ThrowawayServer::Options options;
    options.durable = true;
    return options;
  }
};

TEST_P(ServerRestartTest, TheDaemonComesBackByItselfAndEndsEqual) {
  ThrowawayServer server(durable());
  Move move(test_migration("gym"), server);
  move.sql().exec("insert into plans select n, 'owner ' || n % 7, n % 4 from generate_series(101, 5000) n;"
                  "insert into exercises select n, 1 + n % 5000, 'exercise ' || n, n % 7 from generate_series(1001, 40000) n");
  Writers writers(move.conninfo(), 2, [](Random& random) { return change_gym(random, kIds); });
  move.start_daemon();
  ASSERT_TRUE(move.logged("leading"));
  for (int round = 0; round < 3; ++round) {
    writers.expect_progress(100);
    server.restart(GetParam());
    writers.expect_progress(100);
    ASSERT_TRUE(move.daemon().running());
  }
  move.reconnect();
  ASSERT_TRUE(move.logged("following"));
  // While it follows, once more.
  server.restart(GetParam());
  move.reconnect();
  writers.expect_progress(100);
  writers.stop();
  move.expect_equal();
  move.stop_daemon();
}

INSTANTIATE_TEST_SUITE_P(Stops, ServerRestartTest, testing::Values(ThrowawayServer::Stop::kImmediate, ThrowawayServer::Stop::kFast),
                         [](const auto& stop) { return stop.param == ThrowawayServer::Stop::kImmediate ? "ACrash" : "AFastShutdown"; });

}  // namespace
}  // namespace crossfade::test
