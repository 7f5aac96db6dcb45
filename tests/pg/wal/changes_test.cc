#include <gmock/gmock.h>

#include "pg/wal/reader.h"
#include "support/major.h"

namespace crossfade::test {
namespace {

using testing::ElementsAre;

/// What a server really sends for each kind of change.
class ChangesTest : public Postgres {
 protected:
  /// Makes the tables, then publication and slot in the order that decoding needs.
  void follow(const std::string& tables, const std::string& publication = "for all tables") {
    sql.exec(tables);
    sql.exec("create publication p " + publication);
    sql.exec("select pg_create_logical_replication_slot('" + database.name() + "', 'pgoutput')");
    reader.emplace(database);
  }
  /// The changes of the next transaction after `statements` were executed.
  std::vector<std::string> changes(const std::string& statements) {
    sql.exec(statements);
    return reader->transaction();
  }

  std::optional<Reader> reader;
};

constexpr auto kTable = "create table t (id int primary key, body text)";

TEST_F(ChangesTest, RowsComeInTheOrderOfTheirTransaction) {
  follow(kTable);
  EXPECT_THAT(changes("begin; insert into t values (1, 'a'), (2, null); update t set body = 'b' where id = 1;"
                      "delete from t where id = 2; commit"),
              ElementsAre("insert t(1, a)", "insert t(2, null)", "update t(1, b)", "delete t K(2, null)"));
}

TEST_F(ChangesTest, TransactionsComeInTheOrderOfTheirCommits) {
  follow(kTable);
  Sql other(database.conninfo());
  sql.exec("begin; insert into t values (1, 'began first')");
  other.exec("insert into t values (2, 'committed first')");
  sql.exec("commit");
  EXPECT_THAT(reader->transaction(), ElementsAre("insert t(2, committed first)"));
  EXPECT_THAT(reader->transaction(), ElementsAre("insert t(1, began first)"));
}

TEST_F(ChangesTest, WhatASavepointTookBackDoesNotCome) {
  follow(kTable);
  EXPECT_THAT(changes("begin; insert into t values (1, 'a'); savepoint s; insert into t values (2, 'b');"
                      "rollback to s; insert into t values (3, 'c'); commit"),
              ElementsAre("insert t(1, a)", "insert t(3, c)"));
}

TEST_F(ChangesTest, AChangedKeyComesWithTheOldOne) {
  follow(kTable);
  changes("insert into t values (1, 'a')");
  EXPECT_THAT(changes("update t set id = 2"), ElementsAre("update t K(1, null) → (2, a)"));
}

TEST_F(ChangesTest, SwappedKeysComeAsEveryStepOfTheSwap) {
  follow(kTable);
  changes("insert into t values (1, 'a'), (2, 'b')");
  EXPECT_THAT(
      changes("begin; update t set id = 0 where id = 1; update t set id = 1 where id = 2;"
              "update t set id = 2 where id = 0; commit"),
      ElementsAre("update t K(1, null) → (0, a)", "update t K(2, null) → (1, b)", "update t K(0, null) → (2, a)"));
}

TEST_F(ChangesTest, AnUntouchedValueOutOfLineIsNotSent) {
  follow("create table t (id int primary key, n int, body text); alter table t alter body set storage external");
  changes("insert into t values (1, 1, repeat('x', 10000))");
  EXPECT_THAT(changes("update t set n = 2"), ElementsAre("update t(1, 2, ~)"));
  EXPECT_THAT(changes("update t set id = 2"), ElementsAre("update t K(1, null, null) → (2, 2, ~)"));
}

TEST_F(ChangesTest, UnderFullIdentityTheOldRowHasWhatTheNewOneOmits) {
  follow(
      "create table t (id int, n int, body text); alter table t alter body set storage external;"
      "alter table t replica identity full");
  changes("insert into t values (1, null, repeat('x', 10000))");
  EXPECT_THAT(changes("update t set n = 2"), ElementsAre("update t O(1, null, 10000 bytes) → (1, 2, ~)"));
  EXPECT_THAT(changes("delete from t"), ElementsAre("delete t O(1, 2, 10000 bytes)"));
}

TEST_F(ChangesTest, AKeyOutOfLineComesAsOldKeyThoughItDidNotChange) {
  follow("create table t (id text primary key, n int); alter table t alter id set storage external");
  changes("insert into t values (repeat('k', 2500), 1)");
  EXPECT_THAT(changes("update t set n = 2"), ElementsAre("update t K(2500 bytes, null) → (~, 2)"));
}

TEST_F(ChangesTest, ATruncateCascadesInOneMessage) {
  follow("create table a (id int primary key); create table b (id int primary key references a)");
  // A table is described when it is first changed.
  changes("begin; insert into a values (1); insert into b values (1); commit");
  EXPECT_THAT(changes("truncate a cascade"), ElementsAre("truncate a, b"));
}

TEST_F(ChangesTest, ARelationIsSentAgainBetweenTwoChangesOfOneTransaction) {
  follow(kTable);
  sql.exec(
      "begin; insert into t values (1, 'a'); alter table t add n int default 7; insert into t values (2, 'b'); commit");
  EXPECT_THAT(reader->transaction(true), ElementsAre("relation public.t(id*, body)", "insert t(1, a)",
                                                     "relation public.t(id*, body, n)", "insert t(2, b, 7)"));
}

TEST_F(ChangesTest, ADroppedColumnAndAGeneratedOneAreNotSent) {
  follow(
      "create table t (id int primary key, gone int, twice int generated always as (id * 2) stored, body text);"
      "alter table t drop gone");
  sql.exec("insert into t (id, body) values (1, 'a')");
  EXPECT_THAT(reader->transaction(true), ElementsAre("relation public.t(id*, body)", "insert t(1, a)"));
}

TEST_F(ChangesTest, ADomainOrAnEnumIsAnnouncedByATypeMessage) {
  follow("create type mood as enum ('good'); create table t (id int primary key, m mood)");
  sql.exec("insert into t values (1, 'good')");
  EXPECT_THAT(reader->transaction(true), ElementsAre("type", "relation public.t(id*, m)", "insert t(1, good)"));
}

TEST_F(ChangesTest, APartitionSpeaksInItsRootsNameAndLayout) {
  follow(
      "create table root (id int primary key, body text) partition by range (id);"
      "create table leaf (body text, id int not null); alter table root attach partition leaf for values from (0) to "
      "(10)",
      "for table root with (publish_via_partition_root = true)");
  EXPECT_THAT(changes("insert into leaf values ('a', 1)"), ElementsAre("insert root(1, a)"));
}

TEST_F(ChangesTest, APartitionAttachedLaterIsFollowedToo) {
  follow(
      "create table root (id int primary key, body text) partition by range (id);"
      "create table first partition of root for values from (0) to (10)",
      "for table root with (publish_via_partition_root = true)");
  changes("insert into root values (1, 'a')");
  sql.exec(
      "create table second (id int primary key, body text);"
      "alter table root attach partition second for values from (10) to (20)");
  EXPECT_THAT(changes("insert into root values (11, 'b')"), ElementsAre("insert root(11, b)"));
}

TEST_F(ChangesTest, ARowFilterTurnsUpdatesIntoInsertsAndDeletes) {
  CROSSFADE_NEEDS_MAJOR(15);
  follow("create table t (id int primary key, n int); alter table t replica identity full",
         "for table t where (n > 0)");
  sql.exec("insert into t values (1, 0)");
  EXPECT_THAT(changes("update t set n = 1"), ElementsAre("insert t(1, 1)"));
  EXPECT_THAT(changes("update t set n = 0"), ElementsAre("delete t O(1, 1)"));
}

TEST_F(ChangesTest, ACopyIsOneTransaction) {
  follow(kTable);
  EXPECT_EQ(changes("insert into t select n, 'x' from generate_series(1, 50000) n").size(), 50'000U);
}

TEST_F(ChangesTest, ATransactionalMessageComesInItsPlaceAndGoesWithItsTransaction) {
  follow(kTable);
  sql.exec("begin; select pg_logical_emit_message(true, 'crossfade', 'lost'); rollback");
  EXPECT_THAT(changes("begin; insert into t values (1, 'a'); select pg_logical_emit_message(true, 'crossfade', 'beat');"
                      "insert into t values (2, 'b'); commit"),
              ElementsAre("insert t(1, a)", "message crossfade: beat", "insert t(2, b)"));
}

TEST_F(ChangesTest, ALoneMessageComesThoughItsTransactionWasRolledBack) {
  follow(kTable);
  sql.exec("begin; select pg_logical_emit_message(false, 'x', 'y'); rollback");
  sql.exec("insert into t values (1, 'a')");  // before 17 a lone message is flushed with later WAL only
  EXPECT_EQ(reader->lone_message(), "lone message x: y");
}

TEST_F(ChangesTest, ATransactionThatTouchesNothingPublishedSendsNothing) {
  follow("create table t (id int primary key); create table other (id int)", "for table t");
  sql.exec("insert into other values (1)");
  EXPECT_THAT(changes("insert into t values (1)"), ElementsAre("insert t(1)"));
}

}  // namespace
}  // namespace crossfade::test
