#include "pg/connection.h"

#include <fmt/format.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "pg/connection_state.h"

namespace crossfade::pg {
namespace {

/// What changes how statements are read, or what they see, is pinned, and so is what would print a value as less than it is. How
/// values are read otherwise (time zone, order of day and month, …) is the database's own: its views mean that.
constexpr const char* kSessionOptions =
    "-c client_encoding=UTF8 -c extra_float_digits=3 -c row_security=off -c standard_conforming_strings=on -c quote_all_identifiers=off "
    "-c transform_null_equals=off -c array_nulls=on";

/// Everything is written with its schema; whatever search_path the role has must not matter. Dates print so that any order of day
/// and month reads them: keys travel as text between sessions, the one that reads the WAL included. Behind a pooler another process
/// answers than the one that was connected to, and nothing is set: it would stay on a connection that an application is given next.
std::string pin(int process) {
  return fmt::format("select case when pg_catalog.pg_backend_pid() = {} then "
                     "pg_catalog.set_config('search_path', '', false) || pg_catalog.set_config('datestyle', 'ISO', false) end", process);
}

/// Sessions that are somebody else's between two statements cannot hold a lock, a lease or a stream.
Failure behind_pooler(const std::string& whom, std::string_view how) {
  Failure::Facts facts;
  facts.exit = ExitCode::kUsage;
  facts.message = fmt::format("{} is a connection pooler ({})", whom, how);
  facts.advice = "connect past the pooler: name host and port of PostgreSQL itself in --source";
  return Failure(std::move(facts));
}

}  // namespace

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

asio::awaitable<Connection> Connection::open(Endpoint endpoint) {
  const auto executor = co_await asio::this_coro::executor;
  const std::string replication = endpoint.replication ? "database" : "";
  // An expanded dbname lets the user's own conninfo or URI win over nothing and lose to what must hold.
  const char* names[] = {"dbname", "application_name", "replication", "options", "fallback_application_name",
                         "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout", nullptr};
  const char* values[] = {endpoint.conninfo.c_str(), endpoint.application_name.c_str(), replication.c_str(),
                          kSessionOptions, "crossfade", "10", "5", "3", "30000", nullptr};
  auto state = std::make_unique<State>(executor);
  state->unreachable = endpoint.unreachable;
  state->conn = PQconnectStartParams(names, values, 1);
  Connection connection(std::move(state));
  auto& s = *connection.state_;
  const auto refused = [&](std::string_view why) {
    Failure::Facts facts;
    const auto text = std::string(trimmed(why));
    if (text.find("unsupported startup parameter") != std::string::npos) return behind_pooler(connection.describe(), log::redact(text));
    facts.message = fmt::format("cannot connect to {}: {}", connection.describe(), log::redact(text));
    // libpq gives no SQLSTATE for a refused start-up; its texts are the only witness.
    const bool secret = text.find("password") != std::string::npos || text.find("pg_hba") != std::string::npos ||
                        text.find("does not exist") != std::string::npos ||
                        text.find("permission denied") != std::string::npos;
    facts.exit = secret ? ExitCode::kPermission : endpoint.unreachable;
    facts.advice = secret ? "check user, database, password (PGPASSWORD, ~/.pgpass) and pg_hba.conf"
                          : "check host, port and that the server runs";
    // Only what may pass by itself is tried again.
    facts.connection_lost = !secret;
    return Failure(std::move(facts));
  };
  if (!s.conn) throw refused("out of memory");
  if (PQstatus(s.conn) == CONNECTION_BAD) throw refused(PQerrorMessage(s.conn));
  PQsetNoticeReceiver(s.conn, &State::receive_notice, &s);
  const auto until = Clock::now() + endpoint.deadline;
  for (auto polled = PGRES_POLLING_WRITING; polled != PGRES_POLLING_OK; polled = PQconnectPoll(s.conn)) {
    if (polled == PGRES_POLLING_FAILED) throw refused(PQerrorMessage(s.conn));
    s.follow_socket();
    const int events = polled == PGRES_POLLING_READING ? kReadable : kWritable;
    const bool ready = co_await connection.wait_until_ready(events, until);
    if (!ready) throw refused(fmt::format("no answer within {} ms", endpoint.deadline.count()));
  }
  s.follow_socket();
  if (PQsetnonblocking(s.conn, 1) != 0) throw refused(PQerrorMessage(s.conn));
  auto settings = pin(connection.backend_pid());
  const auto pinned = co_await connection.script(std::move(settings));
  if (pinned.is_null(0, 0)) throw behind_pooler(connection.describe(), "another process answers than the one that was connected to");
  co_return connection;
}

/// The one place that waits for libpq. False: `until` came first.
asio::awaitable<bool> Connection::wait_until_ready(int events, std::optional<Clock::time_point> until) {
  auto& s = *state_;
  const auto wait = s.wait = std::make_shared<Wait>();
  asio::steady_timer timer(s.executor);
  if (until) {
    if (*until <= Clock::now()) co_return false;
    timer.expires_at(*until);
    timer.async_wait([wait, &s](const boost::system::error_code& error) {
      if (!error) wait->give_up(s.socket);
    });
  }
  boost::system::error_code error;
  const auto wait_for = events == kReadable ? asio::posix::stream_descriptor::wait_read
                                            : asio::posix::stream_descriptor::wait_write;
  co_await s.socket.async_wait(wait_for, asio::redirect_error(asio::use_awaitable, error));
  wait->over = true;
  if (wait->given_up) co_return false;
  if (error) throw boost::system::system_error(error);
  co_return true;
}

void Connection::interrupt() {
  if (state_->wait) state_->wait->give_up(state_->socket);
}

void Connection::lost(std::string_view statement) const {
  Failure::Facts facts;
  facts.message = fmt::format("the connection to {} is lost: {}", describe(),
                              log::redact(std::string(trimmed(PQerrorMessage(state_->conn)))));
  facts.exit = state_->unreachable;
  facts.statement = std::string(statement);
  facts.connection_lost = true;
  throw Failure(std::move(facts));
}

/// PQflush until the server has it all. Reads meanwhile: a server that cannot send does not read either.
asio::awaitable<void> Connection::flush() {
  for (;;) {
    const int pending = PQflush(state_->conn);
    if (pending == 0) co_return;
    if (pending < 0) lost("");
    co_await wait_until_ready(kWritable, std::nullopt);
    if (PQconsumeInput(state_->conn) == 0) lost("");
  }
}

/// PQgetResult without blocking; empty at the end of a statement's results.
asio::awaitable<ResultHandle> Connection::next_result() {
  while (PQisBusy(state_->conn) != 0) {
    co_await wait_until_ready(kReadable, std::nullopt);
    if (PQconsumeInput(state_->conn) == 0) lost("");
  }
  co_return ResultHandle(PQgetResult(state_->conn));
}

/// Reads a statement to its end, so that the session can be used again whatever happened, then answers or throws.
asio::awaitable<Result> Connection::finish(std::string_view statement) {
  co_await flush();
  ResultHandle last;
  std::optional<Failure> failure;
  for (;;) {
    ResultHandle result = co_await next_result();
    if (!result) break;
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
      const bool session_over = ends_session(result.get()) || PQstatus(state_->conn) == CONNECTION_BAD;
      if (!failure) failure = server_failure(result.get(), statement, session_over);
      if (session_over) break;
    }
    last = std::move(result);
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) break;
  }
  if (failure) throw *failure;
  if (!last && PQstatus(state_->conn) == CONNECTION_BAD) lost(statement);
  co_return Result(std::move(last));
}

