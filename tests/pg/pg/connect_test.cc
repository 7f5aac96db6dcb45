#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "pg/pg/connection_fixture.h"
#include "pg/server_answer.h"

namespace crossfade::pg::test {

SilentServer::SilentServer() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(socket_, reinterpret_cast<sockaddr*>(&address), size);
  ::listen(socket_, 5);
  ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
}

SilentServer::~SilentServer() { close(); }

void SilentServer::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

namespace {

using namespace std::chrono_literals;

constexpr auto kSecret = "s3cret";

TEST_F(ConnectionTest, AServerThatNeverAnswersIsGivenUpAtTheDeadline) {
  const SilentServer silent;
  Endpoint endpoint;
  endpoint.conninfo = fmt::format("host=127.0.0.1 port={} dbname=d user=u", silent.port());
  endpoint.deadline = 150ms;
  const auto began = Clock::now();
  const auto failure = refusal(endpoint);
  EXPECT_LT(Clock::now() - began, 5s);
  EXPECT_EQ(failure.exit(), ExitCode::kSourceUnreachable);
  EXPECT_TRUE(failure.connection_lost());
  EXPECT_EQ(failure.verdict(), Verdict::kReconnect);
  EXPECT_NE(std::string(failure.what()).find("no answer within 150 ms"), std::string::npos) << failure.what();
}

TEST_F(ConnectionTest, WhereNobodyListensTheExitCodeSaysWhichEndIsMissing) {
  SilentServer nobody;
  nobody.close();
  Endpoint endpoint;
  endpoint.conninfo = fmt::format("host=127.0.0.1 port={} dbname=d user=u", nobody.port());
  EXPECT_EQ(refusal(endpoint).exit(), ExitCode::kSourceUnreachable);
  endpoint.unreachable = ExitCode::kTargetUnreachable;
  const auto failure = refusal(endpoint);
  EXPECT_EQ(failure.exit(), ExitCode::kTargetUnreachable);
  EXPECT_EQ(failure.verdict(), Verdict::kReconnect);
  EXPECT_FALSE(failure.advice().empty());
}

TEST_F(ConnectionTest, WhatThePersonHasToMendIsNotTriedAgain) {
  Endpoint endpoint;
  endpoint.conninfo = database.server().conninfo("no_such_database");
  const auto failure = refusal(endpoint);
  EXPECT_EQ(failure.exit(), ExitCode::kPrecondition) << "no password mends it";
  EXPECT_EQ(failure.advice(), "check the database's name in the connection");
  EXPECT_EQ(failure.verdict(), Verdict::kStop);
}

TEST_F(ConnectionTest, NoPasswordIsInAnyMessage) {
  const SilentServer silent;
  const auto port = silent.port();
  // The last ones are malformed, and libpq quotes what it does not understand.
  for (const auto& conninfo : {fmt::format("host=127.0.0.1 port={} user=u password={}", port, kSecret),
                               fmt::format("postgresql://u:{}@127.0.0.1:{}/d", kSecret, port),
                               fmt::format("host=/nowhere user=u password={}", kSecret),
                               fmt::format("postgresql://u:{}@[::1/d", kSecret),
                               fmt::format("postgresql://u:{}@127.0.0.1:{}/d?sslmode=%zz", kSecret, port),
                               fmt::format("postgresql://127.0.0.1:{}/d?password={}&nonsense", port, kSecret),
                               fmt::format("password={} nonsense", kSecret),
                               // Parts of it are read as host, port, database or parameter.
                               fmt::format("postgresql://u:Top@{}@127.0.0.1:{}/d", kSecret, port), fmt::format("postgresql://u:{}/x@127.0.0.1:{}/d", kSecret, port),
                               fmt::format("postgresql://u:12/{}@127.0.0.1:{}/d", kSecret, port), fmt::format("postgres://u:a@b/{}@127.0.0.1:{}/d", kSecret, port),
                               fmt::format("postgresql://u:pa%{}@127.0.0.1:{}/d", kSecret, port), fmt::format("postgresql://127.0.0.1:{}/d?password=a&{}=b", port, kSecret),
                               fmt::format("host=127.0.0.1 port={} password=a {}", port, kSecret), fmt::format("host=127.0.0.1 port={} password='{}", port, kSecret)}) {
    Endpoint endpoint;
    endpoint.conninfo = conninfo;
    endpoint.deadline = 50ms;
    const auto facts = refusal(endpoint).facts();
    for (const auto& text : {facts.message, facts.advice, facts.detail, facts.hint, facts.statement}) {
      EXPECT_EQ(text.find(kSecret), std::string::npos) << text;
    }
  }
}

TEST_F(ConnectionTest, AStringThatIsReadOtherwiseThanMeantIsRefusedWithAdvice) {
  for (const auto* conninfo : {"postgres://u:Top@secret1@host/db", "postgresql://u:Topsecret1/x@host/db", "host=a port=x1 password=b"}) {
    Endpoint endpoint;
    endpoint.conninfo = conninfo;
    const auto failure = refusal(endpoint);
    EXPECT_EQ(failure.exit(), ExitCode::kUsage) << conninfo;
    EXPECT_NE(failure.advice().find("%40"), std::string::npos) << failure.advice();
  }
}

TEST_F(ConnectionTest, WhatTheServerRefusesIsToldByItsSqlstate) {
  Endpoint endpoint;
  endpoint.conninfo = database.server().conninfo("no_such_database");
  EXPECT_EQ(refusal(endpoint).sqlstate(), "3D000");
  EXPECT_EQ(std::string(refusal(endpoint).what()).find("3D000"), std::string::npos) << "people get words";
  endpoint.conninfo = database.conninfo() + " user=no_such_role";
  EXPECT_EQ(refusal(endpoint).sqlstate(), "28000");
  EXPECT_EQ(refusal(endpoint).verdict(), Verdict::kStop);
}

TEST(RefusalTest, IsReadByItsShapeInWhateverLanguage) {
  const auto german = read_refusal("Verbindung zum Server auf »db« (10.0.0.1), Port 5432 fehlgeschlagen: FATAL:  28P01: Passwort-Authentifizierung für Benutzer »me« "
                                   "fehlgeschlagen\nORT:  auth_failed, auth.c:335\n");
  EXPECT_EQ(german.sqlstate, "28P01");
  EXPECT_EQ(german.text, "Verbindung zum Server auf »db« (10.0.0.1), Port 5432 fehlgeschlagen: FATAL: Passwort-Authentifizierung für Benutzer »me« fehlgeschlagen");
  const auto several = read_refusal("connection to server at \"a\", port 1 failed: Connection refused\n\tIs the server running on that host?\n"
                                    "connection to server at \"b\", port 1 failed: FATAL:  57P03: the database system is starting up\nLOCATION:  ProcessStartupPacket, postmaster.c:2400\n");
  EXPECT_EQ(several.sqlstate, "57P03");
  EXPECT_EQ(several.text, "connection to server at \"a\", port 1 failed: Connection refused\n\tIs the server running on that host?\n"
                          "connection to server at \"b\", port 1 failed: FATAL: the database system is starting up");
  EXPECT_EQ(read_refusal("server closed the connection unexpectedly\n").sqlstate, "");
}

TEST(ServerAnswerTest, WhichFunctionItWasIsToldInAnyLanguage) {
  for (const auto* context : {"PL/pgSQL function public.f(integer,text) line 3 at RAISE", "PL/pgSQL-Funktion public.f(integer,text) Zeile 3 bei RAISE",
                              "fonction PL/pgSQL public.f(integer,text), ligne 3 à RAISE", "PL/pgSQL関数public.f(integer,text)の3行目 - RAISE",
                              "SQL statement \"SELECT PL/pgSQL(1)\"\nPL/pgSQL function public.f(integer,text) line 4 at PERFORM"}) {
    EXPECT_EQ(function_of(context), "public.f(integer,text)") << context;
  }
  EXPECT_EQ(function_of("PL/pgSQL-Funktion crossfade.fence() Zeile 9 bei RAISE\nSQL-Anweisung »update plans«"), "crossfade.fence()");
  EXPECT_EQ(function_of("PL/pgSQL-Funktion inline_code_block Zeile 1 bei EXECUTE"), "inline_code_block");
  EXPECT_EQ(function_of("функция PL/pgSQL app.\"Grün (alt)\"(numeric(10,2)), строка 2, оператор RAISE"), "app.\"Grün (alt)\"(numeric(10,2))");
  EXPECT_EQ(function_of("SQL function \"f\" statement 1"), "");
}

/// As an event trigger of somebody's who writes DDL down in a table of his.
TEST_F(ConnectionTest, AFunctionThatDoesNotFindItsNamesHereIsNamedWithWhatMendsIt) {
  sql.exec("create table notes (what text); create function note() returns event_trigger language plpgsql as $$ begin insert into notes values (tg_tag); end $$;"
           "create event trigger note on ddl_command_end execute function note()");
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await Connection::open(endpoint());
    std::optional<Failure> refused;
    try {
      co_await connection.script("create table public.others (id int)");
    } catch (const Failure& failure) {
      refused = failure;
    }
    EXPECT_TRUE(refused);
    if (!refused) co_return;
    EXPECT_EQ(refused->sqlstate(), "42P01");
    EXPECT_EQ(refused->advice(), "the search_path is empty in crossfade's sessions: alter function public.note() set search_path = public, or write the names in it with their schemas");
  };
  run(io, session());
}

