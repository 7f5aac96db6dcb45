#include <gtest/gtest.h>

#include <thread>

#include "base/error/failure.h"
#include "pg/wal/reader.h"
#include "wal/slot.h"

namespace crossfade::test {
namespace {

using namespace std::chrono_literals;

class StreamTest : public Postgres {
 protected:
  StreamTest() {
    sql.exec("create table t (id int primary key); create publication p for table t");
    sql.exec("select pg_create_logical_replication_slot('" + database.name() + "', 'pgoutput')");
  }

  std::string position() { return sql.value("select pg_current_wal_insert_lsn()"); }
  /// Whether the slot's confirmed position comes to `wanted`.
  bool slot_comes_to(const std::string& wanted) {
    return sql.value("select confirmed_flush_lsn >= '" + wanted + "' from pg_replication_slots where slot_name = '" +
                     database.name() + "'") == "t";
  }
  /// Counted by the server when the whole of one has been sent; through PostgreSQL 14 seen some time later.
  std::string transactions_sent() {
    return sql.value("select total_txns from pg_stat_replication_slots where slot_name = '" + database.name() + "'");
  }
  bool slot_active() {
    return sql.value("select active from pg_replication_slots where slot_name = '" + database.name() + "'") == "t";
  }
};

TEST_F(StreamTest, WhatIsConfirmedMovesTheSlot) {
  Reader reader(database);
  sql.exec("insert into t values (1)");
  reader.transaction();
  const auto end = reader.stream().received();
  reader.stream().confirm(end);
  reader.stream().ask_for_position();
  reader.tick_for(10ms);
  EXPECT_TRUE(eventually([&] { return slot_comes_to(to_string(end)); }));
}

TEST_F(StreamTest, WhatIsReceivedAndNotConfirmedComesAgain) {
  {
    Reader reader(database);
    sql.exec("insert into t values (1)");
    EXPECT_EQ(reader.transaction().size(), 1U);
    reader.stop();
  }
  EXPECT_EQ(Reader(database).transaction(), std::vector<std::string>{"insert t(1)"});
}

TEST_F(StreamTest, TheEndOfACommitIsWhatKeepsItFromComingAgain) {
  {
    Reader reader(database);
    sql.exec("insert into t values (1)");
    reader.transaction();
    // Not where its record begins: that would bring it again.
    EXPECT_LT(reader.stream().message().commit_lsn, reader.stream().message().end_lsn);
    reader.stream().confirm(reader.stream().message().end_lsn);
    reader.stop();
  }
  sql.exec("insert into t values (2)");
  EXPECT_EQ(Reader(database).transaction(), std::vector<std::string>{"insert t(2)"});
}

TEST_F(StreamTest, WhereNothingIsPublishedKeepalivesMoveThePosition) {
  Reader reader(database);
  sql.exec("create table other as select from generate_series(1, 1000)");
  EXPECT_TRUE(reader.receives(position()));
}

TEST_F(StreamTest, AnOwnerWithAFullQueueOnlyTicksAndTheServerStaysPatient) {
  // Less than the interval of status updates, unless that follows the server's patience.
  sql.exec("alter database " + database.name() + " set wal_sender_timeout = '500ms'");
  sql.exec("insert into t select generate_series(1, 200000)");
  Reader reader(database);
  reader.tick_for(2s);
  EXPECT_EQ(reader.transaction().size(), 200'000U);
}

TEST_F(StreamTest, WithoutATickAnImpatientServerEndsTheStream) {
  sql.exec("alter database " + database.name() + " set wal_sender_timeout = '200ms'");
  Reader reader(database);
  std::this_thread::sleep_for(500ms);
  try {
    reader.transaction();
    FAIL() << "the server was patient, so the test above shows nothing";
  } catch (const Failure& failure) {
    EXPECT_TRUE(failure.connection_lost()) << failure.what();
  }
}

TEST_F(StreamTest, ASlotInUseIsRefusedInTheServersWords) {
  Reader reader(database);
  try {
    Reader second(database);
    FAIL() << "two streams from one slot";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.sqlstate(), "55006") << failure.what();
    EXPECT_NE(std::string(failure.what()).find("is active for PID"), std::string::npos) << failure.what();
    EXPECT_FALSE(failure.connection_lost());
  }
}

TEST_F(StreamTest, ASlotThatIsReadIsDroppedOnceItIsFree) {
  Reader reader(database);
  const auto drop = [&](std::chrono::milliseconds patience) -> boost::asio::awaitable<std::string> {
    pg::Endpoint endpoint;
    endpoint.conninfo = database.conninfo();
    pg::Connection connection = co_await pg::Connection::open(endpoint);
    try {
      co_await wal::drop_slot(connection, database.name(), patience);
    } catch (const Failure& failure) {
      co_return failure.sqlstate();
    }
    co_return "";
  };
  EXPECT_EQ(run(drop(0ms)), "55006");
  EXPECT_EQ(run(drop(120ms)), "55006");
  std::string refused = "not tried";
  std::thread dropping([&] { refused = run(drop(20s)); });
  EXPECT_TRUE(eventually([&] { return sql.value("select exists (select from pg_stat_activity where query like '%pg_drop_replication_slot%' and pid <> pg_backend_pid())") == "t"; }));
  reader.leave();
  dropping.join();
  EXPECT_EQ(refused, "");
  EXPECT_EQ(sql.value("select count(*) from pg_replication_slots where slot_name = '" + database.name() + "'"), "0");
}

TEST_F(StreamTest, WhyTheServerEndsAStreamIsToldBesideAQuestionToIt) {
  Reader reader(database);
  sql.exec("insert into t values (1)");
  ASSERT_TRUE(eventually([&] { return transactions_sent() == "1"; }));
  sql.exec("select pg_terminate_backend(active_pid) from pg_replication_slots");
  ASSERT_TRUE(eventually([&] { return !slot_active(); }));
  // The end lies in libpq's buffer behind the row, and is seen there before the question is sent.
  EXPECT_EQ(reader.transaction().size(), 1U);
  reader.stream().ask_for_position();
  try {
    reader.receives("FFFFFFFF/0");
    FAIL() << "the stream goes on";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.sqlstate(), "57P01") << failure.what();
  }
}

TEST_F(StreamTest, AnyNameOfAPublicationIsQuotedAsIdentifierAndAsLiteral) {
  const std::string name = R"(o'dd "N\a,me")";
  sql.exec(R"(create publication "o'dd ""N\a,me""" for table t)");
  Reader reader(database, name);
  sql.exec("insert into t values (1)");
  EXPECT_EQ(reader.transaction().size(), 1U);
}

TEST_F(StreamTest, StoppingLeavesTheSlotFreeAndWhatWasConfirmedConfirmed) {
  Reader reader(database);
  sql.exec("insert into t values (1)");
  reader.transaction();
  const auto end = to_string(reader.stream().received());
  reader.stream().confirm(reader.stream().received());
  reader.stop();
  EXPECT_TRUE(eventually([&] { return !slot_active(); }));
  EXPECT_TRUE(slot_comes_to(end));
  EXPECT_TRUE(eventually([&] { return transactions_sent() == "1"; })) << transactions_sent();
}

TEST_F(StreamTest, StoppingWithinATransactionDoesNotWaitForItsEnd) {
  Reader reader(database);
  sql.exec("insert into t select generate_series(1, 300000)");
  reader.lone_message();  // its begin
  reader.stop();
  EXPECT_TRUE(eventually([&] { return !slot_active(); }));
  EXPECT_EQ(transactions_sent(), "0");
}

/// With a server that may be stopped and broken.
class StoppedServerTest : public testing::Test {
 protected:
  /// Reads until the stream breaks; confirms what it received if `settle`.
  static Failure end_of(Reader& reader, bool settle) {
    try {
      for (;;) {
        if (settle) reader.stream().confirm(reader.stream().received());
        reader.receives(to_string(Lsn{reader.stream().received().bytes + 1}));
      }
    } catch (const Failure& failure) {
      return failure;
    }
  }
  static ThrowawayServer& breakable_server() {
    static ThrowawayServer server({.durable = true});
    return server;
  }

  StoppedServerTest() {
    Sql sql(database.conninfo());
    sql.exec("create table t (id int primary key); create publication p for table t");
    created = sql.value("select lsn from pg_create_logical_replication_slot('" + database.name() + "', 'pgoutput')");
  }

  Database database{breakable_server()};
  ThrowawayServer& server = database.server();
  std::string created;  ///< where the slot begins
};

TEST_F(StoppedServerTest, AnImmediateStopIsALostConnection) {
  Reader reader(database);
  server.stop(ThrowawayServer::Stop::kImmediate);
  const auto failure = end_of(reader, false);
  EXPECT_TRUE(failure.connection_lost()) << failure.what();
  EXPECT_EQ(failure.verdict(), Verdict::kReconnect);
}

TEST_F(StoppedServerTest, AShutdownWaitsOnlyUntilEverythingIsConfirmed) {
  Reader reader(database, "p", parse_lsn(created).value());
  Sql(database.conninfo()).exec("insert into t values (1)");
  std::thread stopping([&] { server.stop(ThrowawayServer::Stop::kFast); });
  const auto failure = end_of(reader, true);
  stopping.join();
  EXPECT_TRUE(failure.connection_lost());
  EXPECT_EQ(std::string(failure.what()).find("the server has ended the stream"), 0U) << failure.what();
}

TEST_F(StoppedServerTest, AShutdownIsNotKeptWaitingForWhatCannotBeSettled) {
  Reader reader(database, "p", parse_lsn(created).value());
  Sql(database.conninfo()).exec("insert into t values (1)");
  std::thread stopping([&] { server.stop(ThrowawayServer::Stop::kFast); });
  const auto failure = end_of(reader, false);
  // Leaving closes the session, as an owner does whose stream has failed.
  reader.leave();
  stopping.join();
  EXPECT_TRUE(failure.connection_lost());
  EXPECT_STREQ(failure.what(), "the server is shutting down and waits for the stream to end");
}

TEST_F(StoppedServerTest, AfterACrashTheSlotMayForgetButTheStartDoesNot) {
  Lsn settled;
  {
    Reader reader(database);
    Sql(database.conninfo()).exec("checkpoint; insert into t values (1)");
    reader.transaction();
    settled = reader.stream().received();
    reader.stream().confirm(settled);
    reader.stop();
  }
  server.restart(ThrowawayServer::Stop::kImmediate);
  Sql sql(database.conninfo());
  const bool forgot = sql.value("select confirmed_flush_lsn < '" + to_string(settled) + "' from pg_replication_slots") == "t";
  const bool later = sql.value("select current_setting('server_version_num')::int >= 170000") == "t";
  ASSERT_TRUE(forgot || later) << "confirmed_flush was on disk, so the test shows nothing";
  sql.exec("insert into t values (2)");
  // A newer server may have written it down: then its slot knows as well.
  Reader from_the_slot(database);
  EXPECT_EQ(from_the_slot.transaction(), std::vector<std::string>{forgot ? "insert t(1)" : "insert t(2)"});
  from_the_slot.stop();
  EXPECT_EQ(Reader(database, "p", settled).transaction(), std::vector<std::string>{"insert t(2)"});
}

}  // namespace
}  // namespace crossfade::test
