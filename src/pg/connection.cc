#include "pg/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "pg/connection_state.h"

namespace crossfade::pg {
namespace {

constexpr const char* kCommit = "commit";
constexpr const char* kRollback = "rollback";

}  // namespace

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

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
    // What it has to say while there is still more for it may fill the way back, and then nothing gets writable any more.
    constexpr auto kLookForAnswers = std::chrono::milliseconds(5);
    co_await wait_until_ready(kWritable, Clock::now() + kLookForAnswers);
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

std::size_t bytes_of(const Parameters& parameters) {
  std::size_t bytes = 0;
  for (const auto& parameter : parameters) bytes += parameter ? parameter->size() : 0;
  return bytes;
}

asio::awaitable<Result> Connection::query(Sql sql, Parameters parameters) {
  const auto pointers = as_pointers(parameters);
  if (PQsendQueryParams(state_->conn, sql.text.c_str(), static_cast<int>(pointers.size()), nullptr, pointers.data(), nullptr,
                        nullptr, 0) == 0) {
    lost(sql.text);
  }
  co_return co_await finish(sql.text);
}

asio::awaitable<Result> Connection::execute(Sql sql, Parameters parameters) {
  auto known = state_->prepared.find(sql.text);
  if (known == state_->prepared.end()) {
    const auto name = fmt::format("crossfade_{}", state_->prepared_so_far++);
    if (PQsendPrepare(state_->conn, name.c_str(), sql.text.c_str(), 0, nullptr) == 0) lost(sql.text);
    co_await finish(sql.text);
    known = state_->prepared.emplace(sql.text, name).first;
  }
  const auto pointers = as_pointers(parameters);
  if (PQsendQueryPrepared(state_->conn, known->second.c_str(), static_cast<int>(pointers.size()), pointers.data(),
                          nullptr, nullptr, 0) == 0) {
    lost(sql.text);
  }
  try {
    co_return co_await finish(sql.text);
  } catch (const Failure& failure) {
    // "cached plan must not change result type": a table has another shape by now, and it is to be prepared anew.
    if (failure.sqlstate() == "0A000") state_->prepared.erase(sql.text);
    throw;
  }
}

/// Sends all without waiting. Gives the names under which statements are prepared on the way, "" where one is known or is not to be.
std::vector<std::string> Connection::send_together(const std::vector<Statement>& statements) {
  auto& s = *state_;
  if (PQenterPipelineMode(s.conn) == 0) lost("");
  std::vector<std::string> fresh(statements.size());
  std::map<std::string_view, std::string> on_the_way;
  for (std::size_t n = 0; n < statements.size(); ++n) {
    const auto& [sql, parameters, prepared] = statements[n];
    const auto pointers = as_pointers(parameters);
    const auto count = static_cast<int>(pointers.size());
    std::string name;
    if (const auto known = s.prepared.find(sql); prepared && known != s.prepared.end()) name = known->second;
    if (const auto known = on_the_way.find(sql); prepared && known != on_the_way.end()) name = known->second;
    if (prepared && name.empty()) {
      name = fresh[n] = on_the_way[sql] = fmt::format("crossfade_{}", s.prepared_so_far++);
      if (PQsendPrepare(s.conn, name.c_str(), sql.c_str(), 0, nullptr) == 0) lost(sql);
    }
    const int sent = prepared ? PQsendQueryPrepared(s.conn, name.c_str(), count, pointers.data(), nullptr, nullptr, 0)
                              : PQsendQueryParams(s.conn, sql.c_str(), count, nullptr, pointers.data(), nullptr, nullptr, 0);
    // Each answer comes once it is there, so that it is known how long it took.
    if (sent == 0 || PQsendFlushRequest(s.conn) == 0) lost(sql);
  }
  if (PQpipelineSync(s.conn) == 0) lost("");
  return fresh;
}

asio::awaitable<std::vector<Answer>> Connection::together(std::vector<Statement> statements) {
  auto& s = *state_;
  const bool commits = std::any_of(statements.begin(), statements.end(), [](const Statement& each) { return each.sql == kCommit; });
  if (commits) co_await end_at_source(kCommit);
  const auto fresh = send_together(statements);
  co_await flush();
  std::vector<Answer> answers;
  std::optional<Failure> failure;
  auto began = Clock::now();
  // One result of what was prepared on the way, one of each statement, each followed by its end; then that of them all.
  for (std::size_t n = 0, preparing = 0; n <= statements.size();) {
    ResultHandle result = co_await next_result();
    const bool last = n == statements.size();
    const auto statement = last ? std::string_view{} : std::string_view(statements[n].sql);
    if (!result) {
      if (PQstatus(s.conn) == CONNECTION_BAD) lost(statement);
      continue;
    }
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_PIPELINE_SYNC) break;
    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
      const bool session_over = ends_session(result.get()) || PQstatus(s.conn) == CONNECTION_BAD;
      // "cached plan must not change result type": see execute().
      if (!failure && field(result.get(), PG_DIAG_SQLSTATE) == "0A000" && !last) s.prepared.erase(statements[n].sql);
      if (!failure) failure = server_failure(result.get(), statement, session_over);
      if (session_over) break;
    }
    if (last) continue;
    if (!fresh[n].empty() && preparing == n) {
      ++preparing;
      if (status == PGRES_COMMAND_OK) s.prepared.emplace(statements[n].sql, fresh[n]);
      continue;
    }
    const auto now = Clock::now();
    answers.push_back({Result(std::move(result)), now - std::exchange(began, now)});
    preparing = ++n;
  }
  // Until libpq knows it too that a session is over, it would go on taking statements for its pipeline.
  const bool session_over = failure && failure->connection_lost();
  const auto until = Clock::now() + std::chrono::seconds(1);
  for (bool more = session_over; more && PQstatus(s.conn) != CONNECTION_BAD;) {
    more = co_await wait_until_ready(kReadable, until);
    if (more && PQconsumeInput(s.conn) == 0) break;
  }
  if (!session_over && PQexitPipelineMode(s.conn) == 0) lost("");
  if (failure) throw *failure;
  co_return answers;
}

