#include <fmt/format.h>

#include "pg/pg/connection_fixture.h"

namespace crossfade::pg::test {
namespace {

TEST_F(ConnectionTest, StatementsThatAreSentTogetherAreDoneInTheirOrder) {
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await Connection::open(endpoint());
    std::vector<Statement> statements = {{"create temp table t (n int)", {}, false}, {"insert into t values ($1::int), ($2::int)", {"1", std::nullopt}},
                                         {"select n from t order by n"}, {"select $1::text as said", {"at the end"}, false}};
    const auto answers = co_await connection.together(statements);
    EXPECT_EQ(answers.size(), 4U);
    EXPECT_EQ(answers[1].result.affected(), 2U);
    EXPECT_EQ(answers[2].result.text(0, 0), "1");
    EXPECT_TRUE(answers[2].result.is_null(1, 0));
    EXPECT_EQ(answers[3].result.text(0, 0), "at the end");
    const auto after = co_await connection.query("select count(*) from t");
    EXPECT_EQ(after.number(0, 0), 2);
  };
  run(io, session());
}

TEST_F(ConnectionTest, WhatFailsAmongStatementsSentTogetherKeepsTheCommitBehindItFromBeingDone) {
  sql.exec("create table t (id int primary key)");
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await Connection::open(endpoint());
    co_await connection.script("begin");
    const std::string insert = "insert into public.t values ($1)";
    std::vector<Statement> statements = {{insert, {"1"}}, {insert, {"1"}}, {"select 1 / 0"}, {"commit"}};
    const auto failure = co_await failure_of(connection.together(statements));
    EXPECT_EQ(failure.sqlstate(), "23505") << "the first is the one that is said";
    EXPECT_EQ(failure.facts().statement, insert);
    EXPECT_FALSE(failure.connection_lost());
    co_await connection.script("rollback");
    EXPECT_EQ(sql.value("select count(*) from t"), "0");
    statements = {{"begin"}, {insert, {"1"}}, {"commit"}};
    co_await connection.together(statements);
    EXPECT_EQ(sql.value("select count(*) from t"), "1");
  };
  run(io, session());
}

TEST_F(ConnectionTest, WhatIsSentTogetherIsPreparedOnceAndOnlyIfItCanBe) {
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await Connection::open(endpoint());
    const std::string count = "select count(*) from public.later";
    std::vector<Statement> statements = {{count}, {"select 2"}};
    const auto failure = co_await failure_of(connection.together(statements));
    EXPECT_EQ(failure.sqlstate(), "42P01");
    sql.exec("create table later ()");
    statements = {{count}, {count}, {"select 2"}};
    for (int time = 0; time < 3; ++time) {
      const auto answers = co_await connection.together(statements);
      EXPECT_EQ(answers[1].result.number(0, 0), 0);
    }
    co_await connection.execute(count);
    const auto prepared = co_await connection.query("select count(*) from pg_prepared_statements");
    EXPECT_EQ(prepared.number(0, 0), 2);
  };
  run(io, session());
}

TEST_F(ConnectionTest, AmongStatementsSentTogetherOneIsPreparedAnewWhereItsTableHasAnotherShape) {
  sql.exec("create table t (id int)");
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await Connection::open(endpoint());
    const std::vector<Statement> statements = {{"select 1"}, {"select * from public.t"}};
    co_await connection.together(statements);
    sql.exec("alter table t alter id type text; insert into t values ('seven')");
    const auto failure = co_await failure_of(connection.together(statements));
    EXPECT_EQ(failure.sqlstate(), "0A000");
    const auto answers = co_await connection.together(statements);
    EXPECT_EQ(answers[1].result.text(0, 0), "seven");
  };
  run(io, session());
}

TEST_F(ConnectionTest, ParametersOfManyMegabytesAreSentTogetherToo) {
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await Connection::open(endpoint());
    const std::string large(5'000'000, 'x');
    const std::vector<Statement> statements(4, {"select $1::text", {large}});
    const auto answers = co_await connection.together(statements);
    for (const auto& answer : answers) EXPECT_EQ(answer.result.text(0, 0), large);
  };
  run(io, session());
}

TEST_F(ConnectionTest, ASessionThatEndsAmidStatementsSentTogetherIsLost) {
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await Connection::open(endpoint());
    std::vector<Statement> statements = {{"select 1"}, {"select pg_terminate_backend(pg_backend_pid())"}, {"select 2"}};
    const auto failure = co_await failure_of(connection.together(statements));
    EXPECT_TRUE(failure.connection_lost());
    const auto after = co_await failure_of(connection.query("select 1"));
    EXPECT_TRUE(after.connection_lost());
  };
  run(io, session());
}

}  // namespace
}  // namespace crossfade::pg::test