namespace {

std::vector<const char*> as_pointers(const Parameters& parameters) {
  std::vector<const char*> pointers;
  pointers.reserve(parameters.size());
  for (const auto& parameter : parameters) pointers.push_back(parameter ? parameter->c_str() : nullptr);
  return pointers;
}

}  // namespace

asio::awaitable<Result> Connection::query(std::string sql, Parameters parameters) {
  const auto pointers = as_pointers(parameters);
  if (PQsendQueryParams(state_->conn, sql.c_str(), static_cast<int>(pointers.size()), nullptr, pointers.data(), nullptr,
                        nullptr, 0) == 0) {
    lost(sql);
  }
  co_return co_await finish(sql);
}

asio::awaitable<Result> Connection::execute(std::string sql, Parameters parameters) {
  auto known = state_->prepared.find(sql);
  if (known == state_->prepared.end()) {
    const auto name = fmt::format("crossfade_{}", state_->prepared_so_far++);
    if (PQsendPrepare(state_->conn, name.c_str(), sql.c_str(), 0, nullptr) == 0) lost(sql);
    co_await finish(sql);
    known = state_->prepared.emplace(sql, name).first;
  }
  const auto pointers = as_pointers(parameters);
  if (PQsendQueryPrepared(state_->conn, known->second.c_str(), static_cast<int>(pointers.size()), pointers.data(),
                          nullptr, nullptr, 0) == 0) {
    lost(sql);
  }
  try {
    co_return co_await finish(sql);
  } catch (const Failure& failure) {
    // "cached plan must not change result type": a table has another shape by now, and it is to be prepared anew.
    if (failure.sqlstate() == "0A000") state_->prepared.erase(sql);
    throw;
  }
}

asio::awaitable<Result> Connection::script(std::string sql) {
  if (PQsendQuery(state_->conn, sql.c_str()) == 0) lost(sql);
  co_return co_await finish(sql);
}

void Connection::cancel() noexcept {
  char reason[256];
  PGcancel* handle = PQgetCancel(state_->conn);
  if (!handle) return;
  PQcancel(handle, reason, sizeof reason);
  PQfreeCancel(handle);
}

int Connection::backend_pid() const { return PQbackendPID(state_->conn); }

int Connection::server_version() const { return PQserverVersion(state_->conn); }

bool Connection::usable() const { return state_ && PQstatus(state_->conn) == CONNECTION_OK; }

void Connection::on_notice(std::function<void(std::string_view, std::string_view)> handler) {
  state_->notice = std::move(handler);
}

std::string Connection::describe() const {
  const auto known = [](const char* value) { return value && *value ? value : "?"; };
  const PGconn* conn = state_->conn;
  return fmt::format("host={} port={} dbname={} user={}", known(PQhost(conn)), known(PQport(conn)), known(PQdb(conn)),
                     known(PQuser(conn)));
}

}  // namespace crossfade::pg
