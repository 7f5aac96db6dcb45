#include <fmt/format.h>

#include "pg/pg/connection_fixture.h"

namespace crossfade::pg::test {
namespace {

using namespace std::chrono_literals;

constexpr int kRows = 50'000;

/// A line of COPY's text format; some 60 bytes.
std::string line(int number) { return fmt::format("{}\tthe line of number {} \\\\ with a tab \\t and more\n", number, number); }

class CopyTest : public ConnectionTest {
 protected:
  CopyTest() { sql.exec("create table t (id int, body text)"); }
};

TEST_F(CopyTest, MegabytesGoInAndComeOutAsTheyWere) {
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await Connection::open(endpoint());
    int number = 0;
    const auto next = [&](std::string& buffer) {
      buffer += line(number);
      return ++number < kRows;
    };
    const auto in = co_await connection.copy_in("copy public.t from stdin", next);
    EXPECT_EQ(in, static_cast<std::uint64_t>(kRows));
    int expected = 0;
    std::size_t bytes = 0;
    const auto check = [&](std::string_view got) {
      bytes += got.size();
      if (got != line(expected++)) ADD_FAILURE() << "line " << expected << " is " << got;
    };
    const auto out = co_await connection.copy_out("copy (select * from public.t order by id) to stdout", check);
    EXPECT_EQ(out, static_cast<std::uint64_t>(kRows));
    EXPECT_GT(bytes, 1'000'000U);
  };
  run(io, session());
  EXPECT_EQ(sql.value("select count(*) from t where body = 'the line of number ' || id || E' \\\\ with a tab \\t and more'"), std::to_string(kRows));
}

TEST_F(CopyTest, NothingCanBeCopied) {
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await Connection::open(endpoint());
    const auto in = co_await connection.copy_in("copy public.t from stdin", [](std::string&) { return false; });
    EXPECT_EQ(in, 0U);
    const auto out = co_await connection.copy_out("copy public.t to stdout", [](std::string_view) { ADD_FAILURE(); });
    EXPECT_EQ(out, 0U);
  };
  run(io, session());
}

TEST_F(CopyTest, ALineThatIsRefusedFailsTheCopyAndTheSessionGoesOn) {
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await Connection::open(endpoint());
    int number = 0;
    const auto next = [&](std::string& buffer) {
      buffer += number == 7 ? "seven\tis no number\n" : line(number);
      return ++number < kRows;
    };
    const auto failure = co_await failure_of(connection.copy_in("copy public.t from stdin", next));
    EXPECT_EQ(failure.sqlstate(), "22P02");
    const auto rows = co_await connection.query("select count(*) from public.t");
    EXPECT_EQ(rows.number(0, 0), 0);
  };
  run(io, session());
}

TEST_F(CopyTest, ACopyThatCannotBeginFailsAndTheSessionGoesOn) {
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await Connection::open(endpoint());
    const auto in = co_await failure_of(connection.copy_in("copy public.nowhere from stdin", [](std::string&) { return false; }));
    EXPECT_EQ(in.sqlstate(), "42P01");
    const auto out = co_await failure_of(connection.copy_out("copy public.nowhere to stdout", [](std::string_view) {}));
    EXPECT_EQ(out.sqlstate(), "42P01");
    const auto rows = co_await connection.query("select 1");
    EXPECT_EQ(rows.number(0, 0), 1);
  };
  run(io, session());
}

TEST_F(CopyTest, AnErrorHalfWayOutComesAfterTheRowsBeforeIt) {
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await Connection::open(endpoint());
    int lines = 0;
    const auto count = [&](std::string_view) { ++lines; };
    const auto failure = co_await failure_of(connection.copy_out("copy (select 1 / (30000 - n) from generate_series(1, 40000) n) to stdout", count));
    EXPECT_EQ(failure.sqlstate(), "22012");
    EXPECT_EQ(lines, 29'999);
    const auto rows = co_await connection.query("select 1");
    EXPECT_EQ(rows.number(0, 0), 1);
  };
  run(io, session());
}

/// A stream of nothing, since nobody writes to the publication's tables.
class ReplicationTest : public ConnectionTest {
 protected:
  ReplicationTest() {
    sql.exec("create publication quiet");
    sql.exec(fmt::format("select pg_create_logical_replication_slot('{}', 'pgoutput')", database.name()));
  }

  asio::awaitable<Connection> stream() {
    auto mine = endpoint();
    mine.replication = true;
    Connection connection = co_await Connection::open(mine);
    co_await connection.start_copy_both(
        fmt::format("START_REPLICATION SLOT {} LOGICAL 0/0 (proto_version '1', publication_names '\"quiet\"', messages 'true')", database.name()));
    co_return connection;
  }
};

TEST_F(ReplicationTest, AWaitEndsWhenItsTimeHasCome) {
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await stream();
    for (;;) {
      const auto message = co_await connection.receive(Clock::now() + 100ms);
      if (!message) break;
      EXPECT_EQ(message->view().front(), 'k');
    }
    co_await connection.end_copy_both();
  };
  run(io, session());
}

TEST_F(ReplicationTest, AWaitIsInterruptedByAnotherCoroutineAndTheStreamGoesOn) {
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await stream();
    const auto began = Clock::now();
    asio::steady_timer timer(co_await asio::this_coro::executor, 50ms);
    timer.async_wait([&](const boost::system::error_code& error) {
      if (!error) connection.interrupt();
    });
    for (;;) {
      const auto message = co_await connection.receive(Clock::now() + 60s);
      if (!message) break;
    }
    EXPECT_LT(Clock::now() - began, 30s);
    sql.exec("select pg_logical_emit_message(true, 'test', 'still there')");
    const auto message = co_await connection.receive(Clock::now() + 20s);
    EXPECT_TRUE(message);
    co_await connection.end_copy_both();
  };
  run(io, session());
}

TEST_F(ReplicationTest, AnInterruptWhileNobodyWaitsIsHarmless) {
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await stream();
    connection.interrupt();
    connection.interrupt();
    co_await connection.end_copy_both();
  };
  run(io, session());
}

}  // namespace
}  // namespace crossfade::pg::test
