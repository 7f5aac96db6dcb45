// Drivers that applications use, directly and through a pooler, while the writes move there and back.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fstream>
#include <functional>
#include <memory>
#include <span>
#include <sstream>

#include "support/flip.h"
#include "support/move.h"
#include "support/pooler.h"

namespace crossfade::test {
namespace {

constexpr int kFlips = 10;

struct Kind {
  const char* driver;
  const char* asks;
  const char* pool;  ///< "" none
};
constexpr Kind kKinds[] = {{"psycopg", "after-error", ""},     {"psycopg2", "after-error", "transaction"}, {"node", "after-error", ""},
                           {"node", "after-error", "session"}, {"psycopg", "behind-lock", ""},             {"psycopg2", "behind-lock", "session"},
                           {"node", "behind-lock", ""},        {"psycopg", "behind-lock", "transaction"},
                           {"psycopg", "select-star", ""},     {"node", "select-star", ""},
                           {"django", "after-error", ""},      {"django", "behind-lock", "transaction"}};

/// One application, and what it has said.
class Client {
 public:
  Client(const Kind& kind, int first, const std::string& database, const std::filesystem::path& server, const Pooler* pooler, const std::filesystem::path& stop) : kind_(kind) {
    const auto scripts = std::filesystem::path(CROSSFADE_CLIENTS);
    // Behind a transaction's pooler a prepared statement is on somebody else's session.
    const std::string prepares = std::string(kind.pool) == "transaction" ? "no" : "yes";
    std::vector<std::string> command = {"/usr/bin/python3", scripts / "writer.py", kind.driver};
    if (std::string(kind.driver) == "node") command = {"/usr/bin/env", "node", scripts / "writer.js"};
    if (std::string(kind.driver) == "django") command = {"/usr/bin/python3", scripts / "writer_django.py"};
    for (const auto& word : {std::string(kind.asks), prepares, std::to_string(first), stop.string()}) command.push_back(word);
    const auto where = pooler == nullptr ? server : pooler->directory();
    const auto port = pooler == nullptr ? 5432 : Pooler::kPort;
    Environment environment = {{"PGHOST", where.string()}, {"PGPORT", std::to_string(port)}, {"PGUSER", "postgres"}, {"PGDATABASE", database},
                               {"NODE_PATH", "/usr/share/nodejs:/usr/lib/node_modules:/usr/local/lib/node_modules"}};
    program_ = std::make_unique<Program>(command, server / fmt::format("client-{}-{}", database, first), environment);
  }

  std::string name() const { return fmt::format("{} {} {}", kind_.driver, kind_.asks, kind_.pool); }
  bool writes() const { return std::string(kind_.asks) != "select-star"; }
  bool asks_behind_lock() const { return std::string(kind_.asks) == "behind-lock"; }
  std::string output() const { return program_->output(); }
  std::vector<std::string> said(const std::string& what) const {
    std::vector<std::string> found;
    std::istringstream lines(program_->output());
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(what + " ")) found.push_back(line.substr(what.size() + 1));
    }
    return found;
  }
  void expect_progress() {
    const auto goal = said("ok").size() + 5;
    EXPECT_TRUE(eventually([&] { return said("ok").size() >= goal; }, kLimit)) << name() << ": " << output();
  }
  void expect_end() { EXPECT_EQ(program_->exit_within(kLimit), 0) << name() << ": " << output(); }

 private:
  Kind kind_;
  std::unique_ptr<Program> program_;
};

/// Those that all go through one pool, which the hook pauses.
constexpr Kind kPooled[] = {{"psycopg", "at-begin", "transaction"}, {"psycopg2", "at-begin", "transaction"}, {"node", "at-begin", "transaction"}};