TEST_F(ConnectionTest, ASessionSaysWhoItIsWithoutItsPassword) {
  auto mine = endpoint();
  mine.conninfo += fmt::format(" password={}", kSecret);
  const auto session = [&]() -> asio::awaitable<void> {
    const Connection connection = co_await Connection::open(mine);
    EXPECT_NE(connection.describe().find("dbname=" + database.name()), std::string::npos);
    EXPECT_EQ(connection.describe().find(kSecret), std::string::npos);
    EXPECT_EQ(sql.value(fmt::format("select application_name from pg_stat_activity where pid = {}", connection.backend_pid())), "under test");
  };
  run(io, session());
}

TEST_F(ConnectionTest, ValuesAreReadAsTheDatabaseReadsThemAndPrintTheSameInEverySession) {
  sql.exec(fmt::format("alter database {0} set datestyle = German; alter database {0} set search_path = public; "
                       "alter database {0} set intervalstyle = sql_standard; alter database {0} set timezone = 'Asia/Tokyo'", database.name()));
  const auto read = [&](bool replication) -> asio::awaitable<void> {
    auto mine = endpoint();
    mine.replication = replication;
    mine.conninfo += " options='-c extra_float_digits=0'";
    Connection connection = co_await Connection::open(mine);
    const auto rows = co_await connection.script(
        "select '03.04.2024'::text::date, interval '1 day 2 hours', timestamptz '2024-05-01 00:00Z', timestamp '2024-05-01 09:00'::timestamptz, "
        "0.1::float8 + 0.2, current_setting('search_path'), current_setting('row_security')");
    const std::vector<std::string> expected = {"2024-04-03", "1 2:00:00", "2024-05-01 09:00:00+09", "2024-05-01 09:00:00+09", "0.30000000000000004", "", "off"};
    for (std::size_t column = 0; column < expected.size(); ++column) EXPECT_EQ(rows.text(0, column), expected[column]) << replication;
  };
  run(io, read(false));
  run(io, read(true));
}

