#include <fmt/format.h>

#include "pg/connection_state.h"

namespace crossfade::pg {
namespace {

/// PQgetCopyData, at once; throws where the next message is larger than `most`, and the session is lost then.
int next_message(PGconn* conn, char** bytes, std::size_t most) {
  const GrowthLimit limit(most);
  const int size = PQgetCopyData(conn, bytes, 1);
  if (size != -2 || !limit.was_reached()) return size;
  Failure::Facts facts;
  facts.sqlstate = kTooLarge;
  facts.message = fmt::format("a message or a row of more than {} MB is on its way", most >> 20);
  facts.exit = ExitCode::kSourceUnreachable;
  facts.connection_lost = true;
  throw Failure(std::move(facts));
}

}  // namespace

asio::awaitable<void> Connection::begin_copy(std::string_view sql, ExecStatusType expected) {
  const std::string text(sql);
  if (PQsendQuery(state_->conn, text.c_str()) == 0) lost(sql);
  co_await flush();
  ResultHandle result = co_await next_result();
  if (!result) lost(sql);
  if (PQresultStatus(result.get()) == expected) co_return;
  const auto failure = server_failure(result.get(), sql, ends_session(result.get()));
  while (PQstatus(state_->conn) != CONNECTION_BAD) {
    ResultHandle rest = co_await next_result();
    if (!rest) break;
  }
  throw failure;
}

asio::awaitable<std::uint64_t> Connection::copy_in(Sql sql, std::function<bool(std::string&)> next) {
  // Handed over in pieces that fit libpq's buffer: the memory of a copy is this, not the copy.
  constexpr std::size_t kPiece = 64 * 1024;
  co_await begin_copy(sql.text, PGRES_COPY_IN);
  std::string buffer;
  for (bool more = true; more;) {
    more = next(buffer);
    if (more && buffer.size() < kPiece) continue;
    if (!buffer.empty() && PQputCopyData(state_->conn, buffer.data(), static_cast<int>(buffer.size())) < 0) lost(sql.text);
    buffer.clear();
    co_await flush();
  }
  if (PQputCopyEnd(state_->conn, nullptr) < 0) lost(sql.text);
  const Result result = co_await finish(sql.text);
  co_return result.affected();
}

asio::awaitable<std::uint64_t> Connection::copy_out(Sql sql, std::function<void(std::string_view)> line) {
  co_await begin_copy(sql.text, PGRES_COPY_OUT);
  std::uint64_t rows = 0;
  for (;;) {
    char* bytes = nullptr;
    const int size = PQgetCopyData(state_->conn, &bytes, 1);
    if (size > 0) {
      const CopyData row(bytes, static_cast<std::size_t>(size));
      line(row.view());
      ++rows;
      continue;
    }
    if (size < 0) break;
    co_await wait_until_ready(kReadable, std::nullopt);
    if (PQconsumeInput(state_->conn) == 0) lost(sql.text);
  }
  co_await finish(sql.text);
  co_return rows;
}

asio::awaitable<void> Connection::start_copy_both(std::string command) {
  co_await begin_copy(command, PGRES_COPY_BOTH);
  state_->largest_message = largest_message_taken();
}

std::optional<CopyData> Connection::receive_at_once() {
  char* bytes = nullptr;
  const int size = next_message(state_->conn, &bytes, state_->largest_message);
  if (size <= 0) return std::nullopt;
  return CopyData(bytes, static_cast<std::size_t>(size));
}

asio::awaitable<std::optional<CopyData>> Connection::receive(Clock::time_point until) {
  for (;;) {
    char* bytes = nullptr;
    const int size = next_message(state_->conn, &bytes, state_->largest_message);
    if (size > 0) co_return CopyData(bytes, static_cast<std::size_t>(size));
    if (size < 0) {
      // The server ended the stream. Its reason, if it has one, is an error. An orderly shutdown gives none: the command
      // is complete, and libpq's words about the session that closes next would be no help.
      const ResultHandle last = co_await next_result();
      if (last && PQresultStatus(last.get()) == PGRES_FATAL_ERROR) {
        throw server_failure(last.get(), "START_REPLICATION", ends_session(last.get()));
      }
      Failure::Facts facts;
      facts.message = fmt::format("the server has ended the stream ({})", describe());
      facts.exit = state_->unreachable;
      facts.connection_lost = true;
      throw Failure(std::move(facts));
    }
    // 0: nothing whole is here. Bytes may wait in the socket already, so they are taken before anyone waits.
    if (PQconsumeInput(state_->conn) == 0) lost("START_REPLICATION");
    const int again = next_message(state_->conn, &bytes, state_->largest_message);
    if (again > 0) co_return CopyData(bytes, static_cast<std::size_t>(again));
    if (again < 0) continue;
    const bool ready = co_await wait_until_ready(kReadable, until);
    if (!ready) co_return std::nullopt;
  }
}

asio::awaitable<void> Connection::send(std::string message) {
  if (PQputCopyData(state_->conn, message.data(), static_cast<int>(message.size())) < 0) {
    // libpq takes nothing more once it has read the stream's end; the server's reason for it says more than that.
    co_await receive(Clock::now());
    lost("standby status update");
  }
  co_await flush();
}

asio::awaitable<void> Connection::end_copy_both() {
  if (PQputCopyEnd(state_->conn, nullptr) < 0) lost("end of stream");
  co_await flush();
  // What the server had on its way is read and dropped; it is not confirmed and comes again.
  for (char* bytes = nullptr;;) {
    const GrowthLimit limit(state_->largest_message);
    const int size = PQgetCopyData(state_->conn, &bytes, 1);
    if (size == -2 && limit.was_reached()) co_return;
    if (size > 0) {
      PQfreemem(bytes);
      continue;
    }
    if (size < 0) break;
    co_await wait_until_ready(kReadable, std::nullopt);
    if (PQconsumeInput(state_->conn) == 0) lost("end of stream");
  }
  co_await finish("end of stream");
}

}  // namespace crossfade::pg
