#include "wal/slot.h"

#include <gtest/gtest.h>

#include "base/error/failure.h"
#include "support/server.h"

namespace crossfade::test {
namespace {

namespace asio = boost::asio;

/// A database, a session of ours, and the questions as plain calls.
class SlotTest : public Postgres {
 protected:
  std::optional<wal::SlotState> inspect() {
    return asked<std::optional<wal::SlotState>>(
        [&](pg::Connection& c) { return wal::inspect_slot(c, database.name()); });
  }
  Lsn create() {
    return asked<Lsn>([&](pg::Connection& c) { return wal::create_slot(c, database.name()); });
  }
  wal::Incarnation identity() {
    return asked<wal::Incarnation>([](pg::Connection& c) { return wal::identify(c); });
  }
  std::string writer() {
    return asked<std::string>([](pg::Connection& c) { return wal::oldest_writer(c); });
  }
  void drop() {
    const auto question = [&](pg::Connection& c) -> asio::awaitable<int> {
      co_await wal::drop_slot(c, database.name());
      co_return 0;
    };
    asked<int>(question);
  }

 private:
  template <typename Answer, typename Question>
  Answer asked(const Question& question) {
    const auto ask = [&]() -> asio::awaitable<Answer> {
      pg::Endpoint endpoint;
      endpoint.conninfo = database.conninfo();
      pg::Connection connection = co_await pg::Connection::open(endpoint);
      co_return co_await question(connection);
    };
    return run(ask());
  }
};

TEST_F(SlotTest, ASlotIsMadeLookedAtAndDropped) {
  EXPECT_FALSE(inspect());
  const auto created = create();
  const auto slot = inspect();
  ASSERT_TRUE(slot);
  EXPECT_EQ(slot->plugin, "pgoutput");
  EXPECT_EQ(slot->database, database.name());
  EXPECT_EQ(slot->confirmed_flush, created);
  EXPECT_LE(slot->restart_lsn, created);
  EXPECT_FALSE(slot->active);
  EXPECT_FALSE(slot->lost());
  EXPECT_FALSE(slot->safe_bytes) << "no limit is set";
  drop();
  EXPECT_FALSE(inspect());
}

TEST_F(SlotTest, DroppingASlotThatIsNotThereIsNoError) { EXPECT_NO_THROW(drop()); }

TEST_F(SlotTest, ASecondSlotOfTheSameNameIsRefused) {
  create();
  try {
    create();
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.sqlstate(), "42710");
  }
}

TEST_F(SlotTest, RetainedWalGrowsWithWhatIsWritten) {
  create();
  const auto before = inspect()->retained_bytes;
  sql.exec("create table t as select repeat('x', 1000) from generate_series(1, 1000)");
  EXPECT_GT(inspect()->retained_bytes, before + 1'000'000);
}

TEST_F(SlotTest, AServerIsKnownByItsSystemIdentifierAndTimeline) {
  const auto server = identity();
  EXPECT_EQ(server.system_identifier, sql.value("select system_identifier from pg_control_system()"));
  EXPECT_EQ(server.timeline, 1);
}

TEST_F(SlotTest, TheOldestWriterIsNamedWithPidUserAndQuery) {
  sql.exec("create table t (id int)");
  EXPECT_EQ(writer(), "");
  sql.exec("begin; insert into t values (1)");
  const auto who = writer();
  EXPECT_EQ(who.find("pid " + std::to_string(sql.backend_pid()) + " (user postgres, since "), 0U) << who;
  EXPECT_NE(who.find("insert into t values (1)"), std::string::npos) << who;
  sql.exec("rollback");
}

TEST(SlotOfItsOwnServer, APreparedTransactionIsNamedToo) {
  ThrowawayServer server({.settings = {{"max_prepared_transactions", "1"}}});
  Sql sql(server.conninfo());
  sql.exec("begin; create table t (id int); prepare transaction 'forgotten'");
  const auto ask = [&]() -> asio::awaitable<std::string> {
    pg::Endpoint endpoint;
    endpoint.conninfo = server.conninfo();
    pg::Connection connection = co_await pg::Connection::open(endpoint);
    co_return co_await wal::oldest_writer(connection);
  };
  EXPECT_EQ(run(ask()).find("prepared transaction 'forgotten' (user postgres, since "), 0U);
}

TEST(SlotOfItsOwnServer, ASlotThatFellTooFarBehindIsLost) {
  ThrowawayServer server({.settings = {{"max_slot_wal_keep_size", "1MB"}}});
  Sql sql(server.conninfo());
  const auto look = [&]() -> asio::awaitable<wal::SlotState> {
    pg::Endpoint endpoint;
    endpoint.conninfo = server.conninfo();
    pg::Connection connection = co_await pg::Connection::open(endpoint);
    const auto slot = co_await wal::inspect_slot(connection, "s");
    co_return slot.value();
  };
  sql.exec("select pg_create_logical_replication_slot('s', 'pgoutput')");
  EXPECT_TRUE(run(look()).safe_bytes);
  for (int segment = 0; segment < 4; ++segment) {
    sql.exec("select pg_logical_emit_message(false, '', 'x')");
    sql.exec("select pg_switch_wal()");
  }
  sql.exec("checkpoint");
  EXPECT_TRUE(run(look()).lost());
}

}  // namespace
}  // namespace crossfade::test