TEST_F(ConnectionTest, TextIsUtf8WhateverTheShellOrTheConnectionStringSays) {
  const auto read = [&](bool replication, std::string more) -> asio::awaitable<void> {
    auto mine = endpoint();
    mine.replication = replication;
    mine.conninfo += more;
    Connection connection = co_await Connection::open(mine);
    const auto rows = co_await connection.script("select current_setting('client_encoding'), chr(8364)");
    EXPECT_EQ(rows.text(0, 0), "UTF8") << more;
    EXPECT_EQ(rows.text(0, 1), "€") << more;
  };
  setenv("PGCLIENTENCODING", "LATIN1", 1);
  for (const bool replication : {false, true}) {
    for (const char* more : {"", " client_encoding=latin1", " options='-c client_encoding=latin1'"}) run(io, read(replication, more));
  }
  unsetenv("PGCLIENTENCODING");
}

TEST_F(ConnectionTest, StatementsAreReadTheSameWhateverTheRoleHasSet) {
  sql.exec(fmt::format("alter database {0} set standard_conforming_strings = off; alter database {0} set quote_all_identifiers = on; "
                       "alter database {0} set transform_null_equals = on; alter database {0} set array_nulls = off", database.name()));
  const auto session = [&]() -> asio::awaitable<void> {
    Connection connection = co_await Connection::open(endpoint());
    const auto rows = co_await connection.query("select 'a\\b', pg_catalog.quote_ident('plain'), null = null, ('{NULL}'::text[])[1]");
    EXPECT_EQ(rows.text(0, 0), "a\\b");
    EXPECT_EQ(rows.text(0, 1), "plain");
    EXPECT_TRUE(rows.is_null(0, 2));
    EXPECT_TRUE(rows.is_null(0, 3));
  };
  run(io, session());
}