asio::awaitable<Result> Connection::script(Sql sql) {
  if (sql.text == kCommit) co_await end_at_source(kCommit);
  if (PQsendQuery(state_->conn, sql.text.c_str()) == 0) lost(sql.text);
  auto result = co_await finish(sql.text);
  if (sql.text == kRollback) co_await end_at_source(kRollback);
  co_return result;
}

Connection& Connection::source() { return state_->source ? *state_->source : *this; }

bool Connection::apart() const { return state_->source != nullptr; }

bool Connection::in_transaction() const { return PQtransactionStatus(state_->conn) != PQTRANS_IDLE; }

asio::awaitable<void> Connection::end_at_source(std::string how) {
  if (!state_->source || !state_->source->in_transaction()) co_return;
  co_await state_->source->script(std::move(how));
}

asio::awaitable<void> Connection::commit_before_source() {
  const std::string commit = kCommit;
  if (PQsendQuery(state_->conn, kCommit) == 0) lost(commit);
  co_await finish(commit);
  co_await end_at_source(commit);
}

void Connection::cancel() noexcept {
  if (state_->source) state_->source->cancel();
  char reason[256];
  PGcancel* handle = PQgetCancel(state_->conn);
  if (!handle) return;
  PQcancel(handle, reason, sizeof reason);
  PQfreeCancel(handle);
}

int Connection::backend_pid() const { return PQbackendPID(state_->conn); }

int Connection::server_version() const { return PQserverVersion(state_->conn); }

bool Connection::usable() const {
  return state_ && PQstatus(state_->conn) == CONNECTION_OK && (!state_->source || state_->source->usable());
}

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