class RealClientsTest : public testing::Test {
 protected:
  explicit RealClientsTest(const std::filesystem::path& folder = test_migration("gym")) : move(folder) {
    move.start_daemon();
    move.expect_equal();
  }
  void flip(bool to_v2) {
    if (to_v2) call({"verify"});
    if (to_v2) call({"account"});
    call({to_v2 ? "cutover" : "rollback", "writes", "--confirm", "gym", "--evidence", (move.server().directory() / "evidence").string()});
  }
  void call(std::vector<std::string> words) {
    const auto [exit, text] = move.call(words);
    ASSERT_EQ(exit, 0) << fmt::format("{}: {}", fmt::join(words, " "), text);
  }
  std::string missing(const std::vector<std::string>& numbers, const std::string& table) {
    return move.sql().value(fmt::format("select count(*) from unnest('{{{}}}'::int[]) n where not exists (select from {} e where e.id = n)", fmt::join(numbers, ","), table));
  }

  void start_clients(std::span<const Kind> kinds, const std::vector<const Pooler*>& poolers) {
    const auto server = move.server().directory();
    const auto database = move.sql().value("select current_database()");
    for (const auto& kind : kinds) {
      const auto found = std::find_if(poolers.begin(), poolers.end(), [&](const Pooler* pooler) { return pooler->mode() == kind.pool; });
      const int first = static_cast<int>(clients.size() + 1) * 1'000'000;
      clients.push_back(std::make_unique<Client>(kind, first, database, server, found == poolers.end() ? nullptr : *found, stop));
    }
    for (auto& client : clients) client->expect_progress();
  }

  /// `allowed`: statements that a client may fail by at each flip.
  void flip_there_and_back(const std::function<std::size_t(const Client&)>& allowed) {
    for (int n = 1; n <= kFlips && !HasFatalFailure(); ++n) {
      SCOPED_TRACE(n);
      std::vector<std::size_t> before;
      for (auto& client : clients) before.push_back(client->said("failed").size());
      flip(n % 2 == 1);
      for (auto& client : clients) client->expect_progress();
      for (std::size_t at = 0; at < clients.size(); ++at) {
        const auto failed = clients[at]->said("failed");
        EXPECT_LE(failed.size() - before[at], allowed(*clients[at])) << clients[at]->name() << ": " << fmt::format("{}", fmt::join(failed, " "));
      }
    }
    std::ofstream(stop).put('1');
    for (auto& client : clients) client->expect_end();
    move.expect_equal();
  }

  void expect_nothing_lost() {
    for (const auto& client : clients) {
      if (!client->writes()) continue;
      SCOPED_TRACE(client->name());
      for (const auto* table : {"exercises", "gym_v2.exercises"}) EXPECT_EQ(missing(client->said("ok"), table), "0") << "lost in " << table;
    }
  }

  Move move;
  std::filesystem::path stop = move.server().directory() / ("stop-" + move.sql().value("select current_database()"));
  std::vector<std::unique_ptr<Client>> clients;
};

TEST_F(RealClientsTest, LiveThroughFlipsThereAndBackWithAtMostOneFailedStatementEachAndNoWriteLost) {
  const Pooler transaction(move.server(), "transaction", "extra_float_digits"), session(move.server(), "session", "extra_float_digits");
  start_clients(kKinds, {&transaction, &session});
  flip_there_and_back([](const Client& client) { return client.asks_behind_lock() ? 0u : 1u; });
  expect_nothing_lost();
}

/// Migration gym whose hook is what docs/pgbouncer.md says.
class PausedPoolTest : public RealClientsTest {
 protected:
  PausedPoolTest() : RealClientsTest(folder_with_hook()) {}

  static std::filesystem::path folder_with_hook() {
    const auto folder = shared_server().directory() / "paused-pool" / "gym";
    std::filesystem::create_directories(folder);
    std::filesystem::copy(test_migration("gym"), folder);
    const auto socket = shared_server().directory() / "pooler-transaction";
    std::ofstream(folder / "migration.yaml", std::ios::app) << fmt::format(
        "cutover:\n  hook: psql -X -h {} -p {} -U postgres pgbouncer -c \"$CROSSFADE_HOOK\"\n", socket.string(), Pooler::kPort);
    return folder;
  }
};

TEST_F(PausedPoolTest, NoClientOfAPoolThatTheHookPausesSeesAFailedStatement) {
  const Pooler pooler(move.server(), "transaction", "extra_float_digits");
  start_clients(kPooled, {&pooler});
  flip_there_and_back([](const Client&) { return 0u; });
  expect_nothing_lost();
}

}  // namespace
}  // namespace crossfade::test