TEST_F(ConnectionTest, TheRoleThatADatabaseHasItsSessionsPutOnIsNotOurs) {
  sql.exec("do $$ begin create role put_on nologin; exception when duplicate_object then null; end $$");
  sql.exec(fmt::format("alter database {} set role = put_on", database.name()));
  EXPECT_EQ(crossfade::test::Sql(database.conninfo()).value("select current_user"), "put_on");
  const auto session = [&](bool replication) -> asio::awaitable<void> {
    auto mine = endpoint();
    mine.replication = replication;
    Connection connection = co_await Connection::open(mine);
    const auto rows = co_await connection.script("select current_user = session_user, pg_catalog.current_setting('role')");
    EXPECT_EQ(rows.text(0, 0), "t");
    EXPECT_EQ(rows.text(0, 1), "none");
  };
  run(io, session(false));
  run(io, session(true));
}

/// What a role or its database has set is meant for applications.
TEST_F(ConnectionTest, LimitsOfTheRoleAreNotOurs) {
  const std::vector<std::string> limits = {"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout"};
  for (const auto& limit : limits) sql.exec(fmt::format("alter database {} set {} = '1ms'", database.name(), limit));
  sql.exec(fmt::format("alter database {0} set default_transaction_isolation = serializable; alter database {0} set gin_fuzzy_search_limit = 1; "
                       "alter database {0} set session_replication_role = replica; alter database {0} set default_transaction_read_only = on", database.name()));
  // Of a minor version, against what a dump may be made to read.
  const auto restricted = sql.value("select name from pg_settings where name = 'restrict_nonsystem_relation_kind'");
  if (!restricted.empty()) sql.exec(fmt::format("alter database {} set {} = 'view'", database.name(), restricted));
  const auto later = sql.value("select name from pg_settings where name = 'transaction_timeout'");
  // Of PostgreSQL 17, and no option for the beginning of a session before: the first statement sets it, and has to be through by then.
  if (!later.empty()) sql.exec(fmt::format("alter database {} set {} = '300ms'", database.name(), later));
  const auto session = [&](bool replication) -> asio::awaitable<void> {
    auto mine = endpoint();
    mine.replication = replication;
    Connection connection = co_await Connection::open(mine);
    const auto slow = co_await connection.script("begin; select pg_catalog.pg_sleep(0.4)");
    EXPECT_EQ(slow.size(), 1U);
    const auto rows = co_await connection.script("select pg_catalog.current_setting('transaction_isolation'), pg_catalog.current_setting('gin_fuzzy_search_limit'), "
                                                 "pg_catalog.current_setting('session_replication_role'), pg_catalog.current_setting('transaction_read_only')");
    EXPECT_EQ(rows.text(0, 0), "read committed");
    EXPECT_EQ(rows.text(0, 1), "0");
    EXPECT_EQ(rows.text(0, 2), "origin");
    EXPECT_EQ(rows.text(0, 3), "off");
    co_await connection.script("create view pg_temp.readable as select 1; select * from pg_temp.readable");
    co_await connection.script("commit");
  };
  run(io, session(false));
  run(io, session(true));
}

