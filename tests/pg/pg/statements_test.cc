#include <fmt/format.h>

#include "pg/pg/connection_fixture.h"

namespace crossfade::pg::test {
namespace {

TEST_F(ConnectionTest, AStatementIsPreparedAnewWhereItsTableHasAnotherShape) {
  sql.exec("create table t (id int)");
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await Connection::open(endpoint());
    co_await connection.execute("select * from public.t");
    sql.exec("alter table t alter id type text; insert into t values ('seven')");
    const auto failure = co_await failure_of(connection.execute("select * from public.t"));
    EXPECT_EQ(failure.sqlstate(), "0A000");
    const auto rows = co_await connection.execute("select * from public.t");
    EXPECT_EQ(rows.text(0, 0), "seven");
  };
  run(io, session());
}

TEST_F(ConnectionTest, ARefusedStatementSaysWhyAndTheSessionGoesOn) {
  sql.exec("create table t (id int constraint only_once primary key, body text not null); insert into t values (7, 'x')");
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await Connection::open(endpoint());
    const Parameters doubled = {"7", "y"};
    const auto failure = co_await failure_of(connection.query("insert into public.t values ($1, $2)", doubled));
    EXPECT_EQ(failure.sqlstate(), "23505");
    EXPECT_EQ(failure.facts().constraint, "only_once");
    EXPECT_EQ(failure.facts().statement, "insert into public.t values ($1, $2)");
    EXPECT_NE(failure.facts().detail.find("(id)=(7)"), std::string::npos);
    EXPECT_EQ(failure.verdict(), Verdict::kQuarantine);
    EXPECT_FALSE(failure.connection_lost());
    const Parameters missing = {"8", std::nullopt};
    const auto column = co_await failure_of(connection.query("insert into public.t values ($1, $2)", missing));
    EXPECT_EQ(column.sqlstate(), "23502");
    EXPECT_EQ(column.facts().constraint, "body");
    const auto rows = co_await connection.query("select count(*) from public.t");
    EXPECT_EQ(rows.number(0, 0), 1);
  };
  run(io, session());
}

TEST_F(ConnectionTest, AFailureInTheMiddleOfAScriptIsTheScriptsFailure) {
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await Connection::open(endpoint());
    const auto failure = co_await failure_of(connection.script("select 1; select 1/0; select 2"));
    EXPECT_EQ(failure.sqlstate(), "22012");
    const auto last = co_await connection.script("select 1; select 2 as two, 3; ");
    EXPECT_EQ(last.columns(), 2U);
    EXPECT_EQ(last.column_name(0), "two");
  };
  run(io, session());
}

TEST_F(ConnectionTest, AStatementIsPreparedOnceAndOnlyIfItCanBe) {
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await Connection::open(endpoint());
    const auto failure = co_await failure_of(connection.execute("select count(*) from public.later"));
    EXPECT_EQ(failure.sqlstate(), "42P01");
    sql.exec("create table later ()");
    for (int time = 0; time < 3; ++time) {
      const auto rows = co_await connection.execute("select count(*) from public.later");
      EXPECT_EQ(rows.number(0, 0), 0);
    }
    const auto prepared = co_await connection.query("select count(*) from pg_prepared_statements");
    EXPECT_EQ(prepared.number(0, 0), 1);
  };
  run(io, session());
}

TEST_F(ConnectionTest, ParametersOfManyMegabytesArriveAndNullIsNull) {
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await Connection::open(endpoint());
    const Parameters parameters = {std::string(20'000'000, 'x'), std::nullopt};
    const auto rows = co_await connection.query("select $1::text, $2::text is null", parameters);
    EXPECT_EQ(rows.text(0, 0), *parameters.front());
    EXPECT_TRUE(rows.truth(0, 1));
  };
  run(io, session());
}

TEST_F(ConnectionTest, ACancelledStatementFailsAndTheSessionGoesOn) {
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await Connection::open(endpoint());
    const auto executor = co_await asio::this_coro::executor;
    co_spawn(executor, once_asleep([&] { connection.cancel(); }), [](const std::exception_ptr&) {});
    const auto failure = co_await failure_of(connection.query("select pg_sleep(60)"));
    EXPECT_EQ(failure.sqlstate(), "57014");
    EXPECT_EQ(failure.verdict(), Verdict::kRetry);
    EXPECT_FALSE(failure.connection_lost());
    const auto rows = co_await connection.query("select 1");
    EXPECT_EQ(rows.number(0, 0), 1);
    // With nothing to cancel it does no harm.
    connection.cancel();
    const auto more = co_await connection.query("select 2");
    EXPECT_EQ(more.number(0, 0), 2);
  };
  run(io, session());
}

TEST_F(ConnectionTest, ASessionTheServerEndsWhileItAnswersIsLost) {
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await Connection::open(endpoint());
    const auto executor = co_await asio::this_coro::executor;
    const auto terminate = [&] { sql.exec(fmt::format("select pg_terminate_backend({})", connection.backend_pid())); };
    co_spawn(executor, once_asleep(terminate), [](const std::exception_ptr&) {});
    const auto failure = co_await failure_of(connection.query("select pg_sleep(60)"));
    EXPECT_EQ(failure.sqlstate(), "57P01");
    EXPECT_TRUE(failure.connection_lost());
    EXPECT_EQ(failure.verdict(), Verdict::kReconnect);
    const auto after = co_await failure_of(connection.query("select 1"));
    EXPECT_TRUE(after.connection_lost());
  };
  run(io, session());
}

TEST_F(ConnectionTest, ASessionTheServerEndedWhileItWasIdleIsLost) {
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await Connection::open(endpoint());
    sql.exec(fmt::format("select pg_terminate_backend({}, 5000)", connection.backend_pid()));
    const auto failure = co_await failure_of(connection.query("select 1"));
    EXPECT_TRUE(failure.connection_lost());
    EXPECT_EQ(failure.verdict(), Verdict::kReconnect);
  };
  run(io, session());
}

TEST_F(ConnectionTest, NoticesAndWarningsReachWhoAskedForThem) {
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await Connection::open(endpoint());
    std::vector<std::string> heard;
    connection.on_notice([&](std::string_view severity, std::string_view message) { heard.push_back(fmt::format("{}: {}", severity, message)); });
    co_await connection.script("do $$ begin raise notice 'by the way'; raise warning 'beware'; end $$");
    EXPECT_EQ(heard, (std::vector<std::string>{"NOTICE: by the way", "WARNING: beware"}));
  };
  run(io, session());
}

}  // namespace
}  // namespace crossfade::pg::test