/// The one setting of ours that anybody may not set.
TEST_F(ConnectionTest, WhereTheRoleMayNotSetBackWhatItsSessionsBeginWithItIsSaidWhoSetItAndWhatMends) {
  const auto role = "plain_" + database.name();
  sql.exec(fmt::format("create role {} login replication", role));
  auto as_role = endpoint();
  as_role.conninfo += " user=" + role;
  const auto mend = fmt::format("alter role {} in database {} set session_replication_role = origin", role, database.name());
  const auto place = [&](const std::string& whose) { return fmt::format("alter {} set session_replication_role = replica", whose); };
  const auto expect_named = [&](const std::string& whose, const std::string& says) {
    sql.exec(place(whose));
    for (const bool replication : {false, true}) {
      as_role.replication = replication;
      const auto failure = refusal(as_role);
      EXPECT_EQ(failure.exit(), ExitCode::kPermission);
      EXPECT_NE(std::string(failure.what()).find("session_replication_role = replica (" + says + ")"), std::string::npos) << failure.what();
      EXPECT_TRUE(failure.advice().starts_with(mend + ";")) << failure.advice();
    }
  };
  const auto expect_open = [&](const std::string& why) {
    const auto session = [&]() -> asio::awaitable<void> {
      as_role.replication = false;
      Connection connection = co_await Connection::open(as_role);
      const auto rows = co_await connection.script("select pg_catalog.current_setting('session_replication_role')");
      EXPECT_EQ(rows.text(0, 0), "origin") << why;
    };
    run(io, session());
  };
  expect_named("database " + database.name(), fmt::format("database {} has it", database.name()));
  sql.exec(mend);
  expect_open("what mends it, mends it");
  expect_named(fmt::format("role {} in database {}", role, database.name()), fmt::format("role {} has it in database {}", role, database.name()));
  sql.exec(mend);
  expect_open("there too");
  sql.exec(fmt::format("alter role {0} in database {1} reset all; alter database {1} reset all", role, database.name()));
  expect_named("role " + role, fmt::format("role {} has it", role));
  sql.exec(mend);
  expect_open("and of the role alone");
  sql.exec(fmt::format("alter role {} in database {} reset all", role, database.name()));
  if (std::stoi(sql.value("show server_version_num")) >= 150000) {
    sql.exec(fmt::format("grant set on parameter session_replication_role to {}", role));
    expect_open("whom a superuser lets, sets it by itself");
    sql.exec(fmt::format("revoke set on parameter session_replication_role from {}", role));
  }
  // All others can be set by anybody, whatever a session begins with.
  sql.exec(fmt::format("alter role {} reset all", role));
  for (const auto* other : {"client_encoding = latin1", "extra_float_digits = 0", "row_security = on", "quote_all_identifiers = on", "transform_null_equals = on", "array_nulls = off",
                            "gin_fuzzy_search_limit = 1", "default_transaction_isolation = serializable", "default_transaction_deferrable = on", "synchronous_commit = remote_apply",
                            "statement_timeout = 1", "lock_timeout = 1", "idle_in_transaction_session_timeout = 1", "idle_session_timeout = 1", "jit = on", "search_path = public",
                            "datestyle = german"}) {
    sql.exec(fmt::format("alter role {} set {}", role, other));
  }
  expect_open("none of them wants a superuser");
}

}  // namespace
}  // namespace crossfade::pg::test
